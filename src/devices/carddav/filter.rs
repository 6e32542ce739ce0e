//! The filter of `addressbook-query` (RFC 6352 §10.5) over the few properties that a card has.

use crate::devices::vcard::Person;

/// What a card must fulfil; the empty one is fulfilled by all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How the parts count together.
    pub test: Test,
    /// The parts.
    pub properties: Vec<PropertyFilter>,
}

/// `test`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Test {
    /// `anyof`
    #[default]
    Any,
    /// `allof`
    All,
}

/// `prop-filter`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyFilter {
    /// In capitals.
    pub property: String,
    /// How the comparisons count together.
    pub test: Test,
    /// `is-not-defined`
    pub absent: bool,
    /// `text-match`
    pub comparisons: Vec<Comparison>,
    /// There was a `param-filter`, which is not supported.
    pub parameters: bool,
}

/// `text-match`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// `collation`
    pub collation: String,
    /// `match-type`
    pub how: MatchType,
    /// `negate-condition`
    pub negated: bool,
    /// What is looked for.
    pub text: String,
}

/// `match-type`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchType {
    /// `equals`
    Equals,
    /// `contains`
    Contains,
    /// `starts-with`
    StartsWith,
    /// `ends-with`
    EndsWith,
}

impl MatchType {
    /// Of the attribute.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "equals" => Self::Equals,
            "contains" => Self::Contains,
            "starts-with" => Self::StartsWith,
            "ends-with" => Self::EndsWith,
            _ => return None,
        })
    }
}

/// What of a filter is not supported (RFC 6352 §8.6: `supported-filter`, `supported-collation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// `param-filter`
    Filter,
    /// Another collation than `i;unicode-casemap` and `i;ascii-casemap`.
    Collation,
}

impl Filter {
    /// Whether all of it is understood.
    pub fn check(&self) -> Result<(), Unsupported> {
        for property in &self.properties {
            if property.parameters {
                return Err(Unsupported::Filter);
            }
            let known = |c: &Comparison| {
                matches!(c.collation.as_str(), "i;unicode-casemap" | "i;ascii-casemap" | "default")
            };
            if !property.comparisons.iter().all(known) {
                return Err(Unsupported::Collation);
            }
        }
        Ok(())
    }

    /// Whether a person's card fulfils it.
    pub fn matches(&self, person: &Person) -> bool {
        self.properties.is_empty() || self.test.of(self.properties.iter().map(|p| p.matches(person)))
    }
}

impl Test {
    fn of(self, mut each: impl Iterator<Item = bool>) -> bool {
        match self {
            Self::Any => each.any(|yes| yes),
            Self::All => each.all(|yes| yes),
        }
    }
}

impl PropertyFilter {
    fn matches(&self, person: &Person) -> bool {
        let value = match self.property.as_str() {
            "FN" => Some(person.full_name()),
            "N" => Some(format!("{};{};;;", person.last_name, person.first_name)),
            "EMAIL" => Some(person.secure_address.clone()),
            "ORG" => person.practice.clone(),
            "UID" => Some(person.uid.to_string()),
            _ => None,
        };
        match value {
            None => self.absent,
            Some(_) if self.absent => false,
            Some(_) if self.comparisons.is_empty() => true,
            Some(value) => self.test.of(self.comparisons.iter().map(|c| c.matches(&value))),
        }
    }
}

impl Comparison {
    fn matches(&self, value: &str) -> bool {
        let (value, text) = (value.to_lowercase(), self.text.to_lowercase());
        let found = match self.how {
            MatchType::Equals => value == text,
            MatchType::Contains => value.contains(&text),
            MatchType::StartsWith => value.starts_with(&text),
            MatchType::EndsWith => value.ends_with(&text),
        };
        found != self.negated
    }
}
