//! The one thing that is asked who somebody is: it opens what they show, and makes what they are given.

use super::jwt::{Jwt, JwtKeys};
use super::key::{hex, random};
use super::keyring::{Keyring, parse_clients, parse_roles};
use super::pattern::ClientPattern;
use super::principal::{KeyId, Principal};
use super::role::{Role, Roles};
use super::seal::{Kind, SealKey, Sealed};
use super::signed_out::SignedOut;
use super::watched::Watched;
use super::{AccessError, Mode, Refusal};
use crate::domain::{ClientName, Limits};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Who may do what, on one server.
pub struct Access {
    mode: Mode,
    /// Replaced as a whole, so that nobody sees half of a file.
    keys: RwLock<Keys>,
    /// Where they come from. Its lock may be held while the disk is waited for, that of the keys never is.
    file: Mutex<Option<Watched>>,
    seal: SealKey,
    signed_out: SignedOut,
    token_bytes_max: u64,
}

#[derive(Clone)]
enum Keys {
    /// Nobody is asked.
    Everybody,
    Ring(Arc<Keyring>),
    Jwt(Arc<Jwt>),
}

impl Access {
    /// Reads the keys, and the key of the data folder that sessions are sealed with.
    ///
    /// # Errors
    /// [`AccessError`]
    pub fn open(mode: Mode, data_dir: &Path, limits: &Limits) -> Result<Self, AccessError> {
        let watch = |path: &Path| Watched::open(path).map_err(|error| AccessError::File { path: path.into(), error });
        let (keys, file) = match &mode {
            Mode::None => (Keys::Everybody, None),
            Mode::Token { file, lines } => {
                let file = file.as_deref().map(watch).transpose()?;
                let ring = ring(lines.text(), file.as_ref())?;
                if ring.is_empty() {
                    tracing::warn!("there is no key, so nobody can do anything; 'rowcast token new' makes one");
                }
                (Keys::Ring(Arc::new(ring)), file)
            }
            Mode::Jwt { file, algorithm, expected } => {
                let file = watch(file)?;
                let keys = jwt_keys(*algorithm, &file)?;
                (Keys::Jwt(Arc::new(Jwt::new(keys, expected.clone()))), Some(file))
            }
        };
        let (seal, signed_out) = match mode {
            Mode::None => (SealKey::passing()?, SignedOut::default()),
            _ => {
                let path = data_dir.join("signed-out");
                let signed_out = SignedOut::open(&path).map_err(|error| AccessError::File { path, error })?;
                (SealKey::open(&data_dir.join("seal.key"))?, signed_out)
            }
        };
        Ok(Self {
            mode,
            keys: RwLock::new(keys),
            file: Mutex::new(file),
            seal,
            signed_out,
            token_bytes_max: limits.token_bytes_max,
        })
    }

    /// How somebody proves who they are.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Whether nobody is asked who they are.
    pub fn is_open(&self) -> bool {
        self.mode == Mode::None
    }

    /// Whose key or token this is.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn bearer(&self, token: &str, now_ms: u64) -> Result<Principal, Refusal> {
        if token.len() as u64 > self.token_bytes_max {
            return Err(Refusal::Invalid("it is longer than this server takes (token-bytes-max)"));
        }
        let principal = match self.keys() {
            Keys::Everybody => Principal::anybody(),
            Keys::Ring(ring) => ring.find(token).ok_or(Refusal::Invalid("there is no such key"))?,
            Keys::Jwt(jwt) => jwt.verify(token, now_ms)?,
        };
        if principal.is_over(now_ms) { Err(Refusal::Expired) } else { Ok(principal) }
    }

    /// Begins a session of so many milliseconds at most, never longer than what it stems from: the value of its cookie,
    /// and who its bearer is.
    ///
    /// # Errors
    /// [`AccessError::NoRandom`]
    pub fn session(&self, of: &Principal, now_ms: u64, ms: u64) -> Result<(String, Principal), AccessError> {
        let id = hex(&random::<16>()?);
        let principal = Principal { session: Some(id), ..of.clone() }.until(now_ms.checked_add(ms));
        Ok((self.seal.seal(Kind::Session, &self.sealed(&principal)), principal))
    }

    /// Makes a ticket for one client, of so many milliseconds at most, and says until when it holds.
    pub fn ticket(&self, of: &Principal, client: ClientName, now_ms: u64, ms: u64) -> (String, Principal) {
        let principal = Principal { only: Some(client), ..of.clone() }.until(now_ms.checked_add(ms));
        (self.seal.seal(Kind::Ticket, &self.sealed(&principal)), principal)
    }

    /// Whose session a cookie's value is.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn of_session(&self, value: &str, now_ms: u64) -> Result<Principal, Refusal> {
        self.of_sealed(Kind::Session, value, now_ms)
    }

    /// Whose ticket this is.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn of_ticket(&self, value: &str, now_ms: u64) -> Result<Principal, Refusal> {
        self.of_sealed(Kind::Ticket, value, now_ms)
    }

    /// What is sealed of somebody: as little as has to be, since whoever has it can read it, and a ticket stands in URLs. Of
    /// a key of ours its name is enough; what a token claims has to be kept, of a ticket only what it is good for.
    fn sealed(&self, principal: &Principal) -> Sealed {
        let mut sealed = Sealed {
            key: principal.key.as_str().to_owned(),
            session: principal.session.clone(),
            sub: String::new(),
            roles: String::new(),
            clients: String::new(),
            // What is sealed always ends.
            expires_ms: principal.expires_ms.unwrap_or(0),
            only: principal.only.as_ref().map(ToString::to_string),
        };
        match (self.keys(), &sealed.only) {
            (Keys::Ring(_), _) => {}
            (_, Some(client)) => {
                let role = if client == ClientName::SYSTEM { Role::Admin } else { Role::Viewer };
                (sealed.roles, sealed.clients) = (role.as_str().to_owned(), client.clone());
            }
            (_, None) => {
                let clients: Vec<_> = principal.clients.iter().map(ClientPattern::as_str).collect();
                sealed.sub.clone_from(&principal.sub);
                (sealed.roles, sealed.clients) = (principal.roles.to_string(), clients.join(","));
            }
        }
        sealed
    }

    fn of_sealed(&self, kind: Kind, value: &str, now_ms: u64) -> Result<Principal, Refusal> {
        let sealed = self.seal.open_value(kind, value).ok_or(Refusal::Invalid("it was not made by this server"))?;
        let principal = opened(sealed).ok_or(Refusal::Invalid("it was made by another version of this server"))?;
        self.again(&principal, now_ms)
    }

    /// The same person as they stand now: with what their key is good for today.
    ///
    /// # Errors
    /// [`Refusal`] when their time is over, their key was revoked, or they signed out.
    pub fn again(&self, before: &Principal, now_ms: u64) -> Result<Principal, Refusal> {
        if before.is_over(now_ms) {
            return Err(Refusal::Expired);
        }
        if before.session.as_ref().is_some_and(|id| self.signed_out.has(id)) {
            return Err(Refusal::Invalid("its session was signed out"));
        }
        const REVOKED: Refusal = Refusal::Invalid("its key was revoked");
        let now = match self.keys() {
            Keys::Everybody => before.clone(),
            Keys::Ring(ring) => {
                let today = ring.named(&before.key).ok_or(REVOKED)?;
                let (session, only) = (before.session.clone(), before.only.clone());
                Principal { session, only, ..today }.until(before.expires_ms)
            }
            Keys::Jwt(jwt) if jwt.keys().has(&before.key) => before.clone(),
            Keys::Jwt(_) => return Err(REVOKED),
        };
        if now.is_over(now_ms) { Err(Refusal::Expired) } else { Ok(now) }
    }

    /// Ends a session, and what stems from it; whether there was one. Waits for the disk.
    pub fn sign_out(&self, principal: &Principal, now_ms: u64) -> bool {
        let (Some(id), Some(expires_ms)) = (&principal.session, principal.expires_ms) else { return false };
        if let Err(error) = self.signed_out.add(id, expires_ms, now_ms) {
            tracing::warn!(%error, "a sign-out could not be written down; it counts until a restart");
        }
        true
    }

    /// Looks at the key file, and takes what it holds now; whether that is something else. May wait for the disk.
    ///
    /// # Errors
    /// [`AccessError`], once for each state of the file; the keys stay as they were.
    pub fn look_again(&self) -> Result<bool, AccessError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &mut *file else { return Ok(false) };
        let path = file.path().to_owned();
        if !file.look_again().map_err(|error| AccessError::File { path, error })? {
            return Ok(false);
        }
        let new = match (&self.mode, self.keys()) {
            (Mode::Token { lines, .. }, _) => Keys::Ring(Arc::new(ring(lines.text(), Some(file))?)),
            (Mode::Jwt { algorithm, .. }, Keys::Jwt(jwt)) => {
                Keys::Jwt(Arc::new(jwt.with_keys(jwt_keys(*algorithm, file)?)))
            }
            _ => return Ok(false),
        };
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(true)
    }

    fn keys(&self) -> Keys {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn ring(lines: &str, file: Option<&Watched>) -> Result<Keyring, AccessError> {
    let bad = |from: &str| {
        let from = from.to_owned();
        |bad| AccessError::Line { from, bad }
    };
    let ring = Keyring::parse(lines).map_err(bad("the keys of the command line or environment"))?;
    let Some(file) = file else { return Ok(ring) };
    let from = file.path().display().to_string();
    let text = String::from_utf8_lossy(file.content());
    Keyring::parse(&text).and_then(|more| ring.and(more)).map_err(bad(&from))
}

fn jwt_keys(algorithm: super::Algorithm, file: &Watched) -> Result<JwtKeys, AccessError> {
    let keys = JwtKeys::parse(algorithm, file.content());
    keys.map_err(|bad| AccessError::JwtKey { path: file.path().into(), bad })
}

fn opened(sealed: Sealed) -> Option<Principal> {
    let none = |text: &str| text.is_empty();
    let roles = if none(&sealed.roles) { Roles::default() } else { parse_roles(&sealed.roles).ok()? };
    let clients = if none(&sealed.clients) { Vec::new() } else { parse_clients(&sealed.clients).ok()? };
    Some(Principal {
        sub: sealed.sub,
        roles,
        clients,
        expires_ms: Some(sealed.expires_ms),
        key: KeyId::named(&sealed.key),
        session: sealed.session,
        only: sealed.only.map(|only| ClientName::parse(&only)).transpose().ok()?,
    })
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
