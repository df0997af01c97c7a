//! OCI Functions.

use std::collections::HashMap;

use async_trait::async_trait;
use causeway_cloud::Invoker;
use causeway_cloud::invoker::{Call, Outcome};
use causeway_oci_client::functions::{Invoke, Invoked};
use causeway_oci_client::{Client, Error};
use causeway_resilience::retry::Idempotency;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::TryStreamExt;
use tokio::sync::Mutex;

use super::Oci;
use crate::APPLICATION;
use crate::fnproject::{answered, bounded};

const SERVICE: &str = "functions";

/// Functions of one application, found by name.
pub(super) struct Functions {
    oci: Oci,
    /// OCID or name.
    application: String,
    /// What was found; functions keep OCID and endpoint for life.
    found: Mutex<HashMap<String, Target>>,
}

#[derive(Clone)]
struct Target {
    id: String,
    endpoint: String,
}

impl Functions {
    pub(super) fn new(oci: Oci, application: Option<String>) -> Self {
        Self { oci, application: application.unwrap_or_else(|| APPLICATION.to_owned()), found: Mutex::default() }
    }

    async fn target(&self, name: &str, client: &Client, deadline: Deadline) -> Result<Target, ServiceFailure> {
        if let Some(target) = self.found.lock().await.get(name) {
            return Ok(target.clone());
        }
        let application = self.application(client, deadline).await?;
        let mut functions = client.functions().functions(&application, Some(name));
        let function = functions.try_next().await?;
        let missing = || ServiceFailure::new(Kind::NotFound, SERVICE, "ListFunctions", format!("no function {name}"));
        let function = function.ok_or_else(missing)?;
        let reason = format!("function {name} has no endpoint");
        let no_endpoint = || ServiceFailure::new(Kind::BadAnswer, SERVICE, "ListFunctions", reason);
        let target = Target { endpoint: function.invoke_endpoint.ok_or_else(no_endpoint)?, id: function.id };
        self.found.lock().await.insert(name.to_owned(), target.clone());
        Ok(target)
    }

    async fn application(&self, client: &Client, deadline: Deadline) -> Result<String, ServiceFailure> {
        if self.application.starts_with("ocid1.fnapp.") {
            return Ok(self.application.clone());
        }
        let compartment = self.oci.compartment(None, deadline, SERVICE).await?;
        let found = client.functions().applications(&compartment, Some(&self.application)).try_next().await?;
        let reason = format!("no application {}: set CAUSEWAY_APPLICATION", self.application);
        let missing = || ServiceFailure::new(Kind::NotFound, SERVICE, "ListApplications", reason);
        Ok(found.ok_or_else(missing)?.id)
    }
}

#[async_trait]
impl Invoker for Functions {
    async fn invoke(&self, name: &str, call: &Call, deadline: Deadline) -> Result<Outcome, ServiceFailure> {
        let client = self.oci.until(deadline, SERVICE)?;
        // Whatever became of the search: nothing was called.
        let found = self.target(name, &client, deadline).await;
        let target = found.map_err(|failure| failure.with_unknown_effect(false))?;
        let invoke = Invoke {
            body: call.payload.clone(),
            is_detached: call.is_detached,
            idempotency: call.is_idempotent.then_some(Idempotency::Idempotent),
            ..Invoke::default()
        };
        match client.functions().invoke(&target.id, &target.endpoint, &invoke).await {
            Ok(invoked) => Ok(outcome(invoked)),
            Err(error) => failed(error),
        }
    }
}

fn outcome(invoked: Invoked) -> Outcome {
    match invoked.status {
        202 => Outcome::Accepted { call_id: invoked.call_id },
        _ => answered(invoked.function_status, invoked.body, invoked.call_id),
    }
}

/// What the service says of the function itself is the function's failure.
fn failed(error: Error) -> Result<Outcome, ServiceFailure> {
    let code = error.code().unwrap_or_default();
    if !code.starts_with("FunctionInvoke") {
        return Err(error.into());
    }
    let (code, call_id) = (code.to_owned(), error.opc_request_id().map(str::to_owned));
    Ok(Outcome::Failed { code, message: bounded(&error.to_string()), call_id })
}
