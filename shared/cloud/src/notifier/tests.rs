//! Alerts over memory, with a service that fails at the worst moment.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// Answers with this status; nothing says that nothing has happened.
    Answers(u16),
    AnswerLost,
    Hangs,
}

struct Topic {
    /// Before `next`, one after the other.
    script: Mutex<Vec<Next>>,
    tries: AtomicUsize,
    next: Mutex<Next>,
    out: Mutex<Vec<String>>,
    hanging: Notify,
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        let failure = ServiceFailure::new(Kind::Unavailable, "notifications", "PublishMessage", "broken");
        self.tries.fetch_add(1, Ordering::SeqCst);
        let scripted = self.script.lock().unwrap().pop();
        let next = *self.next.lock().unwrap();
        match scripted.unwrap_or(next) {
            Next::Works => {}
            Next::Refused => return Err(failure),
            Next::Answers(status) => {
                return Err(failure.with_answer(Some(status), None).with_unknown_effect(true));
            }
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
    let topic = Arc::new(Topic {
        script: Mutex::default(),
        tries: AtomicUsize::new(0),
        next: Mutex::new(next),
        out: Mutex::default(),
        hanging: Notify::new(),
    });
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

/// The same that tries again; pauses are as long as they get.
fn patient(next: Next) -> (Alerts, Arc<Topic>, Arc<Hands>) {
    let (alerts, topic, clock) = alerts(next);
    (alerts.patient(Arc::clone(&clock) as Arc<dyn Clock>, || 1.0), topic, clock)
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_refuses_twice_gets_one_message_under_one_claim() {
    let (alerts, topic, _) = patient(Next::Works);
    *topic.script.lock().unwrap() = vec![Next::Refused, Next::Refused];
    assert!(matches!(send(&alerts, "first").await.unwrap(), Alerted::Sent { .. }));
    assert_eq!((topic.tries.load(Ordering::SeqCst), topic.out.lock().unwrap().len()), (3, 1));
    assert_eq!(send(&alerts, "second").await.unwrap(), Alerted::AlreadySent);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_refuses_for_ever_leaves_one_message_to_the_next_call() {
    let (alerts, topic, clock) = patient(Next::Refused);
    assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
    assert_eq!(topic.tries.load(Ordering::SeqCst), 5, "there is an end to it");
    assert_eq!(alerts.sent("2026-11/80%").await.unwrap(), None);
    *topic.next.lock().unwrap() = Next::Works;
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Sent { .. }), "the claim is free");
    clock.advance(CLAIM);
    assert_eq!(send(&alerts, "third").await.unwrap(), Alerted::AlreadySent);
    assert_eq!(*topic.out.lock().unwrap(), ["second"]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_answers_503_twice_gets_one_message() {
    let (alerts, topic, _) = patient(Next::Works);
    *topic.script.lock().unwrap() = vec![Next::Answers(503), Next::Answers(503)];
    assert!(matches!(send(&alerts, "first").await.unwrap(), Alerted::Sent { .. }));
    assert_eq!((topic.tries.load(Ordering::SeqCst), topic.out.lock().unwrap().len()), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_answers_503_for_ever_leaves_one_message_to_who_finds_the_claim_over() {
    let (alerts, topic, clock) = patient(Next::Answers(503));
    assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
    assert_eq!(topic.tries.load(Ordering::SeqCst), 5);
    *topic.next.lock().unwrap() = Next::Works;
    assert!(matches!(send(&alerts, "second").await.unwrap(), Alerted::Claimed { .. }));
    clock.advance(CLAIM);
    assert!(matches!(send(&alerts, "third").await.unwrap(), Alerted::Sent { .. }));
    assert_eq!(*topic.out.lock().unwrap(), ["third"]);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_out_and_what_stays_refused_is_tried_once() {
    for next in [Next::AnswerLost, Next::Answers(502), Next::Answers(504), Next::Answers(403)] {
        let (alerts, topic, _) = patient(next);
        assert!(matches!(send(&alerts, "first").await, Err(AlertError::Publish(_))));
        assert_eq!(topic.tries.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn no_pause_is_longer_than_the_deadline_allows() {
    let (alerts, topic, _) = patient(Next::Refused);
    let deadline = Deadline::at(std::time::Instant::now() + Duration::from_millis(500));
    let message = Message { title: String::new(), body: String::new() };
    assert!(matches!(alerts.send("k", &message, deadline).await, Err(AlertError::Publish(_))));
    assert_eq!(topic.tries.load(Ordering::SeqCst), 1, "a second is more than is left");
    *topic.next.lock().unwrap() = Next::Works;
    assert!(matches!(alerts.send("k", &message, Deadline::NONE).await.unwrap(), Alerted::Sent { .. }));
}

#[tokio::test]
async fn a_mark_says_when_and_a_question_for_it_holds_nothing_up() {
    let (alerts, _, clock) = patient(Next::Works);
    assert_eq!(alerts.sent("2026-11/80%").await.unwrap(), None);
    assert!(matches!(send(&alerts, "first").await.unwrap(), Alerted::Sent { .. }), "nobody holds the key");
    let sent = Sent { message_id: "1".to_owned(), unix_ms: Some(clock.unix_millis()) };
    clock.advance(Duration::from_secs(86_400));
    assert_eq!(alerts.sent("2026-11/80%").await.unwrap(), Some(sent));
    clock.advance(KEEP);
    assert_eq!(alerts.sent("2026-11/80%").await.unwrap(), None, "it is forgotten with the claim");
}

#[test]
fn marks_without_a_time_are_marks() {
    let check = |reply: &str, message_id: &str, unix_ms: Option<u64>| {
        assert_eq!(Sent::of_reply(reply), Sent { message_id: message_id.to_owned(), unix_ms }, "{reply}");
    };
    check("ocid1.message.a", "ocid1.message.a", None);
    check("7", "7", None);
    check(r#"{"message_id":"a","unix_ms":5}"#, "a", Some(5));
    check("", "", None);
}
