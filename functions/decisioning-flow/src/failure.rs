//! Failures of the store, in the words of the runtime.

use causeway_cloud::state::StateError;
use causeway_resilience::ServiceFailure;
use causeway_runtime::Error;

/// What the caller of the flow is told of a failure of the state.
pub(crate) fn of_state(error: StateError) -> Error {
    match error {
        StateError::Conflict(_) | StateError::Fenced { .. } => {
            let text = "another invocation has taken the run over; ask again for its result";
            Error::client(409, "run_taken_over", text).with_source(error)
        }
        StateError::TooLarge { bytes, max, .. } => {
            let text = format!("what has to be stored has {bytes} bytes, at most {max} are possible");
            Error::client(413, "too_large", text).with_source(error)
        }
        other => ServiceFailure::from(other).into(),
    }
}
