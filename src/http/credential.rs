//! Where a request says who makes it, and the cookie that says so for browsers.

use super::code::ApiCode;
use super::error::ApiError;
use super::sender::came_by_tls;
use poem::Request;
use poem::http::header::{AUTHORIZATION, COOKIE, ORIGIN};

/// The session's cookie.
pub const COOKIE_NAME: &str = "rowcast_session";

/// What a request shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Credential {
    /// A key or a token (RFC 6750, section 2.1).
    Bearer(String),
    /// A ticket in the query.
    Ticket(String),
    /// The values of the session's cookie: a page of a neighbouring host may have set another of the same name.
    Cookies(Vec<String>),
}

/// What a request shows; none where it shows nothing. The first that is there counts, even if it is no good.
///
/// # Errors
/// `invalid-token`, `bad-parameter`
pub fn of(request: &Request, takes_ticket: bool) -> Result<Option<Credential>, ApiError> {
    if let Some(token) = bearer(request)? {
        return Ok(Some(Credential::Bearer(token)));
    }
    // Swagger UI sends what was left empty, too.
    if takes_ticket && let Some(ticket) = in_query(request, "ticket")?.filter(|ticket| !ticket.is_empty()) {
        return Ok(Some(Credential::Ticket(ticket)));
    }
    let values = cookies(request);
    Ok((!values.is_empty()).then_some(Credential::Cookies(values)))
}

/// The bearer token of a request.
///
/// # Errors
/// `invalid-token`
pub fn bearer(request: &Request) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let wrong = |what| Err(ApiError::new(ApiCode::InvalidToken, what));
    if values.next().is_some() {
        return wrong("Authorization stands twice");
    }
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.trim().split_once(' ')) else {
        return wrong("Authorization is not 'Bearer' and a token");
    };
    if !scheme.eq_ignore_ascii_case("bearer") {
        return wrong("of Authorization only the scheme Bearer is known here");
    }
    Ok(Some(token.trim().to_owned()))
}

/// The parameter's only value.
///
/// # Errors
/// `bad-parameter` when it stands twice: the handler might see another than we do.
pub fn in_query(request: &Request, name: &str) -> Result<Option<String>, ApiError> {
    let pairs = request.params::<Vec<(String, String)>>();
    let pairs = pairs.map_err(|_| ApiError::parameter(name, "the query cannot be read"))?;
    let mut values = pairs.into_iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    let first = values.next();
    if values.next().is_some() { Err(ApiError::parameter(name, "it stands twice")) } else { Ok(first) }
}

fn cookies(request: &Request) -> Vec<String> {
    let lists = request.headers().get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lists.flat_map(|list| list.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value.to_owned()).take(4).collect()
}

/// `Set-Cookie` for a session (RFC 6265, section 4.1): no script reads it, and no other site's page sends it along.
/// With `max_age_s` a browser keeps it when it is closed; 0 takes it away.
pub fn set_cookie(request: &Request, value: &str, max_age_s: Option<u64>) -> String {
    let mut cookie = format!("{COOKIE_NAME}={value}; Path=/; HttpOnly; SameSite=Strict");
    if let Some(seconds) = max_age_s {
        cookie += &format!("; Max-Age={seconds}");
    }
    if came_encrypted(request) {
        cookie += "; Secure";
    }
    cookie
}

/// Whether the browser sees this server by TLS, which may end at a proxy; its page's origin says so as well.
fn came_encrypted(request: &Request) -> bool {
    came_by_tls(request) || request.header(ORIGIN).is_some_and(|origin| origin.starts_with("https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(headers: &[(&str, &str)], uri: &str) -> Request {
        headers
            .iter()
            .fold(Request::builder().uri_str(uri), |request, (name, value)| request.header(*name, *value))
            .finish()
    }

    #[test]
    fn the_first_credential_counts() {
        let all = [("authorization", "bearer  a.b "), ("cookie", "x=1; rowcast_session=c")];
        let uri = "/sse/me?ticket=t";
        assert_eq!(of(&asking(&all, uri), true).unwrap(), Some(Credential::Bearer("a.b".into())));
        assert_eq!(of(&asking(&all[1..], uri), true).unwrap(), Some(Credential::Ticket("t".into())));
        assert_eq!(of(&asking(&all[1..], uri), false).unwrap(), Some(Credential::Cookies(vec!["c".into()])));
        assert_eq!(of(&asking(&[("cookie", "session=c; rowcast_sessions=d")], "/"), true).unwrap(), None);
    }

    #[test]
    fn what_is_doubtful_is_refused() {
        for headers in [
            &[("authorization", "Basic YTpi")][..],
            &[("authorization", "Bearer")],
            &[("authorization", "Bearer a"), ("authorization", "Bearer b")],
        ] {
            assert_eq!(of(&asking(headers, "/"), true).unwrap_err().code.as_str(), "invalid-token", "{headers:?}");
        }
        let twice = asking(&[], "/sse/me?ticket=a&ticket=b");
        assert_eq!(of(&twice, true).unwrap_err().code.as_str(), "bad-parameter");
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_sites_and_from_plain_http_where_there_is_tls() {
        let plain = set_cookie(&asking(&[], "/session"), "v", None);
        assert_eq!(plain, "rowcast_session=v; Path=/; HttpOnly; SameSite=Strict");
        let secure = set_cookie(&asking(&[("origin", "https://rows.example")], "/session"), "v", Some(60));
        assert_eq!(secure, format!("{plain}; Max-Age=60; Secure"));
        // Anybody can say so; who is believed is found out before.
        assert_eq!(set_cookie(&asking(&[("x-forwarded-proto", "https")], "/session"), "v", None), plain);
    }
}
