//! Functions: finding and invoking them.

use std::time::Duration;

use bytes::Bytes;
use causeway_oci_auth::encode::Query;
use causeway_oci_auth::endpoint::Service;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::BoxStream;
use http::Method;
use serde::Deserialize;

use crate::ask::Ask;
use crate::site::Site;
use crate::{Client, Error, pages};

/// Largest body of an invocation, in bytes; the same for the answer.
pub const MAX_BODY_BYTES: usize = 6 << 20;

/// Longest time of a synchronous invocation.
const LONGEST: Duration = Duration::from_secs(300);

/// Calls of Functions.
#[derive(Debug, Clone)]
pub struct Functions {
    client: Client,
}

impl Client {
    /// Functions.
    #[must_use]
    pub fn functions(&self) -> Functions {
        Functions { client: self.clone() }
    }
}

/// A function.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Function {
    /// OCID.
    pub id: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// OCID of its application.
    pub application_id: Option<String>,
    /// Such as `ACTIVE`.
    pub lifecycle_state: Option<String>,
    /// Its image, in the older of the two models.
    pub image: Option<String>,
    /// Memory in MB.
    #[serde(rename = "memoryInMBs")]
    pub memory_mb: Option<u64>,
    /// Longest time of a synchronous invocation, in seconds.
    #[serde(rename = "timeoutInSeconds")]
    pub timeout_seconds: Option<u64>,
    /// Where it is invoked. Stays the same as long as the function lives, so it can be kept.
    pub invoke_endpoint: Option<String>,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// OCID.
    pub id: String,
    /// The name for people.
    pub display_name: Option<String>,
    /// OCID of its compartment.
    pub compartment_id: Option<String>,
    /// Such as `ACTIVE`.
    pub lifecycle_state: Option<String>,
}

/// How a function is invoked.
#[derive(Debug, Clone, Default)]
pub struct Invoke {
    /// The input.
    pub body: Bytes,
    /// Its type; `application/json` when absent.
    pub content_type: Option<String>,
    /// Whether the service only takes it down and answers at once.
    pub is_detached: bool,
    /// Whether only permissions are checked.
    pub is_dry_run: bool,
    /// Whether the input is a cloud event.
    pub is_cloud_event: bool,
    /// What happens when the function runs twice. Unless the caller knows better, it runs again only when it certainly
    /// did not run.
    pub idempotency: Option<Idempotency>,
}

/// What a function answered; nothing of it when it was detached.
#[derive(Debug, Clone, PartialEq)]
pub struct Invoked {
    /// HTTP status of the service: 200, or 202 when detached.
    pub status: u16,
    /// The status that the function itself set, when it says one.
    pub function_status: Option<u16>,
    /// Its output.
    pub body: Bytes,
    /// Type of the output.
    pub content_type: Option<String>,
    /// Id of the invocation.
    pub call_id: Option<String>,
    /// The number to quote to support.
    pub opc_request_id: Option<String>,
}

const FUNCTION: &str = "/functions/{f}";

impl Functions {
    /// `GetFunction`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn function(&self, id: &str) -> Result<Function, Error> {
        self.ask("GetFunction", Method::GET).path(FUNCTION, &[("f", id)]).send().await?.json()
    }

    /// `ListFunctions` of an application, with one name if given.
    #[must_use]
    pub fn functions(&self, application_id: &str, name: Option<&str>) -> BoxStream<'static, Result<Function, Error>> {
        let query = Query::new().text("applicationId", application_id).maybe("displayName", name);
        let this = self.clone();
        pages::by_header(query, move || this.ask("ListFunctions", Method::GET).path("/functions", &[]))
    }

    /// `ListApplications` of a compartment, with one name if given.
    #[must_use]
    pub fn applications(
        &self,
        compartment_id: &str,
        name: Option<&str>,
    ) -> BoxStream<'static, Result<Application, Error>> {
        let query = Query::new().text("compartmentId", compartment_id).maybe("displayName", name);
        let this = self.clone();
        pages::by_header(query, move || this.ask("ListApplications", Method::GET).path("/applications", &[]))
    }

    /// `InvokeFunction` at its `invokeEndpoint`. An answer of the service with success does not mean that the function
    /// was content: see [`Invoked::function_status`].
    ///
    /// # Errors
    /// [`Error`], whose code tells what happened: 502 `FunctionInvokeExecutionFailed`, 504 `FunctionInvokeTimeout`,
    /// 429 `TooManyRequests` and others.
    pub async fn invoke(&self, id: &str, invoke_endpoint: &str, invoke: &Invoke) -> Result<Invoked, Error> {
        let site = Site::Member(Service::Functions, invoke_endpoint.to_owned());
        let mut ask = self.client.ask(site, "InvokeFunction", Method::POST);
        if invoke.body.len() > MAX_BODY_BYTES {
            ask.wrong(format!("the body has {} bytes, more than {MAX_BODY_BYTES}", invoke.body.len()));
        }
        let ask = ask.path("/functions/{f}/actions/invoke", &[("f", id)]).header("accept", Some("*/*"));
        let type_ = invoke.content_type.as_deref().unwrap_or("application/json");
        let ask = ask.header("content-type", Some(type_)).bytes(invoke.body.clone());
        let ask = ask.header("fn-invoke-type", Some(if invoke.is_detached { "detached" } else { "sync" }));
        let ask = ask.header("fn-intent", Some(if invoke.is_cloud_event { "cloudevent" } else { "httprequest" }));
        let ask = ask.header("is-dry-run", invoke.is_dry_run.then_some("true"));
        let ask = ask.idempotency(invoke.idempotency.unwrap_or(Idempotency::NotIdempotent));
        let ask = if invoke.is_detached { ask } else { ask.takes(LONGEST) };
        let answer = ask.max_bytes(MAX_BODY_BYTES).send().await?;
        Ok(Invoked {
            status: answer.status(),
            function_status: answer.header("fn-http-status").and_then(|status| status.parse().ok()),
            body: answer.body().clone(),
            content_type: answer.text("content-type"),
            call_id: answer.text("fn-call-id"),
            opc_request_id: answer.text("opc-request-id"),
        })
    }

    fn ask(&self, operation: &'static str, method: Method) -> Ask {
        self.client.ask(Site::Known(Service::Functions), operation, method)
    }
}
