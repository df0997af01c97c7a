//! The whole job over the object port: reads the results of earlier agents, or makes the one that is missing.

use causeway_cloud::Objects;
use causeway_resilience::InputError;
use serde_json::Value;

use super::previous::{Previous, Reply};
use super::{AGENT, Answer, Request, strategise};
use crate::budget::{Budget, Clock};
use crate::discovery::RequestError;
use crate::intelligence::request::CatalogueFrom;
use crate::intelligence::{self, Limits};
use crate::result::AgentResult;

/// Answers a request. `limits` are those of the analysis that is made where there is no result of the intelligence
/// agent.
///
/// # Errors
///
/// [`InputError`] when the request cannot be served or the object store fails.
pub async fn plan(
    objects: &Objects,
    request: &Request,
    limits: &Limits,
    clock: &dyn Clock,
    deadline: Option<jiff::Timestamp>,
) -> Result<Answer, InputError> {
    let budget = Budget::until(clock, deadline);
    request.check()?;
    let discovery = match request.discovery() {
        Some((previous, member)) => Some(previous.load(objects, member).await?),
        None => None,
    };
    let intelligence = match request.intelligence() {
        Some((previous, member)) => previous.load(objects, member).await?,
        None => {
            let analysis = analysis(request)?;
            let made = intelligence::analyse(objects, &analysis, limits, clock, deadline).await?;
            reply(made)
        }
    };
    let findings = strategise(request, discovery.as_ref(), Some(&intelligence));
    Ok(Answer::close(AGENT, budget.started(), budget.elapsed_seconds(), findings))
}

fn reply<D>(made: AgentResult<D>) -> Reply {
    Reply { status: Some(made.status), data: made.data, confidence_score: Some(made.confidence_score) }
}

/// What the intelligence agent would have been asked.
fn analysis(request: &Request) -> Result<intelligence::Request, RequestError> {
    let catalogue = match request.discovery() {
        None => None,
        Some((previous, member)) => Some(match previous.place(member)? {
            Some(place) => CatalogueFrom::Object(place.to_string()),
            None => CatalogueFrom::Result(Box::new(catalogue(previous, member)?)),
        }),
    };
    Ok(intelligence::Request {
        catalogue,
        data_sources: request.data_sources.clone(),
        as_of: request.as_of,
        roles: request.roles.clone(),
        currency: request.currency.clone(),
        ..intelligence::Request::default()
    })
}

fn catalogue(previous: &Previous, member: &str) -> Result<intelligence::catalogue::Catalogue, RequestError> {
    let (Previous::Result { result: reply } | Previous::Reply(reply)) = previous else {
        return Err(RequestError { path: member.to_owned(), message: "names no result".to_owned() });
    };
    let text: Value = serde_json::json!({ "data": reply.data });
    let message = "is no result of the discovery agent".to_owned();
    serde_json::from_value(text).map_err(|_| RequestError { path: member.to_owned(), message })
}
