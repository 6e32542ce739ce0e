//! Where one is sent next. Only to pages of this portal that are in the list: no open redirect, whatever a
//! link says.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::fault::Fault;

/// A page of the portal, as a path with its query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Way(String);

/// Pages that a sign-in or a code may lead back to. `/invitation/…`, `/email/…` and `/people/…` are checked by their shape.
const KNOWN: [&str; 17] = [
    "/invite",
    "/people",
    "/contacts",
    "/devices/new",
    "/messaging",
    "/profile",
    "/profile/email",
    "/profile/phone",
    "/security",
    "/security/authenticator",
    "/security/authenticator/remove",
    "/security/recovery-codes",
    "/security/two-step",
    "/security/password",
    "/sign-ins",
    "/devices",
    "/welcome",
];

impl Way {
    /// Home.
    pub(super) fn home() -> Self {
        Self("/".to_owned())
    }

    /// What was asked for, if it is one of the list; else home.
    pub(super) fn parse(asked: &str) -> Self {
        let (path, query) = asked.split_once('?').map_or((asked, None), |(p, q)| (p, Some(q)));
        let known = KNOWN.contains(&path);
        let named = |start: &str, fits: fn(u8) -> bool| {
            path.strip_prefix(start)
                .is_some_and(|rest| (1..=64).contains(&rest.len()) && rest.bytes().all(fits))
        };
        let link = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let shaped = named("/invitation/", link)
            || named("/email/", link)
            || named("/people/", |b| b.is_ascii_digit());
        // R15: the address that the refusal of a message filled in.
        let query = query.filter(|q| {
            path == "/invite"
                && q.starts_with("address=")
                && q.len() < 400
                && q.bytes().all(|b| {
                    b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'#' | b'&')
                })
        });
        match (known || shaped, query) {
            (true, Some(query)) => Self(format!("{path}?{query}")),
            (true, None) => Self(path.to_owned()),
            (false, _) => Self::home(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_home(&self) -> bool {
        self.0 == "/"
    }

    /// `page?next=…`
    pub(super) fn through(&self, page: &str) -> String {
        if self.is_home() { page.to_owned() } else { format!("{page}?next={}", percent(&self.0)) }
    }

    /// `page?name=value&next=…`
    pub(super) fn through_with(&self, page: &str, name: &str, value: &str) -> String {
        let next = if self.is_home() { String::new() } else { format!("&next={}", percent(&self.0)) };
        format!("{page}?{name}={value}{next}")
    }
}

/// For a query.
pub(super) fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len() + 16), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-._~/".contains(&b) {
            out.push(b.into());
        } else {
            let _infallible = write!(out, "%{b:02X}");
        }
        out
    })
}

/// 303: the next page is fetched with GET, so that loading it again sends no form twice.
pub(super) fn to(page: &str) -> Response {
    match HeaderValue::from_str(page) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => Fault::Missing.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_list() {
        for good in [
            "/invite",
            "/invite?address=bob%2Bx@praxis.example",
            "/people/12",
            "/invitation/abc-_9",
            "/email/abc-_9",
        ] {
            assert_eq!(Way::parse(good).as_str(), good);
        }
        for bad in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/invite/../sign-out",
            "/people/x",
            "/invitation/",
            "/invitation/a/b",
            "/invite\r\nSet-Cookie: a=b",
            "/sign-out",
        ] {
            assert!(Way::parse(bad).is_home(), "{bad}");
        }
        assert_eq!(Way::parse("/profile?next=//evil.example").as_str(), "/profile");
        assert_eq!(Way::parse("/invite?address=a&next=//evil").as_str(), "/invite");
    }

    #[test]
    fn a_way_survives_being_carried() {
        let way = Way::parse("/invite?address=bob%2Bx@praxis.example");
        assert_eq!(way.through("/sign-in"), "/sign-in?next=/invite%3Faddress%3Dbob%252Bx%40praxis.example");
        assert_eq!(Way::home().through("/sign-in"), "/sign-in");
    }
}
