//! Who sits at the other end of a request: the web sign-in of the cookie, or a visitor without one.
//!
//! Invariants: each page with a form has a token bound to a cookie of the same browser (the sign-in's, or a
//! visitor's before it); the sign-in's cookie is `__Host-`, Secure, `HttpOnly`, `SameSite=Lax` (Lax, so that a
//! link in a notice finds one signed in; forms are bound by token and origin besides); it is looked up once
//! a request. Nothing here is ever logged.

use std::sync::Arc;

use aws_lc_rs::{hmac, rand};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::connections::Peer;
use super::fault::Fault;
use super::page::{Page, Place, Who};
use super::way::{Way, to};
use super::{Portal, browser};
use crate::net::Origin;
use crate::service::people::{
    Activity, BROWSER_LIFE, KnownBrowser, Session, SessionToken, Stage, Tier, Visitor,
};
use crate::types::Secret;

/// The web sign-in.
const SIGN_IN_COOKIE: &str = "__Host-postern";
/// Binds forms before there is one.
const VISITOR_COOKIE: &str = "__Host-postern-visitor";
/// Recognises a browser that has signed in before; opens nothing, and stays when the browser is closed.
const BROWSER_COOKIE: &str = "__Host-postern-browser";
/// Of a token and of the other cookies, in characters of base64url: 256 bits.
const TOKEN_LENGTH: usize = 43;

/// One request's other end. Cheap to clone.
#[derive(Clone)]
pub(super) struct Seat(Arc<Inner>);

struct Inner {
    visitor: Visitor,
    origin: Origin,
    session: Option<Session>,
    csrf: Secret,
    /// There was a cookie, and its sign-in has ended.
    ended: bool,
    /// Until the sign-in ends by itself (R5), in seconds.
    left: u64,
}

impl Seat {
    /// For limits.
    pub(super) fn origin(&self) -> Origin {
        self.0.origin
    }

    /// For the use cases.
    pub(super) fn visitor(&self) -> &Visitor {
        &self.0.visitor
    }

    /// The web sign-in, at whatever stage.
    pub(super) fn session(&self) -> Option<&Session> {
        self.0.session.as_ref()
    }

    /// The web sign-in, if it is complete.
    pub(super) fn full(&self) -> Option<&Session> {
        self.session().filter(|s| s.stage == Stage::Full)
    }

    /// Ends the sign-in that this browser had, at whatever stage: it has a new one.
    pub(super) async fn leave(&self, portal: &Portal) -> Result<(), Fault> {
        match self.session() {
            Some(session) => Ok(portal.people().sign_out(session).await?),
            None => Ok(()),
        }
    }

    /// Whether a form's token is this browser's. In constant time.
    pub(super) fn csrf_fits(&self, given: &Secret) -> bool {
        *given == self.0.csrf
    }

    /// A page for this seat.
    pub(super) fn page(&self, title: impl Into<String>) -> Page {
        let who = self.full().map(|s| Who {
            name: s.account.display_name(),
            composes: s.account.tier == Tier::Paid,
            manages: s.account.user_manager,
        });
        let csrf = String::from_utf8_lossy(self.0.csrf.expose()).into_owned();
        Page { who, csrf, idle_seconds: self.0.left, ..Page::bare(title) }
    }
}

/// Finds the seat before anything else of a page runs, and hands out a visitor's cookie where there is none.
pub(super) async fn find(State(portal): State<Portal>, mut request: Request, next: Next) -> Response {
    let Some(ConnectInfo(Peer(peer))) = request.extensions().get::<ConnectInfo<Peer>>().copied() else {
        return Fault::Bad.into_response();
    };
    let origin = Origin::from(peer.ip());
    if !portal.limits().may_ask(origin) {
        return Fault::Often.into_response();
    }
    let headers = request.headers();
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let token = match self::cookie(headers, BROWSER_COOKIE).filter(|v| is_token(v)) {
        Some(known) => known.to_owned(),
        // Handed out when a sign-in is complete.
        None => match random_token() {
            Ok(value) => value,
            Err(fault) => return fault.into_response(),
        },
    };
    let visitor = Visitor {
        address: peer.ip().to_canonical(),
        user_agent: agent.chars().take(200).collect(),
        browser: Some(KnownBrowser { token: Secret::new(token), name: browser::name(agent) }),
    };

    let cookie = cookie(headers, SIGN_IN_COOKIE).map(SessionToken::from_cookie);
    // The warning's button is somebody's click; nothing on a page asks by itself.
    let session = match &cookie {
        Some(token) => match portal.people().resume(token, Activity::Person).await {
            Ok(session) => session.map(|s| s.seen_from(visitor.address)),
            Err(error) => return Fault::from(error).into_response(),
        },
        None => None,
    };
    let ended = cookie.is_some() && session.is_none();
    let mut fresh = None;
    let csrf = if let Some(session) = &session {
        Secret::new(session.csrf.as_str())
    } else {
        let known = self::cookie(headers, VISITOR_COOKIE).filter(|v| is_token(v)).map(str::to_owned);
        let value = match known {
            Some(value) => value,
            None => match random_token() {
                Ok(value) => fresh.insert(value).clone(),
                Err(fault) => return fault.into_response(),
            },
        };
        visitor_csrf(&value)
    };
    let now = portal.clock().now();
    let left =
        session.as_ref().and_then(|s| s.ends_at.duration_since(now).ok()).unwrap_or_default().as_secs();
    let seat = Seat(Arc::new(Inner { visitor, origin, session, csrf, ended, left }));
    request.extensions_mut().insert(seat.clone());
    let mut response = next.run(request).await;
    // Whoever is signed in keeps the pages' frame, also around what went wrong.
    if let Some(fault) = response.extensions_mut().remove::<Fault>()
        && seat.full().is_some()
    {
        response = fault.framed(&seat, response);
    }
    let headers = response.headers_mut();
    let set_already = headers.get_all(header::SET_COOKIE).iter().any(|c| {
        c.as_bytes().starts_with(SIGN_IN_COOKIE.as_bytes()) && c.as_bytes()[SIGN_IN_COOKIE.len()] == b'='
    });
    if ended && !set_already {
        headers.append(header::SET_COOKIE, forget());
    }
    if let Some(value) = fresh
        && let Ok(cookie) = HeaderValue::from_str(&format!("{VISITOR_COOKIE}={value}; {ATTRIBUTES}"))
    {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(cookie::Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|c| c.name() == name)
        .and_then(|c| c.value_raw())
}

fn is_token(value: &str) -> bool {
    value.len() == TOKEN_LENGTH && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn random_token() -> Result<String, Fault> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|e| Fault::ours(&e))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// One-way, so that the page never shows the cookie's value.
fn visitor_csrf(cookie: &str) -> Secret {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.as_bytes());
    Secret::new(URL_SAFE_NO_PAD.encode(hmac::sign(&key, b"postern: forms of a visitor")))
}

/// Sets the sign-in's cookie. It has no age: it goes with the browser, and the server ends it sooner (R5).
pub(super) fn keep(mut response: Response, token: &SessionToken) -> Response {
    let value = HeaderValue::from_str(&format!("{SIGN_IN_COOKIE}={}; {ATTRIBUTES}", token.expose()));
    if let Ok(mut value) = value {
        value.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Sets the cookie by which this browser is recognised at the next sign-in.
pub(super) fn remember(mut response: Response, seat: &Seat) -> Response {
    let Some(browser) = &seat.visitor().browser else { return response };
    let value = String::from_utf8_lossy(browser.token.expose()).into_owned();
    let cookie = format!("{BROWSER_COOKIE}={value}; {ATTRIBUTES}; Max-Age={}", BROWSER_LIFE.as_secs());
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Takes the sign-in's cookie away.
pub(super) fn clear(mut response: Response) -> Response {
    response.headers_mut().append(header::SET_COOKIE, forget());
    response
}

fn forget() -> HeaderValue {
    HeaderValue::from_static("__Host-postern=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

impl<S: Send + Sync> FromRequestParts<S> for Seat {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or(Fault::Missing)
    }
}

/// What can be reached before a password of Support's making has been replaced.
const MEANWHILE: [&str; 2] = ["/security/password", "/session/extend"];

/// Somebody who is signed in; everybody else is sent to sign in, and then back here.
#[derive(Clone)]
pub(super) struct Person(Seat);

impl Person {
    /// The seat.
    pub(super) fn seat(&self) -> &Seat {
        &self.0
    }

    /// For the use cases.
    pub(super) fn visitor(&self) -> &Visitor {
        self.0.visitor()
    }

    /// The sign-in.
    ///
    /// # Errors
    /// Never: there is one, or there would be no `Person`.
    pub(super) fn session(&self) -> Result<&Session, Fault> {
        self.0.full().ok_or(Fault::SignedOut)
    }

    /// A page of one of the places.
    pub(super) fn page(&self, place: Place, title: impl Into<String>) -> Page {
        Page { place: Some(place), ..self.0.page(title) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let seat = Seat::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if let Some(session) = seat.full() {
            // A password that Support has made opens the page that replaces it, and no other.
            if session.password_initial && !MEANWHILE.contains(&parts.uri.path()) {
                return Err(to(MEANWHILE[0]));
            }
            return Ok(Self(seat));
        }
        // A form that was sent too late is lost; its page opens again.
        let asked = parts.uri.path_and_query().map_or("/", |p| p.as_str());
        let asked = if parts.method == Method::GET { asked } else { parts.uri.path() };
        let back = Way::parse(asked);
        Err(if seat.session().is_some() {
            to(&back.through("/code"))
        } else if seat.0.ended {
            to(&back.through_with("/sign-in", "ended", "yes"))
        } else if back.is_home() {
            to("/sign-in")
        } else {
            to(&back.through_with("/sign-in", "first", "yes"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitors_token_is_not_the_cookie() {
        let cookie = random_token().unwrap();
        assert!(is_token(&cookie), "{cookie}");
        let token = visitor_csrf(&cookie);
        assert_eq!(token.expose().len(), TOKEN_LENGTH);
        assert_ne!(token.expose(), cookie.as_bytes());
        assert!(visitor_csrf(&cookie) == token);
        assert!(visitor_csrf(&random_token().unwrap()) != token);
    }

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; __Host-postern-visitor=v; __Host-postern=s"),
        );
        assert_eq!(cookie(&headers, SIGN_IN_COOKIE), Some("s"));
        assert_eq!(cookie(&headers, VISITOR_COOKIE), Some("v"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
