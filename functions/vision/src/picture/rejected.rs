//! Why a file is refused.

/// A file that cannot be used: the answer to whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejected {
    /// HTTP status: 400 nothing was sent, 413 too large to be decoded, 415 not a format that is decoded, 422 broken.
    pub status: u16,
    /// Stable name of the reason, in snake case.
    pub code: &'static str,
    /// The reason in words; holds numbers and format names, nothing of the file's content.
    pub detail: String,
}

impl Rejected {
    pub(super) fn empty() -> Self {
        Self { status: 400, code: "empty_file", detail: "the file has no bytes".to_owned() }
    }

    pub(super) fn too_large(detail: String) -> Self {
        Self { status: 413, code: "image_too_large", detail }
    }

    pub(super) fn unsupported(detail: String) -> Self {
        Self { status: 415, code: "unsupported_media_type", detail }
    }

    pub(super) fn unreadable(detail: impl Into<String>) -> Self {
        Self { status: 422, code: "unreadable_image", detail: detail.into() }
    }
}
