//! Documents that are damaged, contended, or whose writes have no answer.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;

use super::stage::Fault;
use super::*;

fn document() -> String {
    format!("state/breakers/{}.json", world::state_key(&service()))
}

fn counted(state: &State, yard: &Yard) -> (u64, u64) {
    let tally = state.tally(&defaults(), yard.stage.now_ms());
    (tally.ok, tally.failed)
}

#[tokio::test]
async fn a_damaged_document_begins_anew_and_only_counts_for_a_minute() {
    for content in ["", "{", "{\"write_id\":\"x\",\"value\":7}", "[]", "{\"write_id\":\"x\",\"value\":{\"state\":{}}}"]
    {
        let yard = Yard::begun().await;
        yard.stage.overwrite(&document(), content).await;
        let process = yard.process("one");
        process.calls(30, BAD).await;
        assert!(process.enter().await.is_ok(), "{content}");
        assert!(!process.breakers.world.is_away.load(Ordering::Relaxed), "{content}");
        yard.stage.pass(61 * SECOND);
        process.call(BAD).await;
        assert!(is_open(&yard.state()), "{content}");
    }
}

#[tokio::test]
async fn of_many_that_find_it_damaged_one_begins_anew() {
    let yard = Yard::begun().await;
    yard.stage.overwrite(&document(), "{").await;
    let before = yard.stage.history().len();
    let processes: Vec<_> = (0..8).map(|number| yard.process(&format!("process {number}"))).collect();
    join_all(processes.iter().map(|process| process.call(BAD))).await;
    for process in &processes {
        process.breakers.flush(NO).await;
    }
    let epochs: std::collections::BTreeSet<_> =
        yard.stage.history()[before..].iter().map(|record| record["state"]["epoch"].as_u64()).collect();
    assert_eq!((epochs.len(), counted(&yard.state(), &yard)), (1, (0, 8)));
}

#[tokio::test]
async fn a_write_without_an_answer_is_recognised() {
    for fault in [Fault::AnswerLost, Fault::Late, Fault::Lost] {
        let yard = Yard::begun().await;
        yard.stage.pass(MINUTE);
        let (one, two) = (yard.process("one"), yard.process("two"));
        one.call(OK).await;
        two.call(OK).await;
        yard.stage.fault(fault);
        one.call(BAD).await;
        yard.stage.arrive().await;
        two.call(BAD).await;
        yard.stage.pass(11 * SECOND);
        for process in [&one, &two] {
            process.breakers.flush(NO).await;
        }
        assert_eq!(counted(&yard.state(), &yard), (2, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_permit_whose_write_had_no_answer_is_used_by_the_next_call() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.calls(5, BAD).await;
    yard.stage.pass(30 * SECOND);
    yard.stage.fault(Fault::AnswerLost);
    // Nobody knows whether the permit was written: this process goes by its own counts, and its probe is its own.
    let ticket = process.enter().await.unwrap();
    assert_ne!(ticket.parts().1, ticket::Origin::Shared);
    drop(ticket);
    yard.stage.pass(11 * SECOND);
    let ticket = process.enter().await.unwrap();
    assert_eq!((ticket.parts().0.probe, ticket.parts().1), (Some(1), ticket::Origin::Shared));
}

#[tokio::test]
async fn reports_that_always_lose_the_race_are_taken_up_by_whoever_looks_after_it() {
    let yard = Yard::begun().await;
    yard.stage.pass(MINUTE);
    let dying = yard.process("dying");
    dying.call(OK).await;
    (0..5).for_each(|_| yard.stage.fault(Fault::Refused));
    dying.calls(1, BAD).await;
    let late = yard.stage.names("state/breakers/late").await;
    assert_eq!((late.len(), counted(&yard.state(), &yard)), (1, (0, 0)));
    drop(dying);
    let other = yard.process("other");
    let tended = other.breakers.tend(NO).await.unwrap();
    assert_eq!((tended.views[0].calls.ok, tended.views[0].calls.failed), (1, 1));
    assert!(yard.stage.names("state/breakers/late").await.is_empty());
    other.breakers.tend(NO).await.unwrap();
    assert_eq!(counted(&yard.state(), &yard), (1, 1), "once");
}

#[tokio::test]
async fn reports_that_lost_the_race_are_written_by_the_next_call_of_the_same_process() {
    let yard = Yard::begun().await;
    yard.stage.pass(MINUTE);
    let process = yard.process("one");
    (0..5).for_each(|_| yard.stage.fault(Fault::Refused));
    process.call(BAD).await;
    process.call(BAD).await;
    assert_eq!(counted(&yard.state(), &yard), (0, 2));
    assert!(yard.stage.names("state/breakers/late").await.is_empty());
}

#[tokio::test]
async fn damaged_late_reports_are_dropped_and_the_others_kept() {
    let yard = Yard::begun().await;
    let key = service().key();
    yard.stage.overwrite(Box::leak(format!("state/breakers/late/{key}/x-1.json").into_boxed_str()), "{").await;
    let process = yard.process("one");
    assert_eq!(process.breakers.tend(NO).await.unwrap().views.len(), 1);
    assert!(yard.stage.names("state/breakers/late").await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_unknown_and_not_closed() {
    let yard = Yard::begun().await;
    yard.stage.overwrite("state/breakers/state/other.json", "{").await;
    let tended = yard.process("one").breakers.tend(NO).await.unwrap();
    assert_eq!((tended.views.len(), tended.unknown.len()), (1, 1));
    assert_eq!(tended.unknown[0].0, "state/other");
}

#[tokio::test]
async fn a_document_under_the_name_of_another_is_unknown() {
    let yard = Yard::begun().await;
    let record = serde_json::json!({"write_id": "x", "value": yard.stage.history().last().unwrap()});
    yard.stage.overwrite("state/breakers/state/other.json", Box::leak(record.to_string().into_boxed_str())).await;
    let tended = yard.process("one").breakers.tend(NO).await.unwrap();
    assert_eq!((tended.views.len(), tended.unknown.len()), (1, 1));
}
