//! What SORT orders by and how THREAD gathers (RFC 5256, RFC 5957).

/// One sort criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SortCriterion {
    /// What is compared.
    pub by: SortBy,
    /// Which way.
    pub order: SortOrder,
}

/// What is compared; texts by i;unicode-casemap, what is absent as the empty text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// Internal date and time.
    Arrival,
    /// Local part of the first `Cc:` address.
    Cc,
    /// The `Date:` field in UTC; the internal date where there is none.
    Date,
    /// Name of the first `From:` address, else the address (RFC 5957).
    DisplayFrom,
    /// Name of the first `To:` address, else the address (RFC 5957).
    DisplayTo,
    /// Local part of the first `From:` address.
    From,
    /// RFC822.SIZE
    Size,
    /// Base subject (RFC 5256 §2.1).
    Subject,
    /// Local part of the first `To:` address.
    To,
}

impl SortBy {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrival => "ARRIVAL",
            Self::Cc => "CC",
            Self::Date => "DATE",
            Self::DisplayFrom => "DISPLAYFROM",
            Self::DisplayTo => "DISPLAYTO",
            Self::From => "FROM",
            Self::Size => "SIZE",
            Self::Subject => "SUBJECT",
            Self::To => "TO",
        }
    }

    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Arrival,
        Self::Cc,
        Self::Date,
        Self::DisplayFrom,
        Self::DisplayTo,
        Self::From,
        Self::Size,
        Self::Subject,
        Self::To,
    ];
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortOrder {
    /// Smaller and earlier first.
    Ascending,
    /// `REVERSE`
    Descending,
}

/// Threading algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThreadBy {
    /// `ORDEREDSUBJECT`
    OrderedSubject,
    /// `REFERENCES`
    References,
}

impl ThreadBy {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderedSubject => "ORDEREDSUBJECT",
            Self::References => "REFERENCES",
        }
    }
}
