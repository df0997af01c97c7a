//! The functions behind the emulator's Functions service.

use std::sync::{Arc, OnceLock};

use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cloud::{Cloud, Deployment};
use crate::failure::{Failure, FailureKind};
use crate::ids;
use crate::supervisor::detached::Detached;
use crate::supervisor::fn_worker::{FnReply, FnRequest};

/// Gives OCI's calls to a local cloud. The cloud comes later than the emulator, whose keys its functions need.
#[derive(Default)]
pub(crate) struct Functions {
    cloud: OnceLock<Arc<Cloud>>,
    detached: Detached,
}

impl Functions {
    /// From now on these functions are called.
    pub(crate) fn serve(&self, cloud: &Arc<Cloud>) {
        let _ = self.cloud.set(Arc::clone(cloud));
    }

    async fn call(&self, call: FunctionCall) -> Result<FunctionReply, InvokeFailure> {
        let cloud = self.cloud.get().ok_or(InvokeFailure::Unavailable)?;
        let function = cloud.get(&call.function).ok_or(InvokeFailure::Unavailable)?;
        let (name, detached, request) = (call.function.clone(), call.detached, request(call));
        let call_id = Some(request.call_id.clone());
        if detached {
            self.detached.accept(cloud, &name, request).map_err(|failure| refused(&failure))?;
            return Ok(FunctionReply { body: bytes::Bytes::new(), content_type: None, status: None, call_id });
        }
        let process = function.fn_process().await.map_err(|failure| refused(&failure))?;
        let reply = process.run(request).await.map_err(|failure| refused(&failure))?;
        Ok(answer(reply, call_id))
    }
}

impl Invoker for Functions {
    fn functions(&self) -> Vec<FunctionInfo> {
        self.cloud.get().map_or_else(Vec::new, |cloud| cloud.deployments().map(info).collect())
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        self.call(call).boxed()
    }
}

fn info(function: &Deployment) -> FunctionInfo {
    FunctionInfo {
        name: function.program.name.clone(),
        image: format!("local/{}:latest", function.program.name),
        memory_mb: function.limits.memory_mb.into(),
        timeout_seconds: function.limits.call_timeout.as_secs().max(1),
        config: Default::default(),
    }
}

fn request(call: FunctionCall) -> FnRequest {
    let sent = [
        ("content-type", call.content_type),
        ("fn-intent", call.intent),
        ("fn-invoke-type", call.detached.then(|| "detached".to_owned())),
        ("opc-request-id", call.request_id),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in sent {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    FnRequest { call_id: ids::call_id(), headers, body: call.body }
}

fn answer(reply: FnReply, call_id: Option<String>) -> FunctionReply {
    let text = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok());
    FunctionReply {
        content_type: text("content-type").map(str::to_owned),
        status: text("fn-http-status").and_then(|status| status.trim().parse().ok()),
        body: reply.body,
        call_id,
    }
}

/// In OCI's terms; what exactly went wrong is in the function's log.
fn refused(failure: &Failure) -> InvokeFailure {
    match failure.kind {
        FailureKind::Busy => InvokeFailure::Throttled,
        FailureKind::Stopping => InvokeFailure::Unavailable,
        FailureKind::NotStarted | FailureKind::InitFailed => InvokeFailure::InitFailed,
        FailureKind::InitTimedOut => InvokeFailure::InitTimeout,
        FailureKind::FunctionFailed => InvokeFailure::ExecutionFailed,
        FailureKind::TimedOut => InvokeFailure::Timeout,
        FailureKind::NoResponse => InvokeFailure::NoResponse,
        FailureKind::InvalidResponse => InvokeFailure::InvalidResponse,
        FailureKind::BodyTooLarge => InvokeFailure::ResponseTooLarge,
        FailureKind::HeaderTooLarge => InvokeFailure::ResponseHeaderTooLarge,
    }
}
