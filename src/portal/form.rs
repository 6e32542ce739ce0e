//! What a form sends, and the proof that one of our own pages sent it.
//!
//! Invariant: a handler gets a form only through [`Form`], so none can forget the token.

use axum::extract::{FromRequest, FromRequestParts, Request};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::seat::Seat;
use crate::types::Secret;

/// More no form of ours sends.
pub(super) const BODY_MAX: usize = 32 * 1024;
/// Nor more fields.
const FIELDS_MAX: usize = 64;

/// The fields. Wiped when dropped: some are passwords.
pub(super) struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    /// A field's text, as typed; empty when it is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str())
    }

    /// A field's text without the spaces around it.
    pub(super) fn trimmed(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// A field that no page shows again.
    pub(super) fn secret(&self, name: &str) -> Secret {
        Secret::new(self.get(name))
    }

    /// Whether a box is ticked.
    pub(super) fn ticked(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let (mut parts, body) = request.into_parts();
        let seat = Seat::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let fields = match axum::Form::<Vec<(String, String)>>::from_request(request, state).await {
            Ok(axum::Form(fields)) => fields,
            Err(rejection) if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Fault::Large);
            }
            Err(_) => return Err(Fault::Bad),
        };
        let form = Self(fields.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect());
        if form.0.len() > FIELDS_MAX {
            return Err(Fault::Large);
        }
        if !seat.csrf_fits(&form.secret("csrf")) {
            return Err(Fault::Origin);
        }
        Ok(form)
    }
}
