//! What every adapter of a port must do, as checks that any test can call.
//!
//! A check takes the port and what the test has prepared on the other side: a topic that can be read back, a secret
//! with its content, a function that fails. It gives a message instead of panicking, so that a run by hand against a
//! live account reads well. Each port has a module, whose `all` runs the checks that need no special preparation one
//! after another.

pub mod chat;
pub mod failures;
pub mod fleet;
pub mod invoker;
pub mod metrics;
pub mod notifier;
pub mod objects;
pub mod secrets;
pub mod state;
pub mod usage;

use std::fmt::Debug;

use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;

pub use objects::all;

/// What a check found wrong, as a sentence.
pub type Finding = Result<(), String>;

fn expect(holds: bool, finding: impl FnOnce() -> String) -> Finding {
    if holds { Ok(()) } else { Err(finding()) }
}

/// What a call that has to work gave.
fn works<T>(what: &str, outcome: Result<T, ServiceFailure>) -> Result<T, String> {
    outcome.map_err(|failure| format!("{what} failed: {failure} ({:?})", failure.kind()))
}

/// The failure of a call that has to be refused as one of these kinds, certainly without effect.
fn refused<T: Debug>(what: &str, outcome: Result<T, ServiceFailure>, kinds: &[Kind]) -> Result<ServiceFailure, String> {
    let failure = outcome.err().ok_or_else(|| format!("{what} worked"))?;
    let kind = failure.kind();
    expect(kinds.contains(&kind), || format!("{what} failed as {kind:?}: {failure}"))?;
    expect(!failure.may_have_happened(), || format!("{what} may have happened: {failure}"))?;
    Ok(failure)
}

/// A failure goes to logs and operators: nothing of what was sent, and no credential, may be in it.
fn shows_nothing_of(failure: &ServiceFailure, hidden: &str) -> Finding {
    let shown = format!("{failure} {failure:?} {}", failure.reason());
    expect(!shown.contains(hidden), || format!("a failure of {} shows what was sent", failure.operation()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_executor::block_on;
    use object_store::memory::InMemory;

    use super::*;
    use crate::local::Store;

    #[test]
    fn state_on_objects_in_memory() {
        block_on(state::all(&(Arc::new(InMemory::new()) as crate::Objects), "state")).unwrap();
    }

    #[test]
    fn state_in_a_local_directory() {
        let directory = tempfile::tempdir().unwrap();
        let store: crate::Objects = Arc::new(Store::open(directory.path()).unwrap());
        block_on(state::all(&store, "state")).unwrap();
    }

    #[test]
    fn a_refusal_must_be_of_its_kind_and_certain() {
        let failure = |unknown: bool| ServiceFailure::new(Kind::Denied, "s", "Op", "why").with_unknown_effect(unknown);
        assert!(refused::<()>("it", Err(failure(false)), &[Kind::NotFound, Kind::Denied]).is_ok());
        assert!(refused::<()>("it", Err(failure(false)), &[Kind::NotFound]).unwrap_err().contains("Denied"));
        assert!(refused::<()>("it", Err(failure(true)), &[Kind::Denied]).unwrap_err().contains("may have"));
        assert_eq!(refused("it", Ok(()), &[Kind::Denied]).unwrap_err(), "it worked");
        assert!(shows_nothing_of(&failure(false), "why").is_err());
    }
}
