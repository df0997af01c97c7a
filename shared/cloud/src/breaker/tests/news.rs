//! What people are told, and by whom.

use std::sync::Mutex;

use async_trait::async_trait;
use causeway_resilience::ServiceFailure;
use causeway_resilience::service::Kind;
use futures_util::future::join_all;
use object_store::memory::InMemory;

use super::*;
use crate::notifier::{Alerts, Message, Notifier};

#[derive(Default)]
struct Topic {
    out: Mutex<Vec<Message>>,
    is_down: Mutex<bool>,
}

#[async_trait]
impl Notifier for Topic {
    async fn publish(&self, message: &Message, _: Deadline) -> Result<String, ServiceFailure> {
        stage::turn().await;
        if *self.is_down.lock().unwrap() {
            return Err(ServiceFailure::new(Kind::Unavailable, "notifications", "PublishMessage", "no"));
        }
        self.out.lock().unwrap().push(message.clone());
        Ok("1".to_owned())
    }
}

impl Topic {
    fn titles(&self) -> Vec<String> {
        self.out.lock().unwrap().iter().map(|message| message.title.clone()).collect()
    }
}

/// Processes that tell people of changes.
async fn tellers(yard: &Yard, number: usize) -> (Vec<Process>, Arc<Topic>) {
    let (topic, told): (Arc<Topic>, Objects) = (Arc::default(), Arc::new(InMemory::new()));
    let teller = |number: usize| {
        let process = yard.process(&format!("teller {number}"));
        let documents = Documents::new(Arc::clone(&told), "told", Arc::clone(&process.watch) as _);
        let alerts = Alerts::new(Arc::clone(&topic) as _, documents, Duration::from_secs(86_400));
        Process { breakers: process.breakers.with_alerts(alerts), ..process }
    };
    ((0..number).map(teller).collect(), topic)
}

const OPENED: &str = "Circuit breaker of object-storage of acme opened";
const TRIES: &str = "Circuit breaker of object-storage of acme tries again";
const CLOSED: &str = "Circuit breaker of object-storage of acme closed";

#[tokio::test]
async fn each_change_is_told_once_by_all() {
    let yard = Yard::begun().await;
    let (processes, topic) = tellers(&yard, 8).await;
    join_all(processes.iter().map(|process| process.call(BAD))).await;
    yard.stage.pass(30 * SECOND);
    for process in &processes[..5] {
        process.call(OK).await;
    }
    for process in &processes {
        process.breakers.tend(NO).await.unwrap();
    }
    assert_eq!(topic.titles(), [OPENED, TRIES, CLOSED]);
    let bodies: Vec<_> = topic.out.lock().unwrap().iter().map(|message| message.body.clone()).collect();
    assert!(bodies[0].contains("calls failed one after the other") && bodies[0].contains("Epoch"), "{bodies:?}");
}

#[tokio::test]
async fn what_could_not_be_told_is_told_by_whoever_looks_after_it() {
    let yard = Yard::begun().await;
    let (processes, topic) = tellers(&yard, 2).await;
    *topic.is_down.lock().unwrap() = true;
    processes[0].calls(5, BAD).await;
    processes[1].breakers.tend(NO).await.unwrap();
    assert!(topic.titles().is_empty() && is_open(&yard.state()));
    *topic.is_down.lock().unwrap() = false;
    processes[1].breakers.tend(NO).await.unwrap();
    processes[0].breakers.tend(NO).await.unwrap();
    assert_eq!(topic.titles(), [OPENED]);
}

#[tokio::test]
async fn orders_are_told_with_their_author_and_recoveries_are_not() {
    let yard = Yard::new();
    let (processes, topic) = tellers(&yard, 1).await;
    processes[0].calls(10, BAD).await;
    yard.stage.pass(61 * SECOND);
    processes[0].call(OK).await;
    processes[0].breakers.order(&service(), asked(Mode::Open, "oncall", Duration::from_secs(60)), NO).await.unwrap();
    yard.stage.pass(MINUTE);
    processes[0].call(OK).await;
    let bodies: Vec<_> = topic.out.lock().unwrap().iter().map(|message| message.body.clone()).collect();
    assert_eq!(bodies.len(), 2, "{bodies:?}");
    assert!(bodies[0].contains("Held open until") && bodies[0].contains("by oncall. Reason: a drill"), "{bodies:?}");
    assert!(bodies[1].contains("The order of oncall ended"), "{bodies:?}");
}

#[tokio::test]
async fn a_breaker_without_traffic_is_reported_as_due_for_probes() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.calls(5, BAD).await;
    yard.stage.pass(30 * SECOND + 10 * MINUTE - 1);
    assert!(!process.breakers.tend(NO).await.unwrap().views[0].is_probe_due);
    yard.stage.pass(1);
    let view = process.breakers.tend(NO).await.unwrap().views.remove(0);
    assert!(view.is_probe_due && matches!(view.phase, Phase::Open { .. }));
    // Whoever looks after it sends them like any caller.
    let breaker = process.breakers.of(&view.dependency);
    for _ in 0..5 {
        breaker.enter(NO).await.unwrap().report(OK, NO).await;
    }
    assert_eq!(process.breakers.tend(NO).await.unwrap().views[0].phase, Phase::Closed);
}

#[tokio::test]
async fn a_look_shows_every_breaker_and_changes_nothing() {
    let yard = Yard::begun().await;
    let (processes, topic) = tellers(&yard, 1).await;
    processes[0].calls(5, BAD).await;
    topic.out.lock().unwrap().clear();
    yard.stage.pass(30 * SECOND + 10 * MINUTE);
    let before = (yard.stage.writes(), yard.state());
    let looked = processes[0].breakers.look(NO).await.unwrap();
    assert!(matches!(looked.views[0].phase, Phase::Open { .. }) && looked.views[0].is_probe_due);
    assert_eq!((yard.stage.writes(), yard.state()), before);
    assert!(topic.titles().is_empty());
    yard.stage.set_down(true);
    assert!(!processes[0].breakers.look(NO).await.unwrap().unknown.is_empty(), "what cannot be read is unknown");
}
