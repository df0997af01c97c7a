//! What is odd about a file that can be used all the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something odd about a file that can be used all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issue {
    /// Stable name.
    pub code: IssueCode,
    /// In words.
    pub detail: String,
}

/// Stable names of what can be odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueCode {
    /// The name's extension states another format than the bytes.
    ExtensionMismatch,
    /// The content type states another format than the bytes.
    ContentTypeMismatch,
    /// More than one frame, or a film behind the picture (a motion photo): the first, or the picture, is used.
    MultipleFrames,
    /// Bytes of another file type are appended; they are not passed on.
    ForeignData,
    /// EXIF is there and cannot be read.
    ExifUnreadable,
}

impl Issue {
    pub(super) fn new(code: IssueCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}
