//! What frames a page: title, who is signed in, where in the pages one is, mistakes, what was done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use super::assets::{PATHS, Paths};
use super::fault::Fault;
use super::field::Field;
use super::text::{ENGLISH, Texts};

/// A page of the list at the side, for marking where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Home,
    Invite,
    People,
    Contacts,
    Messaging,
    Profile,
    Security,
    Devices,
}

impl Place {
    const ALL: [Self; 8] = [
        Self::Home,
        Self::Devices,
        Self::Contacts,
        Self::Invite,
        Self::People,
        Self::Messaging,
        Self::Profile,
        Self::Security,
    ];

    /// Its address.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Invite => "/invite",
            Self::People => "/people",
            Self::Contacts => "/contacts",
            Self::Messaging => "/messaging",
            Self::Profile => "/profile",
            Self::Security => "/security",
            Self::Devices => "/devices",
        }
    }

    /// Its name in the list.
    pub(super) fn name(self) -> &'static str {
        let t = &ENGLISH.frame;
        match self {
            Self::Home => t.home,
            Self::Invite => t.invite,
            Self::People => t.people,
            Self::Contacts => t.contacts,
            Self::Messaging => t.messaging,
            Self::Profile => t.profile,
            Self::Security => t.security,
            Self::Devices => t.devices,
        }
    }
}

/// Who is signed in, as the frame shows it.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) name: String,
    /// Paid accounts compose: they invite (R7) and have contacts (R21).
    pub(super) composes: bool,
    /// R8.
    pub(super) manages: bool,
}

/// Everything that the frame needs.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) t: &'static Texts,
    pub(super) paths: &'static Paths,
    pub(super) title: String,
    pub(super) who: Option<Who>,
    pub(super) place: Option<Place>,
    /// The token of every form; empty where there is none.
    pub(super) csrf: String,
    /// Seconds until the sign-in ends by itself, if nothing more is done (R5).
    pub(super) idle_seconds: u64,
    /// What was done by the form before this page.
    pub(super) done: Option<String>,
    /// The fields' mistakes, for the list at the top: the field's id and the sentence.
    pub(super) mistakes: Vec<(String, String)>,
}

impl Page {
    /// A page without a form and without anybody signed in.
    pub(super) fn bare(title: impl Into<String>) -> Self {
        Self {
            t: &ENGLISH,
            paths: &PATHS,
            title: title.into(),
            who: None,
            place: None,
            csrf: String::new(),
            idle_seconds: 0,
            done: None,
            mistakes: Vec::new(),
        }
    }

    /// Seconds before the end at which the warning comes: WCAG 2.2.1 wants at least 20.
    pub(super) fn warn_seconds() -> u64 {
        120
    }

    /// The list at the side.
    pub(super) fn places(&self) -> Vec<Place> {
        let Some(who) = &self.who else { return Vec::new() };
        let shown = |place: &Place| match place {
            Place::Invite | Place::Contacts => who.composes,
            Place::People => who.manages,
            _ => true,
        };
        Place::ALL.into_iter().filter(shown).collect()
    }

    /// Whether a place is the page's own, for `aria-current`.
    pub(super) fn is_at(&self, place: Place) -> bool {
        self.place == Some(place)
    }

    /// Takes over the mistakes of a form's fields.
    #[must_use]
    pub(super) fn with_mistakes(mut self, fields: &[Field]) -> Self {
        self.mistakes.extend(fields.iter().filter_map(Field::mistake));
        self
    }

    /// Whether the way back to Home is shown: everywhere but there.
    pub(super) fn leads_home(&self) -> bool {
        self.who.is_some() && self.place != Some(Place::Home)
    }

    /// A mistake of the form as a whole; the list leads to the field with this id.
    #[must_use]
    pub(super) fn with_mistake(mut self, id: &str, sentence: impl Into<String>) -> Self {
        self.mistakes.push((id.to_owned(), sentence.into()));
        self
    }

    /// What was done before this page, if anything.
    #[must_use]
    pub(super) fn with_done(mut self, sentence: Option<impl Into<String>>) -> Self {
        self.done = sentence.map(Into::into);
        self
    }
}

/// A template as an answer. A form with mistakes is answered 422, so that a test, a cache or a script sees it.
pub(super) fn show(template: &impl Template, page: &Page) -> Result<Response, Fault> {
    let html = template.render().map_err(|e| Fault::ours(&e))?;
    let status = if page.mistakes.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Html(html)).into_response())
}
