//! Telling people, and leaving the signal for machines.

use causeway_cloud::notifier::{AlertError, Alerted, Message};
use causeway_cloud::state::StateError;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::until;
use futures_util::StreamExt;
use futures_util::stream;

use super::store::Store;
use crate::alert::Alert;
use crate::decide::State;
use crate::handler::HealthChecker;
use crate::reply::{Published, Reply, Told};
use crate::rollback::Decision;

/// Messages of one tick; a topic takes 60 a minute.
const MAX_MESSAGES: usize = 20;
/// Messages that are sent at once.
const AT_ONCE: usize = 4;

impl HealthChecker {
    /// Sends what waits, signals first, and writes down what is out. What is left the next tick sends.
    pub(super) async fn tell(&self, store: &Store<'_>, state: &State, reply: &mut Reply, deadline: Deadline) {
        self.signal(reply, deadline).await;
        let mut waiting: Vec<&Alert> = state.pending.iter().collect();
        waiting.sort_by_key(|alert| !alert.is_signal());
        waiting.truncate(MAX_MESSAGES);
        let sent: Vec<_> = waiting.into_iter().map(|alert| self.send(alert, deadline)).collect();
        reply.published = stream::iter(sent).buffered(AT_ONCE).collect().await;
        let out = reply.published.iter().filter(|published| published.outcome.is_out());
        let out: Vec<String> = out.map(|published| published.key.clone()).collect();
        if out.is_empty() {
            return;
        }
        if let Err(error) = store.told(&out).await {
            tracing::warn!(%error, "what became of messages was not written; their keys tell");
            reply.problems.push(format!("what became of the messages was not written: {error}"));
        }
    }

    /// A document for each rollback, for whoever moves traffic. It is written once; repetitions find it there.
    async fn signal(&self, reply: &mut Reply, deadline: Deadline) {
        let signals = self.documents.below("signals");
        for tenant in &reply.report.tenants {
            if !matches!(tenant.decision, Decision::Rollback(_)) {
                continue;
            }
            let key = format!("{}-{}", tenant.tenant, tenant.epoch);
            match until(deadline, signals.create(&key, tenant)).await {
                Some(Ok(_) | Err(StateError::Conflict(_))) => {}
                Some(Err(error)) => reply.problems.push(format!("the signal {key} was not written: {error}")),
                None => reply.problems.push(format!("the signal {key} was not written: there was no time left")),
            }
        }
    }

    async fn send(&self, alert: &Alert, deadline: Deadline) -> Published {
        let of = |outcome: Told| Published { key: alert.key.clone(), outcome };
        let (title, key) = (&alert.title, &alert.key);
        let Some(channel) = &self.alerts else {
            tracing::warn!(title, key, "alert; no topic is configured");
            return of(Told::Logged);
        };
        let body = format!("{}\n\nfound: {}\nkey: {key}\n", alert.text, alert.at);
        let message = Message { title: title.clone(), body };
        match until(deadline, channel.send(key, &message, deadline)).await {
            Some(Ok(Alerted::Sent { message_id })) => {
                tracing::warn!(title, key, message_id, "alert");
                of(Told::Sent)
            }
            Some(Ok(Alerted::AlreadySent)) => of(Told::AlreadySent),
            Some(Ok(Alerted::Claimed { .. })) | None => of(Told::Pending),
            Some(Err(error)) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(%error, cause, key, "an alert is not known to be out");
                let is_certain =
                    matches!(&error, AlertError::Publish(failure) if !ServiceFailure::may_have_happened(failure));
                of(if is_certain { Told::Failed } else { Told::Pending })
            }
        }
    }
}
