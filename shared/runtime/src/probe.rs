//! `{"test_type": …}`: three questions that every function answers without doing its work.

use std::sync::Arc;
use std::time::Duration;

use causeway_resilience::PrincipalCheck;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tracing::Instrument;

use crate::{Budget, Handler};

/// Time that a principal check may take.
const AUTH_TIMEOUT: Duration = Duration::from_secs(5);
const NO_CREDENTIALS: &str = "no credentials are configured";

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

/// Answers for one handler.
pub(crate) struct Prober<H> {
    handler: Arc<H>,
    /// Held by the thread of a principal check.
    check: Arc<Mutex<()>>,
}

impl<H: Handler> Prober<H> {
    pub(crate) fn new(handler: Arc<H>) -> Self {
        Self { handler, check: Arc::default() }
    }

    pub(crate) async fn answer(&self, probe: Probe, budget: Budget) -> Value {
        match probe {
            Probe::Basic => self.basic(),
            Probe::Imports => json!({
                "test_type": "imports",
                "status": "ok",
                "function": H::NAME,
                "version": env!("CARGO_PKG_VERSION"),
                "runtime": causeway_fdk::FDK_RUNTIME,
                "capabilities": self.handler.capabilities(),
            }),
            Probe::Auth => self.auth(time_for_check(budget)).await,
        }
    }

    fn basic(&self) -> Value {
        let mut answer = json!({
            "test_type": "basic",
            "status": "ok",
            "function": H::NAME,
            "version": env!("CARGO_PKG_VERSION"),
        });
        let configured = self.handler.configured();
        if !configured.is_null() {
            answer["configured"] = configured;
        }
        answer
    }

    async fn auth(&self, limit: Duration) -> Value {
        let outcome = tokio::time::timeout(limit, self.checked()).await;
        let outcome = outcome.unwrap_or_else(|_| failed(format!("no answer within {} ms", limit.as_millis())));
        let (status, detail) = match outcome {
            PrincipalCheck::NotUsed { detail } => ("not_used", merged(detail, "reason", NO_CREDENTIALS.to_owned())),
            PrincipalCheck::Works { principal, detail } => ("ok", merged(detail, "principal", principal)),
            PrincipalCheck::Fails { reason, detail } => ("failed", merged(detail, "reason", reason)),
        };
        json!({ "test_type": "auth", "status": status, "function": H::NAME, "detail": detail })
    }

    /// One check at a time: one that blocks for ever keeps one thread, not one for each probe.
    async fn checked(&self) -> PrincipalCheck {
        let turn = Arc::clone(&self.check).lock_owned().await;
        let (sender, receiver) = oneshot::channel();
        match self.start_check(turn, sender) {
            Err(error) => failed(format!("no thread for the check: {error}")),
            Ok(()) => receiver.await.unwrap_or_else(|_| failed("the check panicked; the log says why".to_owned())),
        }
    }

    /// The process does not wait for this thread when it ends, as it would for one of the runtime's.
    fn start_check(&self, turn: OwnedMutexGuard<()>, sender: oneshot::Sender<PrincipalCheck>) -> std::io::Result<()> {
        let (handler, runtime, span) = (Arc::clone(&self.handler), Handle::current(), tracing::Span::current());
        let check = move || {
            let _turn = turn;
            // Nobody waits any more when the time was up.
            let _ = sender.send(runtime.block_on(handler.check_auth().instrument(span)));
        };
        std::thread::Builder::new().name("auth-check".to_owned()).spawn(check).map(drop)
    }
}

/// The answer must leave before the call's own limit, which would make a timeout of it.
fn time_for_check(budget: Budget) -> Duration {
    let left = budget.stop_at().map(|stop| stop.saturating_duration_since(std::time::Instant::now()));
    left.map_or(AUTH_TIMEOUT, |left| left.min(AUTH_TIMEOUT))
}

fn failed(reason: String) -> PrincipalCheck {
    PrincipalCheck::Fails { reason, detail: Value::Null }
}

/// The finding itself wins over a member of the same name.
fn merged(detail: Value, name: &str, finding: String) -> Value {
    let mut all = match detail {
        Value::Object(members) => members,
        Value::Null => Map::new(),
        other => Map::from_iter([("detail".to_owned(), other)]),
    };
    all.insert(name.to_owned(), finding.into());
    all.into()
}

#[cfg(test)]
mod tests;
