//! Who may do what, as flags: how people prove who they are.

use crate::access::{Algorithm, Expected, KeyLines, Mode};
use clap::{Args, ValueEnum};
use std::convert::Infallible;
use std::path::PathBuf;

/// How people prove who they are.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Who may do what")]
pub struct AuthArgs {
    /// How people prove who they are. With none, whoever reaches the port may do everything.
    #[arg(long, env = "ROWCAST_AUTH", value_enum, default_value_t = AuthMode::None, value_name = "MODE")]
    pub auth: AuthMode,

    /// The file of the keys for --auth token, one a line, as `rowcast token new` writes them. It is looked at again when it
    /// changes: a line that is taken out revokes its key.
    #[arg(long, env = "ROWCAST_AUTH_KEYS_FILE", value_name = "FILE")]
    pub auth_keys: Option<PathBuf>,

    /// Further keys for --auth token, in lines of the same form; may be said several times. Several in one text are
    /// separated by line breaks or ';'.
    #[arg(long, env = "ROWCAST_AUTH_KEYS", value_name = "LINE", hide_env_values = true, value_parser = lines)]
    pub auth_key: Vec<KeyLines>,

    /// The file of the key that tokens are signed with, for --auth jwt: the secret of HS256, else public keys in PEM.
    #[arg(long, env = "ROWCAST_JWT_KEY", value_name = "FILE")]
    pub jwt_key: Option<PathBuf>,

    /// How tokens are signed: HS256, RS256, ES256 or EdDSA. A token that says otherwise is refused.
    #[arg(long, env = "ROWCAST_JWT_ALGORITHM", value_name = "NAME", value_parser = algorithm)]
    pub jwt_algorithm: Option<Algorithm>,

    /// The `iss` that tokens must have.
    #[arg(long, env = "ROWCAST_JWT_ISSUER", value_name = "TEXT")]
    pub jwt_issuer: Option<String>,

    /// The `aud` that tokens must have, alone or among others. Without it, tokens that have any are refused.
    #[arg(long, env = "ROWCAST_JWT_AUDIENCE", value_name = "TEXT")]
    pub jwt_audience: Option<String>,
}

/// How people prove who they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AuthMode {
    /// Not at all.
    #[default]
    None,
    /// By keys of this server.
    Token,
    /// By JSON Web Tokens that somebody else signs.
    Jwt,
}

/// Settings of authentication that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAuth {
    /// Nobody could ever come in.
    #[error("--auth token needs --auth-keys or --auth-key")]
    NoKeys,
    /// Tokens cannot be verified.
    #[error("--auth jwt needs --jwt-key and --jwt-algorithm")]
    NoJwtKey,
    /// Somebody believes that they are asked for.
    #[error("keys are given, but --auth is none: say --auth token or --auth jwt")]
    Unused,
}

impl AuthArgs {
    /// The mode that was said.
    ///
    /// # Errors
    /// [`BadAuth`]
    pub fn mode(&self, leeway_ms: u64) -> Result<Mode, BadAuth> {
        let keys = self.auth_keys.is_some() || !self.auth_key.is_empty();
        match self.auth {
            // Whoever gives keys wants them to be asked for, and shall not believe so in vain.
            AuthMode::None if keys || self.jwt_key.is_some() => Err(BadAuth::Unused),
            AuthMode::None => Ok(Mode::None),
            AuthMode::Token if !keys => Err(BadAuth::NoKeys),
            AuthMode::Token => {
                let lines = self.auth_key.iter().fold(KeyLines::default(), KeyLines::and);
                Ok(Mode::Token { file: self.auth_keys.clone(), lines })
            }
            AuthMode::Jwt => {
                let (file, algorithm) = self.jwt_key.clone().zip(self.jwt_algorithm).ok_or(BadAuth::NoJwtKey)?;
                let (issuer, audience) = (self.jwt_issuer.clone(), self.jwt_audience.clone());
                Ok(Mode::Jwt { file, algorithm, expected: Expected { issuer, audience, leeway_ms } })
            }
        }
    }
}

fn lines(text: &str) -> Result<KeyLines, Infallible> {
    Ok(KeyLines::new(text))
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    let names = || Algorithm::ALL.map(Algorithm::as_str).join(", ");
    Algorithm::parse(text).ok_or_else(|| format!("there are {}", names()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(flatten)]
        auth: AuthArgs,
    }

    fn mode(args: &[&str]) -> Result<Mode, BadAuth> {
        let args = ["rowcast"].iter().chain(args);
        Cli::try_parse_from(args).unwrap().auth.mode(7)
    }

    #[test]
    fn a_mode_has_what_it_needs() {
        assert_eq!(mode(&[]), Ok(Mode::None));
        assert_eq!(mode(&["--auth=token"]), Err(BadAuth::NoKeys));
        assert_eq!(mode(&["--auth-keys=k"]), Err(BadAuth::Unused));
        assert_eq!(mode(&["--jwt-key=k"]), Err(BadAuth::Unused));
        let lines = Mode::Token { file: None, lines: KeyLines::new("a\nb\nc") };
        assert_eq!(mode(&["--auth=token", "--auth-key=a;b", "--auth-key=c"]), Ok(lines));
        assert_eq!(mode(&["--auth=jwt", "--jwt-key=k"]), Err(BadAuth::NoJwtKey));
        let expected = Expected { audience: Some("rowcast".into()), leeway_ms: 7, ..Expected::default() };
        assert_eq!(
            mode(&["--auth=jwt", "--jwt-key=k", "--jwt-algorithm=EdDSA", "--jwt-audience=rowcast"]),
            Ok(Mode::Jwt { file: "k".into(), algorithm: Algorithm::EdDsa, expected })
        );
        assert!(Cli::try_parse_from(["rowcast", "--auth=jwt", "--jwt-algorithm=none"]).is_err());
        let shown = format!("{:?}", Cli::try_parse_from(["rowcast", "--auth-key=rct_secret"]).unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
