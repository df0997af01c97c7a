//! A narrative: the facts of a decision, phrased by a language model and checked word for word.
//!
//! The model is trusted with nothing. It is shown the facts, and what it answers is read by rules alone: a text that
//! says anything else than the facts is dropped, with the reason in `coverage.narrative`. Texts that come
//! from the data can be quoted whole under their own name and not otherwise, so what they ask for changes nothing.
//! Neither the status of the result nor its confidence depends on the narrative.

mod check;
mod fact;
mod facts;
mod prompt;
mod tokens;

use causeway_cloud::ChatModel;
use causeway_cloud::chat::{ChatReply, Finish};
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::decision::data::{Data, Narrative};
use check::Reader;
use fact::Fact;

/// Longest answer that is looked at, in bytes.
const MAX_ANSWER: usize = 16 << 10;

/// Why there is no narrative. No word of the model is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// Nothing was computed.
    #[error("there is no figure to phrase")]
    NoFacts,
    /// The model did not answer by the deadline.
    #[error("the model did not answer in time")]
    Late,
    /// The call failed.
    #[error("the model could not be asked ({})", .0.name())]
    Failed(Kind),
    /// The answer is a piece.
    #[error("the answer was cut at the limit of its length")]
    Cut,
    /// The provider held the answer back.
    #[error("the provider held the answer back")]
    Filtered,
    /// The answer is no JSON object with the one member `text`.
    #[error("the answer is not of the form that was asked for")]
    Form,
    /// There is no text in it.
    #[error("the text is empty")]
    Empty,
    /// It is longer than was asked for.
    #[error("the text is too long")]
    TooLong,
    /// A number is not the value of the figure that it follows.
    #[error("sentence {sentence} has a number that is not the value of the figure named before it")]
    Number {
        /// From 1.
        sentence: usize,
    },
    /// A word of direction does not agree with the change of the figure that it follows.
    #[error("sentence {sentence} gives a direction that the figure named before it does not have")]
    Direction {
        /// From 1.
        sentence: usize,
    },
    /// A word, name or sign is neither in the facts nor among those that say nothing.
    #[error("sentence {sentence} has a word or sign that no figure given accounts for")]
    Word {
        /// From 1.
        sentence: usize,
    },
    /// A sentence states nothing, or names something and does not say its value.
    #[error("sentence {sentence} names something without its value")]
    Nothing {
        /// From 1.
        sentence: usize,
    },
}

impl From<ServiceFailure> for Dropped {
    fn from(failure: ServiceFailure) -> Self {
        if failure.kind() == Kind::Timeout { Self::Late } else { Self::Failed(failure.kind()) }
    }
}

/// Asks the model for a narrative of the decision agent's `data`, and checks it.
///
/// # Errors
/// Why there is none; the result is complete without it.
pub async fn narrate(data: &Value, model: &dyn ChatModel, deadline: Deadline) -> Result<Narrative, Dropped> {
    let data = Data::deserialize(data).map_err(|_| Dropped::NoFacts)?;
    let facts = facts::facts(&data);
    // The numbers of decisions are always there.
    if !facts.iter().any(has_figure) {
        return Err(Dropped::NoFacts);
    }
    let question = prompt::question(&facts);
    let reply = model.ask(&question, deadline).await?;
    let (text, evidence) = checked(&reply, &facts)?;
    let prompt_sha256 = prompt::hash(&question);
    Ok(Narrative { text, model: model.name().to_owned(), answered_by: reply.model, prompt_sha256, evidence })
}

fn has_figure(fact: &Fact) -> bool {
    fact.values.iter().any(|stated| !matches!(stated.value, fact::Value::Count(_)))
}

/// The text of an answer that says nothing but the facts, and the places of those that it states.
fn checked(reply: &ChatReply, facts: &[Fact]) -> Result<(String, Vec<String>), Dropped> {
    match reply.finish {
        Finish::Length => return Err(Dropped::Cut),
        Finish::Filtered => return Err(Dropped::Filtered),
        Finish::Complete | Finish::Other(_) => {}
    }
    if reply.text.len() > MAX_ANSWER {
        return Err(Dropped::TooLong);
    }
    let form: prompt::Form = serde_json::from_str(&reply.text).map_err(|_| Dropped::Form)?;
    let evidence = Reader::new(facts).read(&form.text)?;
    Ok((form.text.split_whitespace().collect::<Vec<_>>().join(" "), evidence))
}

/// Puts the narrative, or why there is none, into the decision agent's `data`.
pub fn enter(data: &mut Value, told: Result<Narrative, Dropped>) {
    match (told, data.as_object_mut()) {
        (Ok(narrative), Some(data)) => {
            data.insert("narrative".to_owned(), json!(narrative));
        }
        (Err(dropped), Some(data)) => {
            if let Some(coverage) = data.get_mut("coverage").and_then(Value::as_object_mut) {
                coverage.insert("narrative".to_owned(), json!(dropped.to_string()));
            }
        }
        (_, None) => {}
    }
}

#[cfg(test)]
mod tests;
