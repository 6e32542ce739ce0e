//! Pages of the two commonest kinds: one with a form, one with a message.

use askama::Template;

use super::field::Field;
use super::page::Page;

/// A link below a form or a message.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) path: String,
    pub(super) label: &'static str,
    /// `""`, or `"button"` where it is what the page wants one to do.
    pub(super) look: &'static str,
}

impl Link {
    pub(super) fn new(path: impl Into<String>, label: &'static str) -> Self {
        Self { path: path.into(), label, look: "" }
    }
}

/// A button that is a form of its own.
#[derive(Clone, Debug)]
pub(super) struct Button {
    pub(super) action: String,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) label: &'static str,
    /// `""`, `"second"` or `"danger"`.
    pub(super) look: &'static str,
}

impl Button {
    /// An ordinary one.
    pub(super) fn new(action: impl Into<String>, label: &'static str) -> Self {
        Self { action: action.into(), hidden: Vec::new(), label, look: "" }
    }

    /// One that stands behind another.
    #[must_use]
    pub(super) fn second(mut self) -> Self {
        self.look = "second";
        self
    }

    /// What it sends.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }
}

/// A page whose matter is one form.
#[derive(Template)]
#[template(path = "portal/form.html")]
pub(super) struct FormPage {
    pub(super) page: Page,
    /// Above the title: "Step 1 of 3".
    pub(super) step: Option<String>,
    /// Below the title.
    pub(super) lead: Option<String>,
    pub(super) action: String,
    pub(super) hidden: Vec<(&'static str, String)>,
    pub(super) fields: Vec<Field>,
    pub(super) submit: &'static str,
    /// A heading and what stands below it, after the form.
    pub(super) more: Option<(&'static str, &'static str)>,
    pub(super) buttons: Vec<Button>,
    pub(super) links: Vec<Link>,
    /// The last words of the page.
    pub(super) foot: Option<&'static str>,
}

impl FormPage {
    /// With the fields' mistakes in the list at the top.
    pub(super) fn new(
        page: Page,
        action: impl Into<String>,
        fields: Vec<Field>,
        submit: &'static str,
    ) -> Self {
        Self {
            page: page.with_mistakes(&fields),
            step: None,
            lead: None,
            action: action.into(),
            hidden: Vec::new(),
            fields,
            submit,
            more: None,
            buttons: Vec::new(),
            links: Vec::new(),
            foot: None,
        }
    }

    #[must_use]
    pub(super) fn step(mut self, step: String) -> Self {
        self.step = Some(step);
        self
    }

    #[must_use]
    pub(super) fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = Some(lead.into());
        self
    }

    #[must_use]
    pub(super) fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    #[must_use]
    pub(super) fn link(mut self, path: impl Into<String>, label: &'static str) -> Self {
        self.links.push(Link::new(path, label));
        self
    }

    /// A link that looks like a button.
    #[must_use]
    pub(super) fn go(mut self, path: impl Into<String>, label: &'static str) -> Self {
        self.links.push(Link { look: "button", ..Link::new(path, label) });
        self
    }
}

/// A page that says something and leads on.
#[derive(Template)]
#[template(path = "portal/message.html")]
pub(super) struct MessagePage {
    pub(super) page: Page,
    pub(super) lead: String,
    pub(super) words: Vec<String>,
    pub(super) buttons: Vec<Button>,
    pub(super) links: Vec<Link>,
}

impl MessagePage {
    pub(super) fn new(page: Page, lead: impl Into<String>) -> Self {
        Self { page, lead: lead.into(), words: Vec::new(), buttons: Vec::new(), links: Vec::new() }
    }

    #[must_use]
    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.words.push(words.into());
        self
    }

    #[must_use]
    pub(super) fn button(mut self, button: Button) -> Self {
        self.buttons.push(button);
        self
    }

    #[must_use]
    pub(super) fn link(mut self, path: impl Into<String>, label: &'static str) -> Self {
        self.links.push(Link::new(path, label));
        self
    }
}
