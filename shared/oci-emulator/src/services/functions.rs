//! Functions: what there is to invoke, and invoking it. The functions themselves are the embedder's.

use axum::body::Body;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::Emulator;
use crate::call::Call;
use crate::dispatch::{check_hash, read_whole};
use crate::error::Error;
use crate::invoker::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure};
use crate::page;
use crate::pending::Pending;
use crate::reply::{self, Reply, ReplyExt, empty};
use crate::route::{Route, Service};

const PAGE: (usize, usize) = (10, 50);
/// Bytes of a request body.
const MAX_BODY: usize = 6 * 1024 * 1024;
const APPLICATION: &str = "causeway";

/// The service; SDKs of different age send different versions in the path.
pub(crate) const SERVICE: Service = Service {
    name: "functions",
    hosts: &["functions"],
    bases: &["/20181201", "/20260325"],
    routes: &[
        Route::get("ListApplications", "/applications", applications),
        Route::get("GetApplication", "/applications/{id}", application),
        Route::get("ListFunctions", "/functions", functions),
        Route::get("GetFunction", "/functions/{id}", function),
        Route::streamed("InvokeFunction", "POST", "/functions/{id}/actions/invoke", invoke),
    ],
};

fn show_application(emulator: &Emulator) -> Value {
    json!({
        "id": emulator.application_ocid(),
        "compartmentId": emulator.default_compartment(),
        "displayName": APPLICATION,
        "lifecycleState": "ACTIVE",
        "config": {},
        "subnetIds": [],
        "shape": "GENERIC_X86",
        "networkSecurityGroupIds": [],
        "timeCreated": "2026-01-01T00:00:00.000Z",
        "freeformTags": {},
        "definedTags": {},
    })
}

fn own(emulator: &Emulator, call: &Call) -> Result<(), Error> {
    emulator.check_compartment(&call.principal, &emulator.default_compartment())
}

fn matches(call: &Call, shown: &Value) -> bool {
    ["displayName", "id", "lifecycleState"]
        .iter()
        .all(|name| call.query(name).is_none_or(|wanted| shown[*name].as_str() == Some(wanted)))
}

fn applications(emulator: &Emulator, call: &Call) -> Reply {
    let compartment = emulator.compartment_of(call)?;
    let only = show_application(emulator);
    let here = only["compartmentId"] == compartment && matches(call, &only);
    page::of_list(if here { vec![only] } else { Vec::new() }, call, PAGE)?.reply(Clone::clone)
}

fn application(emulator: &Emulator, call: &Call) -> Reply {
    own(emulator, call)?;
    let only = show_application(emulator);
    if only["id"] != call.param("id") {
        return Err(Error::not_found());
    }
    reply::json(&only).header("etag", "1")
}

pub(crate) fn infos(emulator: &Emulator) -> Vec<FunctionInfo> {
    emulator.options.invoker.as_ref().map_or_else(Vec::new, |invoker| invoker.functions())
}

impl Emulator {
    /// OCID of the one application.
    #[must_use]
    pub fn application_ocid(&self) -> String {
        self.ids.named_ocid("fnapp", APPLICATION)
    }

    /// OCID of the function of this name.
    #[must_use]
    pub fn function_ocid(&self, name: &str) -> String {
        self.ids.named_ocid("fnfunc", name)
    }
}

/// Has the members of the older and the newer version of the API; clients ignore what they do not know.
fn show_function(emulator: &Emulator, call: &Call, info: &FunctionInfo) -> Value {
    json!({
        "id": emulator.function_ocid(&info.name),
        "displayName": info.name,
        "applicationId": emulator.application_ocid(),
        "compartmentId": emulator.default_compartment(),
        "lifecycleState": "ACTIVE",
        "image": info.image,
        "imageDigest": Value::Null,
        "sourceDetails": { "sourceType": "CONTAINER_IMAGE", "image": info.image },
        "shape": "GENERIC_X86",
        "memoryInMBs": info.memory_mb,
        "timeoutInSeconds": info.timeout_seconds,
        "config": info.config,
        "invokeEndpoint": call.base_url,
        "provisionedConcurrencyConfig": { "strategy": "NONE" },
        "timeCreated": "2026-01-01T00:00:00.000Z",
        "timeUpdated": "2026-01-01T00:00:00.000Z",
        "freeformTags": {},
        "definedTags": {},
    })
}

fn functions(emulator: &Emulator, call: &Call) -> Reply {
    own(emulator, call)?;
    if call.required_query("applicationId")? != emulator.application_ocid() {
        return Err(Error::not_found());
    }
    let shown = infos(emulator).into_iter().map(|info| show_function(emulator, call, &info));
    page::of_list(shown.filter(|shown| matches(call, shown)).collect(), call, PAGE)?.reply(Clone::clone)
}

fn find(emulator: &Emulator, call: &Call) -> Result<FunctionInfo, Error> {
    own(emulator, call)?;
    let id = call.param("id");
    infos(emulator).into_iter().find(|info| emulator.function_ocid(&info.name) == id).ok_or_else(Error::not_found)
}

fn function(emulator: &Emulator, call: &Call) -> Reply {
    let info = find(emulator, call)?;
    reply::json(&show_function(emulator, call, &info)).header("etag", "1")
}

fn invoke(emulator: Emulator, mut call: Call, body: Pending) -> BoxFuture<'static, Reply> {
    async move {
        let info = find(&emulator, &call)?;
        call.body = read_whole(body.take(), MAX_BODY).await.map_err(|error| match error.status.as_u16() {
            413 => Error::new(413, "FunctionInvokeRequestContentTooLarge", "The request body has more than 6 MB."),
            _ => error,
        })?;
        check_hash(&call)?;
        if call.header("is-dry-run").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return empty(StatusCode::OK);
        }
        let detached = call.header("fn-invoke-type").is_some_and(|kind| kind.eq_ignore_ascii_case("detached"));
        let text = |name: &str| call.header(name).map(str::to_owned);
        let wanted = FunctionCall {
            function: info.name,
            content_type: text("content-type"),
            intent: text("fn-intent"),
            request_id: text("opc-request-id"),
            body: call.body.clone(),
            detached,
        };
        let invoker = emulator.options.invoker.clone().ok_or_else(Error::not_found)?;
        let answer = invoker.invoke(wanted).await.map_err(refused)?;
        match detached {
            true => empty(StatusCode::ACCEPTED).maybe("fn-call-id", answer.call_id.as_deref()),
            false => answered(answer),
        }
    }
    .boxed()
}

fn answered(answer: FunctionReply) -> Reply {
    let status = answer.status.map(|status| status.to_string());
    Ok(Response::new(Body::from(answer.body)))
        .maybe("content-type", answer.content_type.as_deref())
        .maybe("fn-http-status", status.as_deref())
        .maybe("fn-call-id", answer.call_id.as_deref())
}

/// Statuses and codes of Oracle's page "Troubleshooting OCI Functions".
fn refused(failure: InvokeFailure) -> Error {
    let (status, code, message) = match failure {
        InvokeFailure::ExecutionFailed => (502, "FunctionInvokeExecutionFailed", "function failed"),
        InvokeFailure::NoResponse => (502, "FunctionInvokeExecutionError", "error receiving function response"),
        InvokeFailure::InvalidResponse => (502, "FunctionInvokeInvalidResponse", "function response is invalid"),
        InvokeFailure::ResponseTooLarge => {
            (502, "FunctionInvokeResponseBodyTooLarge", "function response is too large")
        }
        InvokeFailure::ResponseHeaderTooLarge => {
            (502, "FunctionInvokeResponseHeaderTooLarge", "function response header too large")
        }
        InvokeFailure::InitFailed => (502, "FunctionInvokeContainerInitFail", "Container failed to initialize"),
        InvokeFailure::InitTimeout => (504, "FunctionInvokeContainerInitTimeout", "Container initialization timed out"),
        InvokeFailure::Timeout => (504, "FunctionInvokeTimeout", "Timed out"),
        InvokeFailure::Throttled => (429, "TooManyRequests", "Too many requests submitted"),
        InvokeFailure::Unavailable => (503, "FunctionInvokeServiceUnavailable", "The service is unavailable"),
    };
    Error::new(status, code, message)
}
