//! Alerts over memory, with a service that fails at the worst moment.

use std::sync::Mutex;

use causeway_resilience::service::Kind;
use tokio::sync::Notify;

use super::*;
use crate::state::tests::{Hands, documents};

const KEEP: Duration = Duration::from_secs(40 * 86_400);

/// What becomes of the next publication.
#[derive(Clone, Copy)]
enum Next {
    Works,
    Refused,
    AnswerLost,
    Hangs,
}

struct Topic {
    next: Mutex<Next>,
    out: Mutex<Vec<String>>,
    hanging: Notify,
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        let failure = ServiceFailure::new(Kind::Unavailable, "notifications", "PublishMessage", "broken");
        let next = *self.next.lock().unwrap();
        match next {
            Next::Works => {}
            Next::Refused => return Err(failure),
            Next::AnswerLost => {
                self.out.lock().unwrap().push(message.body.clone());
                return Err(failure.with_unknown_effect(true));
            }
            Next::Hangs => {
                self.hanging.notify_one();
                std::future::pending::<()>().await;
            }
        }
        tokio::task::yield_now().await;
        let mut out = self.out.lock().unwrap();
        out.push(message.body.clone());
        Ok(out.len().to_string())
    }
}

fn alerts(next: Next) -> (Alerts, Arc<Topic>, Arc<Hands>) {
    let (documents, clock) = documents();
    let topic = Arc::new(Topic { next: Mutex::new(next), out: Mutex::default(), hanging: Notify::new() });
    (Alerts::new(topic.clone(), documents, KEEP), topic, clock)
}

async fn send(alerts: &Alerts, body: &str) -> Result<Alerted, AlertError> {
    let message = Message { title: "egress".to_owned(), body: body.to_owned() };
    alerts.send("2026-11/80%", &message, Deadline::NONE).await
}

#[tokio::test]
async fn the_same_alert_goes_out_once_whatever_it_says() {
    let (alerts, topic, clock) = alerts(Next::Works);
    assert_eq!(send(&alerts, "81 %").await.unwrap(), Alerted::Sent { message_id: "1".to_owned() });
    clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(send(&alerts, "82 %").await.unwrap(), Alerted::AlreadySent);
    assert_eq!(*topic.out.lock().unwrap(), ["81 %"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_find_the_same_one_tells() {
    let (alerts, topic, _) = alerts(Next::Works);
    let runs = (0..24).map(|_| {
        let alerts = alerts.clone();
        tokio::spawn(async move { send(&alerts, "once").await.unwrap() })
    });
    let mut sent = 0;
    for run in runs.collect::<Vec<_>>() {
        sent += usize::from(matches!(run.await.unwrap(), Alerted::Sent { .. }));
    }
    assert_eq!((sent, topic.out.lock().unwrap().len()), (1, 1));
}

#[tokio::test]
async fn one_that_died_before_publishing_holds_it_up_for_ten_minutes() {
    let (alerts, topic, clock) = alerts(Next::Hangs);
    let dying = tokio::spawn({
        let alerts = alerts.clone();
        async move { send(&alerts, "first").await }
    });
    topic.hanging.notified().await;
    dying.abort();
    assert!(dying.await.unwrap_err().is_cancelled());
    *topic.next.lock().unwrap() = Next::Works;
    clock.advance(CLAIM - Duration::from_millis(1));
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Claimed { .. }));
    clock.advance(Duration::from_millis(1));
    assert!(matches!(send(&alerts, "third").await.unwrap(), Alerted::Sent { .. }));
    assert_eq!(*topic.out.lock().unwrap(), ["third"]);
}

#[tokio::test]
async fn what_is_certainly_not_out_is_sent_by_the_next() {
    let (alerts, topic, _) = alerts(Next::Refused);
    assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
    *topic.next.lock().unwrap() = Next::Works;
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Sent { .. }));
}

#[tokio::test]
async fn what_may_be_out_is_sent_again_later_rather_than_never() {
    let (alerts, topic, clock) = alerts(Next::AnswerLost);
    assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
    *topic.next.lock().unwrap() = Next::Works;
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Claimed { .. }));
    clock.advance(CLAIM);
    assert!(matches!(send(&alerts, "third").await.unwrap(), Alerted::Sent { .. }));
    assert_eq!(*topic.out.lock().unwrap(), ["first", "third"]);
}

#[tokio::test]
async fn a_claim_lasts_as_long_as_was_chosen() {
    let (alerts, topic, clock) = alerts(Next::AnswerLost);
    let claim = Duration::from_secs(60);
    let alerts = alerts.claimed_for(claim);
    assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
    *topic.next.lock().unwrap() = Next::Works;
    clock.advance(claim - Duration::from_millis(1));
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Claimed { .. }));
    clock.advance(Duration::from_millis(1));
    assert!(matches!(send(&alerts, "third").await.unwrap(), Alerted::Sent { .. }));
}
