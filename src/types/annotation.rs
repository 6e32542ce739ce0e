//! Names of annotations (RFC 5464 §3.2).

/// `/private/…` or `/shared/…`, or one of the two alone, below which everything is; in lower case: names are compared
/// without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnnotationName(String);

/// Why a text is no such name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an annotation is named /private/... or /shared/..., without * and %")]
pub struct AnnotationNameError;

impl AnnotationName {
    /// Longest name, in bytes.
    pub const MAX_LEN: usize = 256;

    /// Checks and puts into lower case.
    ///
    /// # Errors
    /// [`AnnotationNameError`]
    pub fn new(name: &str) -> Result<Self, AnnotationNameError> {
        let name = name.to_ascii_lowercase();
        let fine = |b: u8| (b' '..=b'~').contains(&b) && !matches!(b, b'*' | b'%');
        let levels = name.strip_prefix("/private").or_else(|| name.strip_prefix("/shared"));
        // Behind the root: nothing, or levels with a slash before each.
        let good = levels.is_some_and(|rest| {
            let mut levels = rest.split('/');
            levels.next() == Some("") && levels.all(|level| !level.is_empty())
        });
        if good && name.len() <= Self::MAX_LEN && name.bytes().all(fine) {
            Ok(Self(name))
        } else {
            Err(AnnotationNameError)
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether everybody who may see the mailbox may see it.
    pub fn is_shared(&self) -> bool {
        self.0.starts_with("/shared/")
    }

    /// Whether this is an entry and not a level above entries: a root, or one of vendors', whose entries have at least
    /// four levels (RFC 5464 §3.2).
    pub fn may_have_value(&self) -> bool {
        let mut levels = self.0.split('/').skip(2);
        levels.next().is_some_and(|first| first != "vendor" || levels.count() >= 2)
    }

    /// How many levels this name lies below another: 0 for the same one, `None` when it does not.
    pub fn levels_below(&self, other: &Self) -> Option<usize> {
        let rest = self.0.strip_prefix(other.as_str())?;
        match rest.strip_prefix('/') {
            Some(rest) => Some(rest.split('/').count()),
            None if rest.is_empty() => Some(0),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let name = |text: &str| AnnotationName::new(text);
        assert_eq!(name("/Private/Comment").unwrap().as_str(), "/private/comment");
        assert!(name("/shared/vendor/x y").is_ok());
        for bad in [
            "",
            "/privat",
            "/privatex",
            "/private/",
            "/other/x",
            "/shared//x",
            "/shared/x/",
            "/shared/a*",
            "/shared/ü",
        ] {
            assert!(name(bad).is_err(), "{bad}");
        }
        assert!(name(&format!("/private/{}", "x".repeat(248))).is_err());
    }

    #[test]
    fn entries_of_vendors() {
        let may = |text: &str| AnnotationName::new(text).unwrap().may_have_value();
        assert!(may("/private/comment") && may("/shared/vendor/x/y") && may("/private/vendor/x/y/z"));
        assert!(may("/shared/vendors") && may("/shared/x/vendor"));
        assert!(!may("/shared/vendor") && !may("/private/Vendor/x") && !may("/private"));
    }

    #[test]
    fn levels() {
        let name = |text: &str| AnnotationName::new(text).unwrap();
        let a = name("/private/a");
        assert_eq!(name("/private/a").levels_below(&a), Some(0));
        assert_eq!(name("/private/a/b/c").levels_below(&a), Some(2));
        assert_eq!(name("/private/ab").levels_below(&a), None);
        assert_eq!(name("/private/a/b").levels_below(&name("/private")), Some(2));
    }
}
