//! Times as a page shows them: in the account's own time zone (R24).

use std::time::SystemTime;

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::text::ENGLISH;

/// A point in time, for people and for machines.
#[derive(Clone, Debug, Template)]
#[template(source = r#"<time datetime="{{ machine }}">{{ shown }}</time>"#, ext = "html")]
pub(super) struct Moment {
    machine: String,
    shown: String,
}

impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    /// Day and time in a zone by its IANA name; one that is not known is UTC, and said so.
    pub(super) fn new(at: SystemTime, zone: &str) -> Self {
        Self::with(at, zone, ENGLISH.frame.date_time)
    }

    fn with(at: SystemTime, zone: &str, form: &str) -> Self {
        let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
        let known = TimeZone::get(zone);
        let suffix = if known.is_ok() { "" } else { " UTC" };
        let local = at.to_zoned(known.unwrap_or(TimeZone::UTC));
        Self {
            machine: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            shown: format!("{}{suffix}", local.strftime(form)),
        }
    }
}

/// What fills a place of a sentence.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    /// Words; escaped.
    Words(String),
    /// A time.
    Time(Moment),
}

/// A sentence with times in it.
#[derive(Clone, Debug, Template)]
#[template(
    source = "{% for piece in pieces %}{% match piece %}{% when Piece::Words with (words) %}{{ words }}\
              {% when Piece::Time with (time) %}{{ time }}{% endmatch %}{% endfor %}",
    ext = "html"
)]
pub(super) struct Sentence {
    pieces: Vec<Piece>,
}

impl askama::filters::HtmlSafe for Sentence {}

impl Sentence {
    /// Puts pieces into the sentence's `{name}` places.
    pub(super) fn new(sentence: &str, values: &[(&str, Piece)]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = sentence;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            pieces.push(Piece::Words(before.to_owned()));
            pieces.extend(values.iter().find(|(n, _)| *n == name).map(|(_, piece)| piece.clone()));
            rest = after;
        }
        pieces.push(Piece::Words(rest.to_owned()));
        Self { pieces }
    }

    /// Several in one line.
    pub(super) fn joined(sentences: Vec<Self>) -> Self {
        let mut pieces = Vec::new();
        for (n, sentence) in sentences.into_iter().enumerate() {
            if n > 0 {
                pieces.push(Piece::Words(", ".to_owned()));
            }
            pieces.extend(sentence.pieces);
        }
        Self { pieces }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn r24_times_are_in_the_accounts_zone() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_mins(29_812_835);
        assert_eq!(
            Moment::new(at, "America/Los_Angeles").to_string(),
            "<time datetime=\"2026-09-07T08:35:00Z\">7 September 2026, 01:35</time>"
        );
        assert!(Moment::new(at, "Europe/Berlin").to_string().contains("7 September 2026, 10:35"));
        assert!(Moment::new(at, "Mars/Olympus").to_string().contains("08:35 UTC"));
    }

    #[test]
    fn a_sentence_escapes_what_fills_it() {
        let from = Piece::Words("<b>{when}".to_owned());
        let when = Piece::Time(Moment::new(SystemTime::UNIX_EPOCH, "UTC"));
        let shown = Sentence::new("at {when} from {from}", &[("when", when), ("from", from)]).to_string();
        assert_eq!(
            shown,
            "at <time datetime=\"1970-01-01T00:00:00Z\">1 January 1970, 00:00</time> from &#60;b&#62;{when}"
        );
    }
}
