//! The invoker port, with functions whose behaviour is known.

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;

use super::{Finding, expect, refused, shows_nothing_of, works};
use crate::Invoker;
use crate::invoker::{Call, Outcome};

/// The deployment behind the port.
#[async_trait]
pub trait Functions: Send + Sync {
    /// Name of a function that answers with what it gets.
    fn echo(&self) -> &str;

    /// Name of a function that always fails.
    fn failing(&self) -> &str;

    /// Payloads with which the first of them ran since the last look, detached calls included.
    async fn ran(&self) -> Vec<Bytes>;
}

/// Runs every check.
///
/// # Errors
///
/// The first finding.
pub async fn all(invoker: &dyn Invoker, functions: &dyn Functions, deadline: Deadline) -> Finding {
    an_answer_comes_back(invoker, functions, deadline).await?;
    a_failure_of_the_function_is_an_outcome(invoker, functions, deadline).await?;
    nobody_waits_for_a_detached_call(invoker, functions, deadline).await?;
    what_cannot_be_called_is_refused(invoker, functions, deadline).await
}

/// The answer is the function's, byte by byte, and it ran once.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn an_answer_comes_back(invoker: &dyn Invoker, functions: &dyn Functions, deadline: Deadline) -> Finding {
    for is_idempotent in [false, true] {
        let payload = Bytes::from(format!("{{\"text\": \"größer\\u0000\", \"again\": {is_idempotent}}}"));
        let traceparent = Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".to_owned());
        let call = Call { payload: payload.clone(), is_idempotent, traceparent, ..Call::default() };
        match works("a call", invoker.invoke(functions.echo(), &call, deadline).await)? {
            Outcome::Answered { body, .. } if body == payload => {}
            other => return Err(format!("a call gave {other:?}")),
        }
        let ran = functions.ran().await;
        expect(ran == [payload], || format!("the function ran {} times", ran.len()))?;
    }
    Ok(())
}

/// A function that ran and failed is no failure of the service: the failure has a name.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_failure_of_the_function_is_an_outcome(
    invoker: &dyn Invoker,
    functions: &dyn Functions,
    deadline: Deadline,
) -> Finding {
    let call = Call { payload: Bytes::from_static(b"{}"), ..Call::default() };
    match works("a call of a failing function", invoker.invoke(functions.failing(), &call, deadline).await)? {
        Outcome::Failed { code, message, .. } => {
            expect(!code.is_empty() && message.len() <= 2000, || format!("{code:?}, {} bytes", message.len()))
        }
        other => Err(format!("a failing function gave {other:?}")),
    }
}

/// A detached call is accepted, and the function runs.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn nobody_waits_for_a_detached_call(
    invoker: &dyn Invoker,
    functions: &dyn Functions,
    deadline: Deadline,
) -> Finding {
    let payload = Bytes::from_static(b"{\"detached\": true}");
    let call = Call { payload: payload.clone(), is_detached: true, ..Call::default() };
    match works("a detached call", invoker.invoke(functions.echo(), &call, deadline).await)? {
        Outcome::Accepted { .. } => {}
        other => return Err(format!("a detached call gave {other:?}")),
    }
    let ran = functions.ran().await;
    expect(ran == [payload], || format!("the function ran {} times", ran.len()))
}

/// A function that is not there is not found; a payload that is too large is refused and not shown.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn what_cannot_be_called_is_refused(
    invoker: &dyn Invoker,
    functions: &dyn Functions,
    deadline: Deadline,
) -> Finding {
    let call = Call { payload: Bytes::from_static(b"{}"), ..Call::default() };
    let nobody = invoker.invoke("no-such-function", &call, deadline).await;
    refused("a call of no function", nobody, &[Kind::NotFound])?;
    let hidden = "words-of-the-payload ";
    let payload = format!("{:?}", hidden.repeat((7 << 20) / hidden.len())).into();
    let large = Call { payload, ..Call::default() };
    let failure = refused("7 MiB", invoker.invoke(functions.echo(), &large, deadline).await, &[Kind::Invalid])?;
    shows_nothing_of(&failure, hidden)?;
    let ran = functions.ran().await;
    expect(ran.is_empty(), || format!("the function ran {} times", ran.len()))
}
