//! Generative AI.

use async_trait::async_trait;
use causeway_cloud::ChatModel;
use causeway_cloud::chat::{ChatQuestion, ChatReply, Finish, Part};
use causeway_oci_client::generative_ai as api;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::Oci;

const SERVICE: &str = "generative_ai";

/// One model.
pub(super) struct Model {
    oci: Oci,
    name: String,
    serving: api::ServingMode,
}

impl Model {
    /// The name of a shared model, or the OCID of an endpoint for one on machines of one's own.
    pub(super) fn new(oci: Oci, model: &str) -> Self {
        let serving = if model.starts_with("ocid1.generativeaiendpoint.") {
            api::ServingMode::Dedicated { endpoint_id: model.to_owned() }
        } else {
            api::ServingMode::OnDemand { model_id: model.to_owned() }
        };
        Self { oci, name: format!("oci/{model}"), serving }
    }
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> &str {
        &self.name
    }

    async fn ask(&self, question: &ChatQuestion, deadline: Deadline) -> Result<ChatReply, ServiceFailure> {
        let client = self.oci.until(deadline, SERVICE)?.generative_ai();
        let compartment = self.oci.compartment(None, deadline, SERVICE).await?;
        reply(client.chat(&compartment, &self.serving, &chat(question)).await?)
    }
}

fn chat(question: &ChatQuestion) -> api::Chat {
    let instructions = question
        .instructions
        .as_deref()
        .map(|text| api::ChatMessage { role: api::Role::System, content: vec![api::Content::text(text)] });
    let content = question.parts.iter().map(part).collect();
    let question_itself = api::ChatMessage { role: api::Role::User, content };
    let schema = |schema: &causeway_cloud::chat::Schema| api::ResponseFormat::JsonSchema {
        json_schema: api::JsonSchema {
            name: schema.name.clone(),
            schema: schema.schema.clone(),
            is_strict: Some(true),
        },
    };
    api::Chat {
        messages: instructions.into_iter().chain([question_itself]).collect(),
        max_tokens: question.max_tokens,
        temperature: question.temperature,
        seed: question.seed,
        response_format: question.schema.as_ref().map(schema),
        ..api::Chat::default()
    }
}

fn part(part: &Part) -> api::Content {
    match part {
        Part::Text(text) => api::Content::text(text.as_str()),
        Part::Image { media_type, bytes } => api::Content::image(media_type, bytes),
    }
}

fn reply(answer: api::ChatAnswer) -> Result<ChatReply, ServiceFailure> {
    let no_text = || ServiceFailure::new(Kind::BadAnswer, SERVICE, "Chat", "the answer has no text");
    let usage = answer.usage();
    let finish = finish(answer.choices().first().and_then(|choice| choice.finish_reason.as_deref()));
    let text = match answer.text() {
        Some(text) => text,
        None if finish == Finish::Filtered => String::new(),
        None => return Err(no_text()),
    };
    Ok(ChatReply {
        text,
        finish,
        prompt_tokens: usage.and_then(|usage| usage.prompt_tokens),
        completion_tokens: usage.and_then(|usage| usage.completion_tokens),
        notices: answer.model_deprecation_info.into_iter().collect(),
        model: answer.model_id,
        request_id: None,
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
