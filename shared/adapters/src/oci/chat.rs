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

    fn chat(&self, question: &ChatQuestion, form: Option<StructuredOutput>) -> api::Chat {
        let instructions = instructions(question, form)
            .map(|text| api::ChatMessage { role: api::Role::System, content: vec![api::Content::text(text)] });
        let content = question.parts.iter().map(part).collect();
        let question_itself = api::ChatMessage { role: api::Role::User, content };
        let longest = self.serving.longest_answer();
        api::Chat {
            messages: instructions.into_iter().chain([question_itself]).collect(),
            max_tokens: question.max_tokens.map(|most| longest.map_or(most, |longest| most.min(longest))),
            temperature: question.temperature,
            seed: question.seed,
            response_format: question.schema.as_ref().zip(form).and_then(|(schema, form)| format_of(schema, form)),
            format: self.format,
            ..api::Chat::default()
        }
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

    fn forms(&self) -> &'static [StructuredOutput] {
        &[StructuredOutput::JsonSchema, StructuredOutput::JsonObject, StructuredOutput::Text]
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
        let answer = client.chat(&compartment, &self.serving, &self.chat(question, form)).await;
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
        None if finish == Finish::Filtered => String::new(),
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
