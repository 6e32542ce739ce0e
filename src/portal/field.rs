//! One field of a form: its label, hint, mistake and control, tied together for eyes and screen readers.

use askama::Template;

use super::text::ENGLISH;

/// What stands below the label.
#[derive(Clone, Debug)]
pub(super) enum Control {
    /// One line; the HTML type.
    Line(&'static str),
    /// Six digits.
    Figures,
    /// Several lines.
    Lines,
    /// One of a list.
    Select(Vec<Choice>),
    /// One of a few.
    Radios(Vec<Choice>),
    /// Yes or no.
    Tick { ticked: Ticked },
}

/// Whether a box is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ticked {
    Yes,
    No,
}

impl From<bool> for Ticked {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// One entry of a list.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    /// Below the label, where there is room for it.
    pub(super) hint: Option<&'static str>,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

/// A field, ready to be shown.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/field.html")]
pub(super) struct Field {
    /// Name in the form and id in the page.
    name: &'static str,
    label: String,
    hint: Option<String>,
    mistake: Option<String>,
    value: String,
    control: Control,
    autocomplete: &'static str,
    required: bool,
    /// Shown, and not to be changed.
    fixed: bool,
    /// Shown with a strength meter where scripts run.
    strength: bool,
}

impl askama::filters::HtmlSafe for Field {}

impl Field {
    fn new(name: &'static str, label: impl Into<String>, control: Control) -> Self {
        Self {
            name,
            label: label.into(),
            hint: None,
            mistake: None,
            value: String::new(),
            control,
            autocomplete: "off",
            required: true,
            fixed: false,
            strength: false,
        }
    }

    /// A line of text.
    pub(super) fn text(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Line("text"))
    }

    /// An email address. Addresses of a login are told to password managers by `autocomplete`.
    pub(super) fn email(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Line("email")).autocomplete("email")
    }

    /// A phone number.
    pub(super) fn phone(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Line("tel")).autocomplete("tel")
    }

    /// A password; it is never shown again.
    pub(super) fn password(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Line("password")).autocomplete("current-password")
    }

    /// A password that is being chosen.
    pub(super) fn new_password(name: &'static str, label: impl Into<String>) -> Self {
        Self { strength: true, ..Self::password(name, label) }.autocomplete("new-password")
    }

    /// Its repetition.
    pub(super) fn repeated_password(name: &'static str, label: impl Into<String>) -> Self {
        Self::password(name, label).autocomplete("new-password")
    }

    /// Six digits.
    pub(super) fn figures(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Figures).autocomplete("one-time-code")
    }

    /// Several lines.
    pub(super) fn lines(name: &'static str, label: impl Into<String>) -> Self {
        Self::new(name, label, Control::Lines)
    }

    /// One of a list.
    pub(super) fn select(name: &'static str, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Control::Select(choices))
    }

    /// One of a few.
    pub(super) fn radios(name: &'static str, label: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Control::Radios(choices))
    }

    /// Yes or no.
    pub(super) fn tick(name: &'static str, label: impl Into<String>, ticked: Ticked) -> Self {
        Self::new(name, label, Control::Tick { ticked }).optional()
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    #[must_use]
    pub(super) fn autocomplete(mut self, purpose: &'static str) -> Self {
        self.autocomplete = purpose;
        self
    }

    /// Shown, and not to be changed; what is sent for it is not looked at.
    #[must_use]
    pub(super) fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// Says "(optional)" behind the label.
    #[must_use]
    pub(super) fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    #[must_use]
    pub(super) fn wrong(mut self, mistake: Option<impl Into<String>>) -> Self {
        self.mistake = mistake.map(Into::into);
        self
    }

    /// The id to lead to, and the sentence, if there is one.
    pub(super) fn mistake(&self) -> Option<(String, String)> {
        let id = match &self.control {
            // A list of radio buttons is entered at its first.
            Control::Radios(_) => format!("{}-0", self.name),
            _ => self.name.to_owned(),
        };
        self.mistake.clone().map(|sentence| (id, sentence))
    }

    fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if self.hint.is_some() {
            ids.push(format!("{}-hint", self.name));
        }
        if self.mistake.is_some() {
            ids.push(format!("{}-error", self.name));
        }
        ids.join(" ")
    }

    fn is_password(&self) -> bool {
        matches!(self.control, Control::Line("password"))
    }

    fn is_optional_text(&self) -> bool {
        !self.required && !matches!(self.control, Control::Tick { .. })
    }

    fn t(&self) -> &'static super::text::Frame {
        let _ = self;
        &ENGLISH.frame
    }

    fn error_prefix(&self) -> &'static str {
        self.t().error_prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_escaped() {
        let html = Field::text("name", "<b>").value("\"><script>").wrong(Some("'&'")).render().unwrap();
        assert!(!html.contains("<script>") && !html.contains("<b>"), "{html}");
        assert!(html.contains("aria-describedby=\"name-error\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
    }

    #[test]
    fn a_password_is_never_shown_again() {
        let html = Field::password("password", "Password").value("hunter2").render().unwrap();
        assert!(!html.contains("hunter2"), "{html}");
    }
}
