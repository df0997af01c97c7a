//! What can go wrong with shared state.

use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;

/// Failure of a state operation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// Somebody else wrote meanwhile. Read again and decide anew.
    #[error("the document {0:?} was changed by somebody else")]
    Conflict(String),
    /// A later holder of the lease has written: this one is over.
    #[error("the document {key:?} belongs to epoch {theirs}, this holder's is {ours}")]
    Fenced {
        /// The document.
        key: String,
        /// Epoch of this writer.
        ours: u64,
        /// Epoch that the document has.
        theirs: u64,
    },
    /// The document is larger than documents may be.
    #[error("the document {key:?} has {bytes} bytes, at most {max} are allowed")]
    TooLarge {
        /// The document.
        key: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The document is not what this program writes.
    #[error("the document {key:?} cannot be read: {reason}")]
    Malformed {
        /// The document.
        key: String,
        /// Where and why, without its content.
        reason: String,
    },
    /// The key cannot name a document.
    #[error("{0:?} cannot name a document")]
    BadKey(String),
    /// The store failed; whether a write arrived is unknown.
    #[error("the object store failed")]
    Store(#[source] object_store::Error),
}

/// For callers that can only pass a failure of the state on. Conflicts are decided where they happen.
impl From<StateError> for ServiceFailure {
    fn from(error: StateError) -> Self {
        let kind = match &error {
            StateError::Conflict(_) | StateError::Fenced { .. } => Kind::Conflict,
            StateError::TooLarge { .. } | StateError::BadKey(_) => Kind::Invalid,
            StateError::Malformed { .. } => Kind::BadAnswer,
            StateError::Store(object_store::Error::PermissionDenied { .. }) => Kind::Denied,
            StateError::Store(object_store::Error::Unauthenticated { .. }) => Kind::Unauthenticated,
            StateError::Store(object_store::Error::NotFound { .. }) => Kind::NotFound,
            StateError::Store(_) => Kind::Unavailable,
        };
        let may_have_happened = matches!(error, StateError::Store(_));
        let failure = Self::new(kind, "state", "access", error.to_string());
        failure.with_unknown_effect(may_have_happened).with_source(error)
    }
}
