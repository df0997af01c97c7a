//! The language model port, with a model whose answer is known.

use std::time::Instant;

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use serde_json::{Value, json};

use super::{Finding, expect, refused, shows_nothing_of, works};
use crate::ChatModel;
use crate::chat::{AttemptOutcome, Attempts, ChatQuestion, ChatReply, Finish, Part, Schema};

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\x9cc\xfc\xcf\xc0P\x0f\0\x04\x85\x01\x80\x84\xa9\x8c!\0\0\0\0IEND\xaeB`\x82";

/// The question about a picture that [`a_picture_is_described`] asks.
#[must_use]
pub fn about_a_picture() -> ChatQuestion {
    let image = Part::Image { media_type: "image/png".to_owned(), bytes: Bytes::from_static(PIXEL) };
    let parts = vec![Part::Text("What is it?".to_owned()), image];
    ChatQuestion { parts, max_tokens: Some(100), ..ChatQuestion::default() }
}

/// The question with a schema that [`a_form_is_kept`] asks.
#[must_use]
pub fn with_a_form() -> ChatQuestion {
    let schema = json!({
        "type": "object",
        "properties": { "grey": { "type": "boolean" } },
        "required": ["grey"],
        "additionalProperties": false,
    });
    let schema = Some(Schema { name: "pixel".to_owned(), schema });
    ChatQuestion { instructions: Some("Look at the picture.".to_owned()), schema, ..about_a_picture() }
}

/// A question with a picture is answered, and question and answer do not show.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_picture_is_described(model: &dyn ChatModel, answer: &str, deadline: Deadline) -> Finding {
    let reply = works("asking", model.ask(&about_a_picture(), deadline).await)?;
    expect(reply.text == answer && reply.finish == Finish::Complete, || format!("{:?} {reply:?}", reply.text))?;
    expect(reply.structured_output.is_none(), || "a form was used that nobody asked for".to_owned())?;
    expect(!format!("{reply:?}").contains(answer), || "the answer shows".to_owned())?;
    says_who_answered(model, &reply)
}

/// A question with a schema is answered with JSON, and the reply says how that was asked for.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_form_is_kept(model: &dyn ChatModel, answer: &Value, deadline: Deadline) -> Finding {
    let reply = works("asking", model.ask(&with_a_form(), deadline).await)?;
    let read: Option<Value> = serde_json::from_str(&reply.text).ok();
    expect(read.as_ref() == Some(answer), || format!("{:?}", reply.text))?;
    expect(reply.structured_output.is_some(), || "it does not say how the form was asked for".to_owned())?;
    says_who_answered(model, &reply)
}

fn says_who_answered(model: &dyn ChatModel, reply: &ChatReply) -> Finding {
    let has_names = !model.name().is_empty() && !reply.model.is_empty() && !reply.provider.is_empty();
    expect(has_names, || format!("a name is missing: {reply:?}"))?;
    let last = reply.attempts.last().ok_or("no try is told of")?;
    let is_answer = last.outcome == AttemptOutcome::Answered && last.provider == reply.provider;
    expect(is_answer, || format!("the last try brought no answer: {last:?}"))
}

/// A model that is not there is not found.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn missing(model: &dyn ChatModel, deadline: Deadline) -> Finding {
    let hidden = "words-of-the-question";
    let question = ChatQuestion { parts: vec![Part::Text(hidden.to_owned())], ..ChatQuestion::default() };
    let failure = refused("asking no model", model.ask(&question, deadline).await, &[Kind::NotFound])?;
    expect(!Attempts::of(&failure).is_empty(), || "no try is told of".to_owned())?;
    shows_nothing_of(&failure, hidden)
}

/// Without time nothing is asked.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn no_time(model: &dyn ChatModel) -> Finding {
    let over = Deadline::at(Instant::now());
    refused("asking without time", model.ask(&about_a_picture(), over).await, &[Kind::Timeout]).map(drop)
}
