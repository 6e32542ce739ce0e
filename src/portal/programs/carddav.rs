//! The address book over HTTP (R21): methods, sign-in, statuses. What the bodies say is `devices::carddav`'s.
//!
//! Invariants: each request signs in by itself, with an app password, under the same gate and the same
//! rules as IMAP (R4); a body is read only then, and never past its limit. Whatever would change something
//! is refused, whoever asks.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ours;
use crate::devices::carddav::{
    Answer, Asked, BODY_MAX, BookState, CardState, Depth, Fault, Properties, ROOT, Report, Resource, etag,
    propfind, propfind_body, report, report_body, tell, token_revision,
};
use crate::devices::vcard::{Person, Version};
use crate::net::{Admission, Origin, SignInGate};
use crate::portal::connections::Peer;
use crate::service::authenticate::{AuthError, Authenticator, Door, Identity};
use crate::service::contacts::{Book, CardsWanted, ContactBook, Contacts};
use crate::types::Secret;

/// What the address book stands on. Cheap to clone.
#[derive(Clone)]
pub struct AddressBooks(Arc<Inner>);

struct Inner {
    gate: Arc<SignInGate>,
    authenticator: Authenticator,
    contacts: Contacts,
    admission: Admission,
}

impl AddressBooks {
    /// Over the use cases, under the gate that all doors share and the listener's own limits.
    pub fn new(
        gate: Arc<SignInGate>,
        authenticator: Authenticator,
        contacts: Contacts,
        admission: Admission,
    ) -> Self {
        Self(Arc::new(Inner { gate, authenticator, contacts, admission }))
    }
}

const ALLOW: &str = "OPTIONS, GET, HEAD, PROPFIND, REPORT";
/// R21
const WRITES: [&str; 8] = ["PUT", "DELETE", "POST", "PROPPATCH", "MKCOL", "MOVE", "COPY", "ACL"];
/// RFC 4918 §18, RFC 6352 §6.1
const DAV: &str = "1, 3, addressbook";

/// The routes.
pub(super) fn router(books: AddressBooks) -> Router {
    // RFC 6764 §5: whatever the method.
    let found = async || (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, ROOT)]);
    Router::new()
        .route("/.well-known/carddav", any(found))
        .route("/carddav", any(serve))
        .route("/carddav/", any(serve))
        .route("/carddav/{*rest}", any(serve))
        .with_state(books)
}

/// Discovery that found no redirect ends at the host itself (RFC 6764 §6): `/` is a page for browsers and the
/// root of the address book for those that ask so.
pub(super) async fn at_the_host(
    State(books): State<AddressBooks>,
    peer: ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let asked = request.uri().path() == "/" && matches!(request.method().as_str(), "PROPFIND" | "OPTIONS");
    if !asked {
        return next.run(request).await;
    }
    let mut response = serve(State(books), peer, request).await;
    super::secure(&mut response);
    response
}

async fn serve(
    State(books): State<AddressBooks>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    if head.method == Method::OPTIONS {
        return (StatusCode::OK, [("allow", ALLOW), ("dav", DAV)]).into_response();
    }
    let identity = match books.sign_in(&head.headers, peer.ip()).await {
        Ok(identity) => identity,
        Err(refused) => return refused,
    };
    // As long as the request runs.
    let Ok(_place) = books.0.admission.admit_account(identity.account, identity.app_password) else {
        return too_often("This device asks too often, please wait a minute and try again.\n");
    };
    // Before it is known what the path leads to: a new card's leads to nothing yet.
    if WRITES.contains(&head.method.as_str()) {
        return answered(tell(Fault::ReadOnly));
    }
    let Some(resource) = Resource::of(head.uri.path()) else { return missing() };
    let book = books.0.contacts.of(&identity);
    let asked = Question { resource, headers: &head.headers, identity: &identity, book: book.as_ref() };
    match head.method.as_str() {
        "GET" | "HEAD" => asked.get().await,
        "PROPFIND" => asked.propfind(body).await,
        "REPORT" => asked.report(body).await,
        _ => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, ALLOW)]).into_response(),
    }
}

impl AddressBooks {
    /// HTTP Basic (RFC 7617) with an app password.
    async fn sign_in(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Identity, Response> {
        let Some((login, secret)) = headers.get(header::AUTHORIZATION).and_then(basic) else {
            return Err(unauthorized());
        };
        let origin = Origin::from(peer);
        if !self.0.gate.may_try(origin) {
            let text = "Too many sign-ins from your network, please wait a minute and try again.\n";
            return Err(too_often(text));
        }
        match self.0.authenticator.authenticate(Door::CardDav, &login, &secret, peer).await {
            Ok(identity) => Ok(identity),
            Err(AuthError::Refused) => {
                self.0.gate.failed(origin);
                Err(unauthorized())
            }
            Err(error @ AuthError::Ours(_)) => Err(ours("an address book", &error)),
        }
    }
}

fn basic(value: &HeaderValue) -> Option<(String, Secret)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Secret::new(STANDARD.decode(encoded.trim()).ok()?);
    let colon = decoded.expose().iter().position(|b| *b == b':')?;
    let login = String::from_utf8(decoded.expose()[..colon].to_vec()).ok()?;
    Some((login, Secret::new(decoded.expose()[colon + 1..].to_vec())))
}

/// One signed-in request.
struct Question<'a> {
    resource: Resource,
    headers: &'a HeaderMap,
    identity: &'a Identity,
    /// `None`: a free account (R21).
    book: Option<&'a ContactBook>,
}

impl Question<'_> {
    async fn read(&self, wanted: &CardsWanted) -> Result<Option<BookState>, Response> {
        let Some(book) = self.book else { return Ok(None) };
        match book.read(wanted).await {
            Ok(book) => Ok(Some(state(book))),
            Err(error) => Err(ours("an address book", &error)),
        }
    }

    async fn get(&self) -> Response {
        let Resource::Card(uid) = self.resource else {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, ALLOW)]).into_response();
        };
        let book = match self.read(&CardsWanted::Named(vec![uid])).await {
            Ok(book) => book,
            Err(answer) => return answer,
        };
        let card = book.and_then(|b| b.cards.into_iter().next());
        let Some((revision, person)) = card.and_then(|c| Some((c.revision, c.person?))) else {
            return missing();
        };
        let version = wanted_version(self.headers);
        let tag = etag(revision, version);
        let known = self.headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
        let unchanged = known
            .is_some_and(|known| known.split(',').any(|one| matches!(one.trim(), "*") || one.trim() == tag));
        let headers = [
            (header::ETAG, tag),
            (header::CONTENT_TYPE, format!("text/vcard; charset=utf-8; version={}", version.as_str())),
            (header::VARY, "Accept, Authorization".to_owned()),
        ];
        if unchanged {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, person.vcard(version)).into_response()
    }

    async fn propfind(&self, body: Body) -> Response {
        let depth = match self.headers.get("depth").map(HeaderValue::as_bytes) {
            Some(b"0") => Depth::Zero,
            Some(b"1") => Depth::One,
            // RFC 4918 §9.1: no header means infinity.
            _ => return answered(tell(Fault::Depth)),
        };
        let Ok(wanted) = propfind_body(&match whole(body).await {
            Ok(body) => body,
            Err(answer) => return answer,
        }) else {
            return bad();
        };
        let cards = match (self.resource, depth) {
            (Resource::Book, Depth::One) => CardsWanted::All,
            (Resource::Card(uid), _) => CardsWanted::Named(vec![uid]),
            // Its revision alone.
            _ => CardsWanted::Named(Vec::new()),
        };
        let book = match self.read(&cards).await {
            Ok(book) => book,
            Err(answer) => return answer,
        };
        let asked = Asked { full_name: &self.identity.display_name, book: book.as_ref() };
        propfind(self.resource, depth, &wanted, asked).map_or_else(missing, answered)
    }

    async fn report(&self, body: Body) -> Response {
        let Ok(asked) = report_body(&match whole(body).await {
            Ok(body) => body,
            Err(answer) => return answer,
        }) else {
            return bad();
        };
        if self.resource != Resource::Book {
            return answered(tell(Fault::Report));
        }
        let cards = match &asked {
            Report::Query(..) => CardsWanted::All,
            Report::Multiget(paths, Properties::All | Properties::Names | Properties::These(..)) => {
                CardsWanted::Named(named(paths))
            }
            Report::Sync(token, ..) if token.is_empty() => CardsWanted::All,
            Report::Sync(token, ..) => match token_revision(token) {
                Some(revision) => CardsWanted::Since(revision),
                None => return answered(tell(Fault::SyncToken)),
            },
            Report::Unknown => return answered(tell(Fault::Report)),
        };
        match self.read(&cards).await {
            Ok(Some(book)) => answered(report(&asked, &book)),
            Ok(None) => missing(),
            Err(answer) => answer,
        }
    }
}

/// The cards that a multiget names.
fn named(paths: &[String]) -> Vec<uuid::Uuid> {
    let uid = |path: &String| {
        let file = path.rsplit('/').next()?.strip_suffix(".vcf")?;
        uuid::Uuid::parse_str(file).ok()
    };
    paths.iter().filter_map(uid).collect()
}

fn state(book: Book) -> BookState {
    let cards = book.cards.into_iter().map(|card| CardState {
        uid: card.uid,
        revision: card.revision,
        person: card.person.map(|p| Person {
            uid: card.uid,
            first_name: p.first_name,
            last_name: p.last_name,
            practice: p.practice,
            secure_address: p.secure_address.to_string(),
        }),
    });
    BookState { revision: book.revision, cards: cards.collect() }
}

/// Version 3 unless 4 is asked for by name.
fn wanted_version(headers: &HeaderMap) -> Version {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let four = accepted.flat_map(|v| v.split(',')).any(|one| {
        let one: String = one.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        one.starts_with("text/vcard;") && one.contains("version=4.0")
    });
    if four { Version::Four } else { Version::Three }
}

async fn whole(body: Body) -> Result<axum::body::Bytes, Response> {
    let too_large = |_| (StatusCode::PAYLOAD_TOO_LARGE, "The request is too long.\n").into_response();
    to_bytes(body, BODY_MAX).await.map_err(too_large)
}

fn answered(Answer { status, body }: Answer) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [("content-type", "application/xml; charset=utf-8"), ("dav", DAV)];
    (status, headers, body).into_response()
}

fn too_often(text: &'static str) -> Response {
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], text).into_response()
}

fn unauthorized() -> Response {
    let challenge = "Basic realm=\"Secure mail: secure address and app password\", charset=\"UTF-8\"";
    let text = "Please sign in with your secure address and an app password.\n";
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], text).into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()
}

fn bad() -> Response {
    (StatusCode::BAD_REQUEST, "The request cannot be read.\n").into_response()
}
