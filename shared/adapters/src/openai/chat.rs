//! An OpenAI-compatible server.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::chat::{ChatQuestion, ChatReply, StructuredOutput};
use causeway_oci_auth::Effects;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use tokio::time::Instant;

use super::form;
use crate::chat::{Key, Refused, Watch, Where, Wire};

/// What failures and logs call it.
const WHERE: Where = Where { service: "openai", operation: "ChatCompletions" };

/// One model of one server.
pub(crate) struct Server {
    effects: Effects,
    name: String,
    model: String,
    url: String,
    key: Option<Key>,
}

impl Server {
    /// `base` is the URL before `/chat/completions`.
    pub(crate) fn new(effects: Effects, model: String, base: &str, key: Option<Key>) -> Self {
        Self { effects, name: format!("openai/{model}"), url: format!("{base}/chat/completions"), model, key }
    }

    async fn request(
        &self,
        question: &ChatQuestion,
        how: Option<StructuredOutput>,
        deadline: Deadline,
    ) -> Result<Request<Bytes>, Refused> {
        let body = Bytes::from(form::request(question, &self.model, how).to_string());
        let mut request = Request::post(&self.url).header(CONTENT_TYPE, "application/json");
        request = request.header(ACCEPT, "application/json");
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, key.bearer(WHERE, deadline).await?);
        }
        request.body(body).map_err(|_| WHERE.fails(Kind::Invalid, "the URL is malformed").into())
    }
}

#[async_trait]
impl Wire for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        WHERE.service
    }

    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
    ) -> Result<ChatReply, Refused> {
        let deadline = Deadline::within(Instant::now().into_std(), Some(time));
        let request = self.request(question, form, deadline).await?;
        let answer = match Watch::new(&self.effects, Some(WHERE)).ask(request, time, WHERE, form::error_code).await {
            Ok(answer) => answer,
            Err(refused) => {
                if let (Kind::Unauthenticated, Some(key)) = (refused.failure.kind(), &self.key) {
                    key.forget().await;
                }
                return form::filtered(&refused.failure, &self.model).ok_or(refused);
            }
        };
        let id = || crate::chat::request_id(answer.headers());
        form::reply(&answer, &self.model).map_err(|reason| WHERE.unusable(reason, id()))
    }
}
