//! What is wrong with the form of an answer.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest piece of an answer that a fault quotes, in characters.
const MAX_QUOTE: usize = 40;

/// A fault of an answer, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Which fault it is.
    pub code: FaultCode,
    /// JSON path, such as `$.damage.indicators.leakage.severity`.
    pub path: String,
    /// What is wrong, as the end of a sentence.
    pub detail: String,
}

/// The faults that an answer can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultCode {
    /// There is no JSON in it.
    NoJson,
    /// It ends before the JSON does.
    Truncated,
    /// What looks like JSON breaks its grammar.
    BadJson,
    /// It is nested deeper than any right answer.
    TooDeep,
    /// The answer, a list or a text is longer than any right one.
    TooLong,
    /// It is not an object.
    NotAnObject,
    /// It is a list, be it of one answer.
    List,
    /// It holds several answers that differ.
    SeveralAnswers,
    /// An object has the same member twice.
    DuplicateMember,
    /// An object has a member that was not asked for.
    UnknownMember,
    /// A member is missing.
    MissingMember,
    /// A value is null.
    Null,
    /// A number is written as text.
    NumberAsText,
    /// A value is of another type than asked for.
    WrongType,
    /// A word is not one of those that may be used.
    WrongWord,
    /// A number is out of its range.
    OutOfRange,
    /// A damage is said to be there, and its item, place or evidence is not told.
    NoEvidence,
}

impl Fault {
    pub(super) fn new(code: FaultCode, path: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, path: path.into(), detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.path, self.detail)
    }
}

/// A piece of what a model wrote, short and on one line.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MAX_QUOTE).is_some() {
        shown.push_str("...");
    }
    format!("{shown:?}")
}
