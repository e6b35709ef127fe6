//! How long whoever streams may go on.

use super::error::ApiError;
use super::gate::forbidden;
use crate::access::{Access, Act, Principal};
use crate::domain::ClientName;
use crate::journal::now_ms;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the clock is looked at again at the latest: it may be set while somebody waits.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// Waits until `principal` may not watch `client` any more, because a time is over, a key was revoked or lost its right, or
/// somebody signed out; and says why. `changes` tells that any of this may have happened.
pub async fn lost(
    access: Arc<Access>,
    mut changes: watch::Receiver<()>,
    principal: Principal,
    client: ClientName,
) -> ApiError {
    loop {
        // Before it is looked at: what changes meanwhile is seen the next time.
        changes.mark_unchanged();
        let expires_ms = match access.again(&principal, now_ms()) {
            Ok(now) if now.may(Act::Read, &client) => now.expires_ms,
            Ok(now) => return forbidden(&now, Act::Read, &client),
            Err(refusal) => return refusal.into(),
        };
        let left = expires_ms.map_or(LOOK_EVERY, |ms| Duration::from_millis(ms.saturating_sub(now_ms())));
        tokio::select! {
            Ok(()) = changes.changed() => {}
            () = tokio::time::sleep(left.min(LOOK_EVERY)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Mode;
    use crate::domain::Limits;

    #[tokio::test]
    async fn a_stream_lasts_as_long_as_its_right() {
        let folder = tempfile::tempdir().unwrap();
        let access = Arc::new(Access::open(Mode::None, folder.path(), &Limits::for_tests()).unwrap());
        let me = ClientName::parse("me").unwrap();
        let (changed, changes) = watch::channel(());
        let soon = Principal::anybody().until(Some(now_ms() + 40));
        let why = lost(access.clone(), changes.clone(), soon, me.clone()).await;
        assert_eq!(why.code.as_str(), "token-expired");
        let (_, session) = access.session(&Principal::anybody(), now_ms(), 60_000).unwrap();
        let waiting = tokio::spawn(lost(access.clone(), changes, session.clone(), me));
        access.sign_out(&session, now_ms());
        changed.send_replace(());
        assert_eq!(waiting.await.unwrap().code.as_str(), "invalid-token");
    }
}
