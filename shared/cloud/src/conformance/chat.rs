//! The language model port, with a model whose answer is known.

use bytes::Bytes;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;

use super::{Finding, expect, refused, shows_nothing_of, works};
use crate::ChatModel;
use crate::chat::{ChatQuestion, Finish, Part};

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\rIDATx\x9cc\xfc\xcf\xc0P\x0f\0\x04\x85\x01\x80\x84\xa9\x8c!\0\0\0\0IEND\xaeB`\x82";

/// A question with a picture is answered, and question and answer do not show.
///
/// # Errors
///
/// A sentence that says which promise is broken.
pub async fn a_picture_is_described(model: &dyn ChatModel, answer: &str, deadline: Deadline) -> Finding {
    let image = Part::Image { media_type: "image/png".to_owned(), bytes: Bytes::from_static(PIXEL) };
    let parts = vec![Part::Text("What is it?".to_owned()), image];
    let question = ChatQuestion { parts, max_tokens: Some(100), ..ChatQuestion::default() };
    let reply = works("asking", model.ask(&question, deadline).await)?;
    expect(reply.text == answer && reply.finish == Finish::Complete, || format!("{:?} {reply:?}", reply.text))?;
    expect(!reply.model.is_empty() && !model.name().is_empty(), || "the model has no name".to_owned())?;
    expect(!format!("{reply:?}").contains(answer), || "the answer shows".to_owned())
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
    shows_nothing_of(&failure, hidden)
}
