//! Tables of HTTP statuses and error codes: which answers a rule means.

use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Which error codes of a status are meant. The code is the `code` member of the error body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// Every one, and also an answer without a code.
    Any,
    /// Only these, compared exactly.
    Only(Cow<'static, [Cow<'static, str>]>),
    /// None of them: an exception from a later line.
    Never,
}

/// One line: a range of statuses and the codes that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    statuses: RangeInclusive<u16>,
    codes: Codes,
}

impl Line {
    /// A line for a range of statuses.
    #[must_use]
    pub const fn new(statuses: RangeInclusive<u16>, codes: Codes) -> Self {
        Self { statuses, codes }
    }
}

/// Lines of statuses; the first line that holds a status decides about it.
///
/// ```
/// use causeway_resilience::status::Table;
///
/// let table = Table::OCI_RETRIED;
/// assert!(table.holds(409, Some("IncorrectState")));
/// assert!(!table.holds(409, Some("Conflict")));
/// assert!(table.holds(503, None));
/// assert!(!table.holds(501, None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table(Cow<'static, [Line]>);

const fn status(status: u16) -> Line {
    Line::new(status..=status, Codes::Any)
}

const OCI_CONFLICTS: Line =
    Line::new(409..=409, Codes::Only(Cow::Borrowed(&[Cow::Borrowed("IncorrectState"), Cow::Borrowed("LockConflict")])));
const NOT_IMPLEMENTED: Line = Line::new(501..=501, Codes::Never);
const SERVER_ERRORS: Line = Line::new(500..=999, Codes::Any);

impl Table {
    /// No status at all.
    pub const NONE: Self = Self(Cow::Borrowed(&[]));
    /// What the OCI SDK for Python retries by default: 409 with `IncorrectState` or `LockConflict`, 429, and
    /// everything from 500 on except 501 (`oci.retry.DEFAULT_RETRY_STRATEGY`).
    pub const OCI_RETRIED: Self = Self(Cow::Borrowed(&[OCI_CONFLICTS, status(429), NOT_IMPLEMENTED, SERVER_ERRORS]));
    /// Everything from 500 on except 501: what the same SDK retries at the federation endpoint
    /// (`oci.retry.DEFAULT_FEDERATION_CLIENT_RETRY_STRATEGY`).
    pub const SERVER_ERRORS: Self = Self(Cow::Borrowed(&[NOT_IMPLEMENTED, SERVER_ERRORS]));
    /// What the same SDK retries at the instance metadata service: also 404, since certificates may not be
    /// there yet when an instance starts.
    pub const OCI_METADATA: Self = Self(Cow::Borrowed(&[status(404), status(429), NOT_IMPLEMENTED, SERVER_ERRORS]));
    /// What both OCI SDKs count as a failure in their circuit breakers
    /// (`oci.circuit_breaker.DEFAULT_CIRCUIT_BREAKER_FAILURE_STATUSES_AND_CODES`).
    pub const OCI_TRANSIENT: Self =
        Self(Cow::Borrowed(&[OCI_CONFLICTS, status(429), status(500), Line::new(502..=504, Codes::Any)]));
    /// The usual signs of an overloaded or broken server: 408, 429, and everything from 500 on except 501.
    pub const OVERLOADED_OR_BROKEN: Self =
        Self(Cow::Borrowed(&[status(408), status(429), NOT_IMPLEMENTED, SERVER_ERRORS]));

    /// A table of one's own.
    #[must_use]
    pub fn new(lines: Vec<Line>) -> Self {
        Self(Cow::Owned(lines))
    }

    /// Whether an answer with this status and error code is meant.
    #[must_use]
    pub fn holds(&self, status: u16, code: Option<&str>) -> bool {
        match self.0.iter().find(|line| line.statuses.contains(&status)).map(|line| &line.codes) {
            Some(Codes::Any) => true,
            Some(Codes::Only(codes)) => code.is_some_and(|code| codes.iter().any(|known| known == code)),
            Some(Codes::Never) | None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_line_decides() {
        let table = Table::new(vec![
            Line::new(404..=404, Codes::Only(Cow::Owned(vec!["Late".into()]))),
            Line::new(400..=499, Codes::Any),
        ]);
        for (status, code, expected) in [
            (404, Some("Late"), true),
            (404, Some("late"), false),
            (404, None, false),
            (410, None, true),
            (399, None, false),
            (500, None, false),
        ] {
            assert_eq!(table.holds(status, code), expected, "{status} {code:?}");
        }
        assert!(!Table::NONE.holds(500, None));
    }

    #[test]
    fn not_implemented_is_never_held() {
        for table in [Table::OCI_RETRIED, Table::SERVER_ERRORS, Table::OCI_METADATA, Table::OVERLOADED_OR_BROKEN] {
            assert!(table.holds(500, None) && table.holds(505, None) && table.holds(599, None));
            assert!(!table.holds(501, Some("MethodNotImplemented")) && !table.holds(200, None));
        }
        assert!(!Table::OCI_TRANSIENT.holds(505, None));
    }
}
