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
use crate::signal::Signal;

/// Messages of one tick; a topic takes 60 a minute.
const MAX_MESSAGES: usize = 20;
/// Messages and documents that are sent at once.
const AT_ONCE: usize = 4;

impl HealthChecker {
    /// Sends what waits, signals first, and writes down what is out. What is left the next tick sends.
    pub(super) async fn tell(&self, store: &Store<'_>, state: &State, reply: &mut Reply, deadline: Deadline) {
        let written = self.signals(state, reply, deadline).await;
        let sent: Vec<_> = chosen(state, reply).into_iter().map(|alert| self.send(alert, deadline)).collect();
        reply.published = stream::iter(sent).buffered(AT_ONCE).collect().await;
        let out = reply.published.iter().filter(|published| published.outcome.is_out());
        let out: Vec<String> = out.map(|published| published.key.clone()).collect();
        if out.is_empty() && written.is_empty() {
            return;
        }
        if let Err(error) = store.told(&out, &written).await {
            tracing::warn!(%error, "what became of messages was not written; their keys tell");
            reply.problems.push(format!("what became of the messages was not written: {error}"));
        }
    }

    /// Writes the documents of signals that do not say yet what they have to say, and gives those that do.
    async fn signals(&self, state: &State, reply: &mut Reply, deadline: Deadline) -> Vec<(String, Signal)> {
        let due = state.signals.iter().filter(|(_, issued)| !issued.is_written);
        let writes: Vec<_> = due
            .map(|(key, issued)| async move {
                (key, &issued.signal, until(deadline, self.write(key, &issued.signal)).await)
            })
            .collect();
        let mut written = Vec::new();
        for (key, signal, outcome) in stream::iter(writes).buffered(AT_ONCE).collect::<Vec<_>>().await {
            match outcome {
                Some(Ok(())) => written.push((key.clone(), signal.clone())),
                Some(Err(why)) => reply.problems.push(format!("the signal {key} was not written: {why}")),
                None => reply.problems.push(format!("the signal {key} was not written: there was no time left")),
            }
        }
        written
    }

    /// A signal is written once; one that is withdrawn takes the place of whatever is there, also where nothing is yet:
    /// another tick may be slow with it.
    async fn write(&self, key: &str, signal: &Signal) -> Result<(), String> {
        let signals = self.documents.below("signals");
        if signal.withdrawn_at.is_some() {
            let withdraw = |_: Option<Signal>| Ok::<Signal, StateError>(signal.clone());
            return signals.update(key, withdraw).await.map(drop).map_err(|error| error.to_string());
        }
        match signals.create(key, signal).await {
            Ok(_) => Ok(()),
            // A write whose answer was lost, or another tick's.
            Err(StateError::Conflict(_)) => match signals.get::<Signal>(key).await {
                Ok(Some(found)) if found.value.report.since == signal.report.since => Ok(()),
                Ok(_) => Err("there is another one of this name".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Err(error) => Err(error.to_string()),
        }
    }

    pub(super) async fn send(&self, alert: &Alert, deadline: Deadline) -> Published {
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

/// What is sent now: signals, what is new, and then the others in turn: some that another tick has claimed must not keep
/// all the others waiting.
fn chosen<'a>(state: &'a State, reply: &Reply) -> Vec<&'a Alert> {
    let is_new = |alert: &Alert| reply.report.alerts.iter().any(|new| new.key == alert.key);
    let mut waiting: Vec<&Alert> = state.pending.iter().collect();
    if !waiting.is_empty() {
        let turn = usize::try_from(reply.report.as_of.as_second().div_euclid(60)).unwrap_or(0);
        let first = turn.wrapping_mul(MAX_MESSAGES) % waiting.len();
        waiting.rotate_left(first);
    }
    waiting.sort_by_key(|alert| (!alert.is_signal(), !is_new(alert)));
    waiting.truncate(MAX_MESSAGES);
    waiting
}
