#![allow(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use causeway_cloud::fleet::{Accepted, Machine, OUT_OF_HOST_CAPACITY, Selector, Shape, Size, Work};
use causeway_resilience::Deadline;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::json;

use super::*;
use crate::record;
use crate::tick::tests::Hands;

/// A cloud that refuses a change in these ways, one after the other and the last for ever, and that shows the machine in
/// this state, or not at all.
struct Refusing {
    refusals: Mutex<Vec<ServiceFailure>>,
    shown: Option<&'static str>,
}

#[async_trait]
impl Fleet for Refusing {
    fn machines(&self, _: &Selector, _: Deadline) -> BoxStream<'static, Result<Machine, ServiceFailure>> {
        stream::empty().boxed()
    }

    async fn machine(&self, id: &str, _: Deadline) -> Result<Machine, ServiceFailure> {
        let missing = || ServiceFailure::new(Kind::NotFound, "compute", "GetInstance", "");
        let state = self.shown.ok_or_else(missing)?;
        let machine = json!({
            "id": id, "compartment": "c", "state": state, "shape": "s", "size": { "ocpus": 16.0, "memory_gb": 256.0 },
            "availability_domain": "ad", "created": "2026-03-11T12:00:00Z", "tags": {}, "defined_tags": {},
        });
        Ok(serde_json::from_value(machine).unwrap())
    }

    fn shapes(&self, _: Option<&str>, _: Deadline) -> BoxStream<'static, Result<Shape, ServiceFailure>> {
        stream::empty().boxed()
    }

    async fn resize(&self, _: &Resize, _: Deadline) -> Result<Accepted, ServiceFailure> {
        let mut refusals = self.refusals.lock().unwrap();
        Err(if refusals.len() > 1 { refusals.remove(0) } else { refusals[0].clone() })
    }

    async fn work(&self, _: &str, _: Deadline) -> Result<Work, ServiceFailure> {
        Err(ServiceFailure::new(Kind::NotFound, "compute", "GetWorkRequest", ""))
    }
}

fn failure(kind: Kind, reason: &str) -> ServiceFailure {
    ServiceFailure::new(kind, "compute", "UpdateInstance", reason)
}

/// The name of what became of a change that was refused in these ways.
async fn answer(refusals: &[ServiceFailure], shown: Option<&'static str>) -> &'static str {
    name(&whole_answer(refusals, shown).await)
}

async fn whole_answer(refusals: &[ServiceFailure], shown: Option<&'static str>) -> Answer {
    of(refusals, shown, Some("etag")).await
}

async fn of(refusals: &[ServiceFailure], shown: Option<&'static str>, etag: Option<&str>) -> Answer {
    let fleet = Refusing { refusals: Mutex::new(refusals.to_vec()), shown };
    let clock = Hands::at(1_000);
    let deadline = Deadline::within(Instant::now(), Some(Duration::from_secs(60)));
    let patience = Patience { clock: &clock, random: || 0.0, deadline };
    let size = |ocpus: f64| Size { ocpus, memory_gb: ocpus * 16.0 };
    let action = Action {
        id: "ocid1.instance.oc1.iad.a".to_owned(),
        kind: record::Kind::Up,
        from: size(16.0),
        to: size(22.0),
        baseline: None,
        if_match: etag.map(str::to_owned),
        retry_token: "token".to_owned(),
        may_restart: false,
    };
    let answers = Carry { fleet: &fleet, patience: &patience, concurrency: 1 }.out(&[action]).await;
    answers.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_quota_is_told_from_a_full_data_centre() {
    for (code, is_quota) in [("QuotaExceeded", true), ("LimitExceeded", false), (OUT_OF_HOST_CAPACITY, false)] {
        // Nobody knows what became of a call that was answered with 500, but for this one.
        let refusal = failure(Kind::Unavailable, "Out of host capacity.").with_unknown_effect(true);
        let refusal = refusal.with_answer(None, Some(code.to_owned()));
        assert_eq!(whole_answer(&[refusal], Some("RUNNING")).await, Answer::NoCapacity { is_quota }, "{code}");
    }
}

#[tokio::test]
async fn a_machine_that_has_changed_may_have_been_changed_by_an_earlier_round() {
    let changed = || failure(Kind::Conflict, "NoEtagMatch").with_answer(Some(412), None);
    let lost = || failure(Kind::Timeout, "").with_unknown_effect(true);
    for (refusals, may_be_ours) in [(vec![changed()], false), (vec![lost(), changed()], true)] {
        let now = Some(Size { ocpus: 16.0, memory_gb: 256.0 });
        for (shown, is_settled) in [("RUNNING", true), ("STARTING", false)] {
            let expected = Answer::Changed { now, may_be_ours, is_settled };
            assert_eq!(whole_answer(&refusals, Some(shown)).await, expected);
        }
    }
    let used = failure(Kind::Conflict, "").with_answer(Some(409), Some("InvalidatedRetryToken".to_owned()));
    assert_eq!(answer(&[used], Some("RUNNING")).await, "changed");
}

#[tokio::test]
async fn a_machine_that_may_not_be_read_is_told_and_not_waited_for() {
    for (shown, expected) in [(None, "hidden"), (Some("RUNNING"), "not_sent")] {
        let refusals = [failure(Kind::Denied, "must not be sent")];
        assert_eq!(name(&of(&refusals, shown, None).await), expected, "{shown:?}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_unknown_whatever_comes_after_it() {
    let lost = || failure(Kind::Timeout, "").with_unknown_effect(true);
    let certain = || failure(Kind::Timeout, "");
    let full = || failure(Kind::Invalid, "").with_answer(Some(400), Some("LimitExceeded".to_owned()));
    for (refusals, expected) in [
        (vec![lost(), failure(Kind::Throttled, "429")], "unknown"),
        (vec![lost(), failure(Kind::Unavailable, "connection refused")], "unknown"),
        (vec![lost(), failure(Kind::Conflict, "busy")], "unknown"),
        (vec![lost(), failure(Kind::Denied, "")], "unknown"),
        (vec![failure(Kind::Throttled, "").with_unknown_effect(true)], "unknown"),
        (vec![certain(), failure(Kind::Throttled, "429")], "not_sent"),
        (vec![certain(), failure(Kind::Denied, "")], "refused"),
        (vec![lost(), full()], "unknown"),
        (vec![full()], "no_capacity"),
        (vec![failure(Kind::Unauthenticated, "401")], "not_sent"),
    ] {
        assert_eq!(answer(&refusals, Some("RUNNING")).await, expected, "{refusals:?}");
    }
}

#[tokio::test]
async fn a_machine_is_gone_when_the_service_says_so() {
    let hidden = [failure(Kind::NotFound, "NotAuthorizedOrNotFound")];
    for (shown, expected) in [
        (None, "hidden"),
        (Some("TERMINATED"), "gone"),
        (Some("TERMINATING"), "gone"),
        (Some("RUNNING"), "refused"),
        (Some("STOPPED"), "refused"),
    ] {
        assert_eq!(answer(&hidden, shown).await, expected, "{shown:?}");
    }
}

#[tokio::test]
async fn a_conflict_of_a_running_machine_is_no_proof_of_anything() {
    for (shown, expected) in [(Some("RUNNING"), "conflict"), (Some("STARTING"), "busy"), (None, "busy")] {
        assert_eq!(answer(&[failure(Kind::Conflict, "409 IncorrectState")], shown).await, expected, "{shown:?}");
    }
}
