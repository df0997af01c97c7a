//! The whole job over the object port: reads the results of earlier agents and decides.

use causeway_cloud::Objects;
use causeway_resilience::InputError;

use super::{AGENT, Agent, Answer, Replies, Request, decide};
use crate::budget::{Budget, Clock};
use crate::strategy::previous::Reply;

/// Answers a request.
///
/// # Errors
///
/// [`InputError`] when the request cannot be served or the object store fails.
pub async fn synthesise(objects: &Objects, request: &Request, clock: &dyn Clock) -> Result<Answer, InputError> {
    let budget = Budget::until(clock, None);
    request.check()?;
    let mut loaded: [Option<Reply>; 3] = [None, None, None];
    for (place, agent) in loaded.iter_mut().zip(Agent::ALL) {
        if let Some((previous, member)) = request.previous(agent) {
            *place = Some(previous.load(objects, &member).await?);
        }
    }
    let [discovery, intelligence, strategy] = &loaded;
    let replies =
        Replies { discovery: discovery.as_ref(), intelligence: intelligence.as_ref(), strategy: strategy.as_ref() };
    let findings = decide(request, &replies)?;
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}
