//! Generative AI by its OpenAI-compatible routes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::chat::{ChatQuestion, ChatReply, StructuredOutput};
use causeway_oci_auth::call::{Call, CallError};
use causeway_oci_auth::endpoint::Service;
use causeway_oci_auth::{Effects, home_region};
use causeway_resilience::Deadline;
use causeway_resilience::retry::Policy;
use causeway_resilience::service::Kind;
use http::Request;
use tokio::time::Instant;

use super::Oci;
use crate::chat::{Key, MAX_ANSWER, Refused, Said, Watch, Where, Wire};
use crate::openai::exchange::{self, Answered};
use crate::openai::form;

const SERVICE: &str = "generative_ai";
const WHERE: Where = Where { service: SERVICE, operation: "ChatCompletions" };

/// One model. Requests are signed by the principal, or carry a key of Generative AI.
pub(crate) struct OpenAiModel {
    oci: Oci,
    name: String,
    model: String,
    path: String,
    key: Option<Key>,
}

impl OpenAiModel {
    /// `path` is what comes before `/chat/completions`, such as `/openai/v1`.
    pub(crate) fn new(oci: Oci, model: String, path: String, key: Option<Key>) -> Self {
        Self { oci, name: format!("oci-openai/{model}"), model, path, key }
    }

    async fn request(
        &self,
        question: &ChatQuestion,
        how: Option<StructuredOutput>,
        deadline: Deadline,
    ) -> Result<Request<Bytes>, Refused> {
        let compartment = self.oci.compartment(None, deadline, SERVICE).await?;
        let url = format!("{}{}/chat/completions", self.origin(deadline).await?, self.path);
        let body = Bytes::from(form::request(question, &self.model, how).to_string());
        // The second is the older name of the first.
        let request = exchange::head(&url).header("opc-compartment-id", &compartment);
        let request = request.header("CompartmentId", &compartment);
        request.body(body).map_err(|_| WHERE.fails(Kind::Invalid, "URL or compartment is malformed").into())
    }

    /// The endpoint of inference without the version of the native API.
    async fn origin(&self, deadline: Deadline) -> Result<String, Refused> {
        let endpoints = &self.oci.endpoints;
        let unknown = |error: causeway_oci_auth::Error| WHERE.fails(Kind::NotConfigured, error.to_string());
        let region = if endpoints.is_overridden(Service::GenerativeAi) {
            String::new()
        } else {
            let snapshot = self.oci.snapshot(deadline, SERVICE).await?;
            home_region(endpoints, Some(&snapshot)).map_err(unknown)?.unwrap_or_default()
        };
        let url = endpoints.url(Service::GenerativeAi, &region).map_err(unknown)?;
        Ok(url.strip_suffix(endpoints.base_path(Service::GenerativeAi)).unwrap_or(&url).to_owned())
    }

    async fn signed(&self, request: &Request<Bytes>, time: Duration, deadline: Deadline) -> Answered {
        let watch = Arc::new(Watch::new(&self.oci.effects, Some(WHERE)));
        let effects = Effects { http: watch.clone(), ..self.oci.effects.clone() };
        let call = Call {
            policy: Policy { per_try: time, total: time, ..Policy::never() },
            deadline,
            max_bytes: MAX_ANSWER,
            ..Call::new(&effects, self.oci.provider.as_ref(), SERVICE)
        };
        call.send(request).await.map_err(|error| refused(&error, &watch))
    }
}

#[async_trait]
impl Wire for OpenAiModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        SERVICE
    }

    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
    ) -> Result<ChatReply, Refused> {
        let deadline = Deadline::within(Instant::now().into_std(), Some(time));
        let request = self.request(question, form, deadline).await?;
        let answer = match &self.key {
            Some(key) => exchange::send(&self.oci.effects, request, Some(key), time, deadline, WHERE).await,
            None => self.signed(&request, time, deadline).await,
        };
        exchange::read(answer, &self.model, WHERE)
    }
}

fn refused(error: &CallError, watch: &Watch) -> Refused {
    match error {
        CallError::Refused { error: said, .. } => {
            let nested = said.extras.get("error").and_then(|inner| crate::chat::code(&inner["code"]));
            // Put together again: the message of OpenAI's form is in the further members, that of OCI's in its own.
            let mut body = said.extras.clone();
            body.insert("message".to_owned(), said.message.as_str().into());
            let body = serde_json::Value::Object(body).to_string();
            let judged = WHERE.refused(Said {
                status: said.status,
                code: said.code.clone().or(nested),
                message: &body,
                request_id: said.opc_request_id.clone(),
                retry_after: watch.retry_after(),
            });
            let Refused { failure, .. } = &judged;
            let told = WHERE.fails(failure.kind(), error.to_string());
            let told = told.with_answer(failure.status(), failure.code().map(str::to_owned));
            let told = told.with_request_id(failure.request_id().map(str::to_owned));
            let told = told.with_retry_after(failure.retry_after()).with_unknown_effect(failure.may_have_happened());
            Refused { failure: told, ..judged }
        }
        CallError::Transport { failure, .. } => WHERE.lost(failure),
        other => WHERE.fails(Kind::Unauthenticated, other.to_string()).into(),
    }
}
