//! Generative AI.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, Part, Schema, StructuredOutput};
use causeway_oci_auth::effects::HttpError;
use causeway_oci_client::{Cause, generative_ai as api};
use causeway_resilience::{Deadline, ServiceFailure};
use tokio::time::Instant;

use super::Oci;
use crate::chat::{Refused, Said, Watch, Where, Wire, instructions};
use crate::openai::form::is_thinking;

const SERVICE: &str = "generative_ai";
const WHERE: Where = Where { service: SERVICE, operation: "Chat" };

/// One model.
pub(crate) struct Model {
    oci: Oci,
    name: String,
    serving: api::ServingMode,
    format: Option<api::ApiFormat>,
}

impl Model {
    /// The name of a shared model, or the OCID of an endpoint for one on machines of one's own. Without a `format` it
    /// is that of the model's name.
    pub(crate) fn new(oci: Oci, model: &str, format: Option<api::ApiFormat>) -> Self {
        let serving = if model.starts_with("ocid1.generativeaiendpoint.") {
            api::ServingMode::Dedicated { endpoint_id: model.to_owned() }
        } else {
            api::ServingMode::OnDemand { model_id: model.to_owned() }
        };
        Self { oci, name: format!("oci/{model}"), serving, format }
    }
}

/// The body of a request.
fn request(
    serving: &api::ServingMode,
    format: Option<api::ApiFormat>,
    question: &ChatQuestion,
    form: Option<StructuredOutput>,
) -> api::Chat {
    let instructions = instructions(question, form)
        .map(|text| api::ChatMessage { role: api::Role::System, content: vec![api::Content::text(text)] });
    let content = question.parts.iter().map(part).collect();
    let question_itself = api::ChatMessage { role: api::Role::User, content };
    let longest = serving.longest_answer();
    let most = question.max_tokens.map(|most| longest.map_or(most, |longest| most.min(longest)));
    let model = shared_model(serving);
    // The service takes the newer name for all of OpenAI's models.
    let (max_tokens, max_completion_tokens) = if model.starts_with("openai.") { (None, most) } else { (most, None) };
    api::Chat {
        messages: instructions.into_iter().chain([question_itself]).collect(),
        max_tokens,
        max_completion_tokens,
        temperature: question.temperature.filter(|_| !is_thinking(model)),
        seed: question.seed,
        response_format: question.schema.as_ref().zip(form).and_then(|(schema, form)| format_of(schema, form)),
        format,
        ..api::Chat::default()
    }
}

/// Empty for an endpoint: what answers there does not show in its OCID.
fn shared_model(serving: &api::ServingMode) -> &str {
    match serving {
        api::ServingMode::OnDemand { model_id } => model_id,
        api::ServingMode::Dedicated { .. } => "",
    }
}

#[async_trait]
impl Wire for Model {
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
        let compartment = self.oci.compartment(None, deadline, SERVICE).await?;
        let watch = Arc::new(Watch::new(&self.oci.effects, None));
        let client = self.oci.watched(Arc::clone(&watch), deadline).generative_ai();
        let answer =
            client.chat(&compartment, &self.serving, &request(&self.serving, self.format, question, form)).await;
        reply(answer.map_err(|error| refused(error, &watch))?)
    }
}

fn format_of(schema: &Schema, form: StructuredOutput) -> Option<api::ResponseFormat> {
    match form {
        StructuredOutput::JsonSchema => Some(api::ResponseFormat::JsonSchema {
            json_schema: api::JsonSchema {
                name: schema.name.clone(),
                schema: schema.schema.clone(),
                is_strict: Some(true),
            },
        }),
        StructuredOutput::JsonObject => Some(api::ResponseFormat::JsonObject),
        StructuredOutput::Text => None,
    }
}

fn part(part: &Part) -> api::Content {
    match part {
        Part::Text(text) => api::Content::text(text.as_str()),
        Part::Image { media_type, bytes } => api::Content::image(media_type, bytes),
    }
}

/// The words of the failure are the client's, which knows of clocks that are apart and of credentials that could not
/// be renewed.
fn refused(error: causeway_oci_client::Error, watch: &Watch) -> Refused {
    let judged = match &*error.cause {
        Cause::Refused { error, .. } => WHERE.refused(Said {
            status: error.status,
            code: error.code.clone(),
            message: &error.message,
            request_id: None,
            retry_after: watch.retry_after(),
        }),
        Cause::Transport { failure: failure @ HttpError::TooLarge(_), .. } => return WHERE.lost(failure),
        Cause::Transport { failure, .. } => WHERE.lost(failure),
        Cause::Answer { .. } => WHERE.unusable("", None),
        _ => return ServiceFailure::from(error).into(),
    };
    Refused { failure: ServiceFailure::from(error).with_retry_after(watch.retry_after()), ..judged }
}

fn reply(answer: api::ChatAnswer) -> Result<ChatReply, Refused> {
    let usage = answer.usage();
    let finish = finish(answer.choices().first().and_then(|choice| choice.finish_reason.as_deref()));
    let text = match answer.text() {
        Some(text) => text,
        // Held back, or the thoughts alone took all the tokens.
        None if matches!(finish, Finish::Filtered | Finish::Length) => String::new(),
        None => return Err(WHERE.unusable("it has no text", answer.opc_request_id)),
    };
    Ok(ChatReply {
        text,
        finish,
        prompt_tokens: usage.and_then(|usage| usage.prompt_tokens),
        completion_tokens: usage.and_then(|usage| usage.completion_tokens),
        notices: answer.model_retirement_info.into_iter().chain(answer.model_deprecation_info).collect(),
        model: answer.model_id,
        request_id: answer.opc_request_id,
        ..ChatReply::default()
    })
}

fn finish(reason: Option<&str>) -> Finish {
    match reason.map(str::to_ascii_lowercase).as_deref() {
        Some("stop" | "complete" | "end_turn") => Finish::Complete,
        Some("length" | "max_tokens") => Finish::Length,
        Some("content_filter" | "error_toxic") => Finish::Filtered,
        other => Finish::Other(other.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use causeway_resilience::service::Kind;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn limits_have_the_name_that_the_model_takes() {
        let question = ChatQuestion { max_tokens: Some(9_000), temperature: Some(0.0), ..ChatQuestion::default() };
        let check = |serving: &api::ServingMode, expected: (Option<u32>, Option<u32>, Option<f64>)| {
            let body = request(serving, None, &question, None);
            assert_eq!((body.max_tokens, body.max_completion_tokens, body.temperature), expected, "{serving:?}");
        };
        let shared = |name: &str| api::ServingMode::OnDemand { model_id: name.to_owned() };
        check(&shared("openai.gpt-5"), (None, Some(9_000), None));
        check(&shared("openai.gpt-4o"), (None, Some(9_000), Some(0.0)));
        check(&shared("xai.grok-4"), (Some(9_000), None, Some(0.0)));
        check(&shared("meta.llama-4"), (Some(4_000), None, Some(0.0)));
        let own = api::ServingMode::Dedicated { endpoint_id: "ocid1.generativeaiendpoint.oc1.iad.x".to_owned() };
        check(&own, (Some(9_000), None, Some(0.0)));
    }

    #[test]
    fn an_answer_that_was_cut_before_its_first_word_is_one() {
        let check = |response: &Value, expected: Result<Finish, Kind>| {
            let answer = json!({ "modelId": "m", "chatResponse": response });
            let found = reply(serde_json::from_value(answer).unwrap());
            let found = found.map(|reply| {
                assert_eq!(reply.text, "");
                reply.finish
            });
            assert_eq!(found.map_err(|refused| refused.failure.kind()), expected, "{response}");
        };
        let choice = |reason: &str, message: Value| {
            json!({ "choices": [{ "index": 0, "message": message,
            "finishReason": reason }] })
        };
        check(&choice("length", json!({ "role": "ASSISTANT", "content": null })), Ok(Finish::Length));
        check(&choice("length", json!({ "role": "ASSISTANT", "content": [] })), Ok(Finish::Length));
        check(&choice("stop", json!({ "role": "ASSISTANT", "content": [] })), Err(Kind::BadAnswer));
        check(&json!({ "apiFormat": "COHERE", "finishReason": "MAX_TOKENS" }), Ok(Finish::Length));
    }
}
