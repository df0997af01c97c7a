//! `{"test_type": …}`: three questions that every function answers without doing its work.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{AuthCheck, Handler};

/// Time that a principal check may take.
const AUTH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probe {
    Basic,
    Imports,
    Auth,
}

/// The probe that a request asks for. Other test types are the handler's own.
pub(crate) fn kind_of(value: &Value) -> Option<Probe> {
    match value.get("test_type")?.as_str()? {
        "basic" => Some(Probe::Basic),
        "imports" => Some(Probe::Imports),
        "auth" => Some(Probe::Auth),
        _ => None,
    }
}

pub(crate) async fn answer<H: Handler>(handler: &H, probe: Probe) -> Value {
    match probe {
        Probe::Basic => json!({
            "test_type": "basic",
            "status": "ok",
            "function": H::NAME,
            "version": env!("CARGO_PKG_VERSION"),
        }),
        Probe::Imports => json!({
            "test_type": "imports",
            "status": "ok",
            "function": H::NAME,
            "version": env!("CARGO_PKG_VERSION"),
            "runtime": causeway_fdk::FDK_RUNTIME,
            "capabilities": handler.capabilities(),
        }),
        Probe::Auth => auth(handler).await,
    }
}

async fn auth<H: Handler>(handler: &H) -> Value {
    let (status, field) = match tokio::time::timeout(AUTH_TIMEOUT, handler.check_auth()).await {
        Ok(AuthCheck::NotUsed) => ("not_used", json!({ "reason": "this deployment needs no principal" })),
        Ok(AuthCheck::Ok { principal }) => ("ok", json!({ "principal": principal })),
        Ok(AuthCheck::Failed { reason }) => ("failed", json!({ "reason": reason })),
        Err(_) => ("failed", json!({ "reason": "no answer within 5 s" })),
    };
    json!({ "test_type": "auth", "status": status, "function": H::NAME, "detail": field })
}
