//! Bedrock's `Converse`, by plain HTTP.
//!
//! The SDK's client of this service is 57,000 lines of generated code for one request of a few members, and reads answers
//! without a limit in bytes. The signature is made by the SDK's own crate.

mod form;
mod sign;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use causeway_cloud::chat::{ChatQuestion, ChatReply, StructuredOutput};
use causeway_oci_auth::Effects;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{Request, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use super::Session;
use crate::chat::{Refused, Watch, Where, Wire, code, request_id};
use sign::Signer;

const WHERE: Where = Where { service: "bedrock", operation: "Converse" };
/// What stays as it is in a path (RFC 3986, section 2.3). Model ids have colons, ARNs slashes as well.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One model, or inference profile.
pub(crate) struct Model {
    effects: Effects,
    session: Session,
    signer: Signer,
    name: String,
    model: String,
    region: Option<String>,
    endpoint: Option<String>,
}

impl Model {
    /// `region` in place of the session's, `endpoint` in place of Amazon's.
    pub(crate) fn new(
        effects: Effects,
        session: Session,
        model: String,
        region: Option<String>,
        endpoint: Option<String>,
    ) -> Self {
        let name = format!("bedrock/{model}");
        Self { effects, session, signer: Signer::default(), name, model, region, endpoint }
    }

    async fn region(&self) -> Result<String, ServiceFailure> {
        if let Some(region) = &self.region {
            return Ok(region.clone());
        }
        let config = self.session.config().await;
        let missing = || ServiceFailure::not_configured(WHERE.service, "no region: set AWS_REGION");
        config.region().map(ToString::to_string).ok_or_else(missing)
    }

    async fn endpoint(&self, region: &str) -> String {
        let own = match &self.endpoint {
            Some(own) => Some(own.clone()),
            None => self.session.config().await.endpoint_url().map(str::to_owned),
        };
        let own = own.map(|url| url.trim_end_matches('/').to_owned());
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        own.unwrap_or_else(|| format!("https://bedrock-runtime.{region}.{domain}"))
    }

    async fn request(
        &self,
        question: &ChatQuestion,
        how: Option<StructuredOutput>,
    ) -> Result<Request<Bytes>, ServiceFailure> {
        let body = form::request(question, how).map_err(|fault| WHERE.fails(Kind::Invalid, fault))?;
        let region = self.region().await?;
        let model = utf8_percent_encode(&self.model, SEGMENT);
        let url = format!("{}/model/{model}/converse", self.endpoint(&region).await);
        let request = Request::post(url).header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json");
        let request = request.body(Bytes::from(body.to_string()));
        let mut request = request.map_err(|_| WHERE.fails(Kind::Invalid, "the URL is malformed"))?;
        let config = self.session.config().await;
        self.signer.sign(&mut request, config, &region, self.effects.clock.now()).await?;
        Ok(request)
    }
}

#[async_trait]
impl Wire for Model {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &'static str {
        WHERE.service
    }

    /// A tool with the schema is as firm as Bedrock gets for all models, and those without tools have words alone.
    fn forms(&self) -> &'static [StructuredOutput] {
        &[StructuredOutput::JsonSchema, StructuredOutput::Text]
    }

    async fn once(
        &self,
        question: &ChatQuestion,
        form: Option<StructuredOutput>,
        time: Duration,
    ) -> Result<ChatReply, Refused> {
        let started = Instant::now();
        let request = self.request(question, form).await?;
        let time = time.saturating_sub(started.elapsed());
        let answer = Watch::new(&self.effects, Some(WHERE)).ask(request, time, WHERE, error_code).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(refused) => {
                if matches!(refused.failure.kind(), Kind::Denied | Kind::Unauthenticated) {
                    self.signer.forget();
                }
                return Err(refused);
            }
        };
        let id = || request_id(answer.headers());
        let reply = form::reply(answer.body(), form).map_err(|reason| WHERE.unusable(reason, id()))?;
        Ok(ChatReply { model: self.model.clone(), request_id: id(), ..reply })
    }
}

/// `ValidationException` of `x-amzn-errortype: ValidationException:http://...`.
fn error_code(answer: &Response<Bytes>) -> Option<String> {
    let header = answer.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let name = header.and_then(|text| text.split(':').next());
    name.and_then(|name| code(&serde_json::Value::from(name)))
}
