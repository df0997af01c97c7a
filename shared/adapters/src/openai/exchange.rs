//! One exchange by OpenAI's interface, whoever the server belongs to.

use std::time::Duration;

use bytes::Bytes;
use causeway_cloud::chat::ChatReply;
use causeway_oci_auth::Effects;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{Request, Response};

use super::form;
use crate::chat::{Key, Refused, Watch, Where, request_id};

/// A successful answer, or what came in place of one.
pub(crate) type Answered = Result<Response<Bytes>, Refused>;

/// The head of a question, to which callers add what their server wants besides.
pub(crate) fn head(url: &str) -> Builder {
    Request::post(url).header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json")
}

/// Sends a question, with a key where there is one. A key that is refused is forgotten: it may have been rotated.
pub(crate) async fn send(
    effects: &Effects,
    mut request: Request<Bytes>,
    key: Option<&Key>,
    time: Duration,
    deadline: Deadline,
    whose: Where,
) -> Answered {
    if let Some(key) = key {
        request.headers_mut().insert(AUTHORIZATION, key.bearer(whose, deadline).await?);
    }
    let answer = Watch::new(effects, Some(whose)).ask(request, time, whose, form::error_code).await;
    if let (Err(refused), Some(key)) = (&answer, key)
        && refused.failure.kind() == Kind::Unauthenticated
    {
        key.forget().await;
    }
    answer
}

/// The reply in what came back. A refusal for the sake of its content is one, too.
pub(crate) fn read(answer: Answered, model: &str, whose: Where) -> Result<ChatReply, Refused> {
    match answer {
        Ok(answer) => {
            form::reply(&answer, model).map_err(|reason| whose.unusable(reason, request_id(answer.headers())))
        }
        Err(refused) => form::filtered(&refused.failure, model).ok_or(refused),
    }
}
