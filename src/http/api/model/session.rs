//! Who somebody is, as the API shows it.

use super::upload::rfc3339;
use crate::access::{ClientPattern, Mode, Principal, Role};
use poem_openapi::types::Example;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};

/// How people prove who they are: not at all, by keys of this server, by tokens of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "AuthMode", rename_all = "lowercase")]
pub enum ModeName {
    None,
    Token,
    Jwt,
}

/// What somebody may do: look; look, upload, cancel and delete; publish; everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Enum)]
#[serde(rename_all = "lowercase")]
#[oai(rename = "Role", rename_all = "lowercase")]
pub enum RoleName {
    Viewer,
    Uploader,
    Publisher,
    Admin,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Uploader => Self::Uploader,
            Role::Publisher => Self::Publisher,
            Role::Admin => Self::Admin,
        }
    }
}

/// Who asks, and what they may do.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Session", example)]
pub struct SessionDocument {
    /// How people prove here who they are. With `none` nobody has to, and everybody may do everything.
    pub mode: ModeName,
    /// Whether it is known who asks. With `none` it always is.
    pub signed_in: bool,
    /// Who asks.
    #[oai(nullable)]
    pub sub: Option<String>,
    /// What they may do.
    pub roles: Vec<RoleName>,
    /// For which clients: names in which `*` stands for anything and `{sub}` for `sub`.
    pub clients: Vec<String>,
    /// Until when; none where nothing ends it.
    #[oai(nullable)]
    pub expires_at: Option<String>,
}

impl SessionDocument {
    /// What is known of whoever asks.
    pub fn new(mode: &Mode, principal: Option<&Principal>) -> Self {
        Self {
            mode: match mode {
                Mode::None => ModeName::None,
                Mode::Token { .. } => ModeName::Token,
                Mode::Jwt { .. } => ModeName::Jwt,
            },
            signed_in: principal.is_some(),
            sub: principal.map(|principal| principal.sub.clone()),
            roles: principal.iter().flat_map(|principal| principal.roles.iter()).map(Into::into).collect(),
            clients: principal.iter().flat_map(|principal| &principal.clients).map(ClientPattern::to_string).collect(),
            expires_at: principal.and_then(|principal| principal.expires_ms).map(rfc3339),
        }
    }
}

impl Example for SessionDocument {
    fn example() -> Self {
        Self {
            mode: ModeName::Token,
            signed_in: true,
            sub: Some("alice".into()),
            roles: vec![RoleName::Uploader],
            clients: vec!["orders-*".into(), "{sub}".into()],
            expires_at: Some("2026-03-01T21:30:00.000Z".into()),
        }
    }
}

/// What a ticket is wanted for.
#[derive(Debug, Clone, Serialize, Deserialize, Object)]
#[oai(example)]
pub struct NewTicket {
    /// The client that it shall be good for.
    pub client: String,
    /// How long it shall hold; the server's `ticket-ms` where nothing is said. Never longer than what it is made with.
    #[oai(nullable)]
    pub seconds: Option<u64>,
}

impl Example for NewTicket {
    fn example() -> Self {
        Self { client: "harbour-crm".into(), seconds: Some(60) }
    }
}

/// A text that lets one watch one client for a short time.
#[derive(Debug, Clone, Serialize, Object)]
#[oai(rename = "Ticket", example)]
pub struct TicketDocument {
    /// What stands in `?ticket=`.
    pub ticket: String,
    /// The client that it is good for.
    pub client: String,
    /// Until when.
    pub expires_at: String,
}

impl TicketDocument {
    /// A ticket and who it makes of its holder.
    pub fn new(ticket: String, holder: &Principal) -> Self {
        Self {
            ticket,
            client: holder.only.as_ref().map(ToString::to_string).unwrap_or_default(),
            expires_at: rfc3339(holder.expires_ms.unwrap_or_default()),
        }
    }
}

impl Example for TicketDocument {
    fn example() -> Self {
        Self {
            ticket: "rck1.eyJrIjoi….Zm9v".into(),
            client: "harbour-crm".into(),
            expires_at: "2026-03-01T09:31:00.000Z".into(),
        }
    }
}
