//! Which errors of a store are answers, and which are illness.

use std::sync::{Mutex, PoisonError};

use causeway_cloud::state::StateError;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use object_store::{Error, Result};

/// Name of the storage in errors.
const STORAGE: &str = "storage";

/// What a side that works says: also that there is no such object, or that a condition does not hold.
pub(super) type Answer<T> = Result<T>;

/// The same in a form that chains can look at from several threads, which bodies cannot.
pub(super) struct Given<T>(Mutex<Answer<T>>);

impl<T> Given<T> {
    pub(super) fn new(answer: Answer<T>) -> Self {
        Self(Mutex::new(answer))
    }

    pub(super) fn answer(self) -> Answer<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer of a side, or its failure.
pub(super) fn judged<T>(
    side: &str,
    operation: &'static str,
    result: Result<T>,
) -> std::result::Result<Given<T>, ServiceFailure> {
    match result {
        Err(error) if !is_answer(&error) => Err(failure(side, operation, error)),
        answer => Ok(Given::new(answer)),
    }
}

/// An answer of the second side in place of the first. What it lacks the first may well have: that says nothing.
pub(super) fn instead<T>(
    side: &str,
    operation: &'static str,
    result: Result<T>,
) -> std::result::Result<Given<T>, ServiceFailure> {
    match judged(side, operation, result)?.answer() {
        Err(Error::NotFound { .. }) => Err(ServiceFailure::not_configured(side, "it has no copy of the object")),
        Err(error @ (Error::PermissionDenied { .. } | Error::Unauthenticated { .. })) => {
            Err(StateError::Store(error).into())
        }
        answer => Ok(Given::new(answer)),
    }
}

fn is_answer(error: &Error) -> bool {
    !matches!(error, Error::Generic { .. } | Error::JoinError { .. })
}

/// With what the service said of when to come back, where the client knows.
fn failure(side: &str, operation: &'static str, error: Error) -> ServiceFailure {
    if let Error::Generic { source, .. } = &error {
        if let Some(known) = source.downcast_ref::<causeway_oci_client::Error>() {
            return ServiceFailure::from(known.clone());
        }
        if let Some(known) = source.downcast_ref::<ServiceFailure>() {
            return known.clone();
        }
    }
    let failure = ServiceFailure::new(Kind::Unavailable, side, operation, error.to_string());
    failure.with_unknown_effect(true).with_source(error)
}

/// No side has answered.
pub(super) fn error(failure: ServiceFailure) -> Error {
    Error::Generic { store: STORAGE, source: Box::new(failure) }
}
