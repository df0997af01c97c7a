//! What can go wrong in this crate, beyond the errors that `object_store` defines itself.

use std::path::PathBuf;

/// A refusal of the local adapter or of a location that a user typed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The location is absolute, has a `..` or empty segment, or cannot name an object at all.
    #[error("the location {location:?} {reason}")]
    Location {
        /// The text as it was given.
        location: String,
        /// What is wrong with it, as the end of a sentence.
        reason: &'static str,
    },
    /// The entry resolves to a place outside the root directory, usually through a symbolic link.
    #[error("the entry {entry:?} leads outside the root directory")]
    Outside {
        /// The entry relative to the root.
        entry: String,
    },
    /// The entry is neither a regular file nor a directory, or its name is not valid UTF-8.
    #[error("the entry {entry:?} {reason}")]
    Unusable {
        /// The entry relative to the root, lossy where its name is not UTF-8.
        entry: String,
        /// What is wrong with it, as the end of a sentence.
        reason: &'static str,
    },
    /// The root directory is missing, is not a directory or cannot be opened.
    #[error("the root directory {} cannot be used", root.display())]
    Root {
        /// The directory as it was configured.
        root: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    /// Wraps the refusal in the port's own error, as `PermissionDenied` for `location`.
    #[must_use]
    pub fn into_denied(self, location: impl Into<String>) -> object_store::Error {
        object_store::Error::PermissionDenied { path: location.into(), source: Box::new(self) }
    }
}
