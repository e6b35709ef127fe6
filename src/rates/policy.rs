//! The one table of policies: whose allowance, of what, over which time, by which limit.

use super::Exceeded;
use crate::domain::Limits;
use std::time::Duration;

/// Over which time an allowance comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// A minute.
    Minute,
    /// A day.
    Day,
}

/// Whose allowance it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// That of the address that asks.
    Address,
    /// That of whom the key, token, session or ticket belongs to.
    Key,
    /// That of the client that it is for.
    Client,
}

macro_rules! policies {
    ($($variant:ident $name:literal $whose:ident $window:ident $limit:ident $what:literal)+) => {
        /// A policy. What it allows stands in [`Limits`]; 0 there is no limit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Policy {
            $(#[doc = concat!("`", $name, "`: ", $what, ", by `", stringify!($limit), "`.")] $variant,)+
        }

        impl Policy {
            /// Every policy, in the order of the table.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            /// Its name, in answers and metrics.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whose allowance it is.
            pub const fn whose(self) -> Whose {
                match self { $(Self::$variant => Whose::$whose,)+ }
            }

            /// Over which time it comes back.
            pub const fn window(self) -> Window {
                match self { $(Self::$variant => Window::$window,)+ }
            }

            /// What is counted, for people.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)+ }
            }

            /// The whole allowance; 0 is no limit.
            pub const fn quota(self, limits: &Limits) -> u64 {
                match self { $(Self::$variant => limits.$limit,)+ }
            }
        }
    };
}

policies! {
    AddressRequests          "address-requests"           Address Minute address_requests_per_minute_max           "requests"
    AddressUploads           "address-uploads"            Address Minute address_uploads_per_minute_max            "uploads"
    AddressConnects          "address-connects"           Address Minute address_connects_per_minute_max           "streams"
    AddressBytes             "address-bytes"              Address Day    address_received_bytes_per_day_max        "bytes"
    AddressFailedCredentials "address-failed-credentials" Address Minute address_failed_credentials_per_minute_max "failed credentials"
    KeyRequests              "key-requests"               Key     Minute key_requests_per_minute_max               "requests"
    KeyUploads               "key-uploads"                Key     Minute key_uploads_per_minute_max                "uploads"
    KeyConnects              "key-connects"               Key     Minute key_connects_per_minute_max               "streams"
    KeyBytes                 "key-bytes"                  Key     Day    key_received_bytes_per_day_max            "bytes"
    ClientUploads            "client-uploads"             Client  Day    client_uploads_per_day_max                "uploads"
}

impl Policy {
    /// Whether it counts bytes of bodies, not requests.
    pub const fn is_of_bytes(self) -> bool {
        matches!(self, Self::AddressBytes | Self::KeyBytes)
    }
}

impl Window {
    /// How long it is.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.seconds())
    }

    /// The same in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Day => 86_400,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Day => "day",
        }
    }
}

impl Exceeded {
    /// Which policy, what it allows, and when to come again; one sentence.
    pub(super) fn told(&self) -> String {
        let policy = self.standing.policy;
        let whose = match policy.whose() {
            Whose::Address => "an address",
            Whose::Key => "whoever a key belongs to",
            Whose::Client => "a client",
        };
        let (name, quota, what, window) = (policy.name(), self.standing.quota, policy.what(), policy.window().word());
        let after = humantime::format_duration(Duration::from_secs(self.retry_after_s.into()));
        format!("{name}: {whose} may have {quota} {what} a {window}; come again in {after}")
    }
}
