//! Orders of operators.

use super::stage::Fault;
use super::*;

const MINUTES: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_order_holds_for_all_processes_until_it_is_taken_back() {
    let yard = Yard::begun().await;
    let (one, two) = (yard.process("one"), yard.process("two"));
    two.call(OK).await;
    let state = one.breakers.order(&service(), asked(Mode::Open, "oncall", MINUTES), NO).await.unwrap();
    let order = state.forced(yard.stage.now_ms()).unwrap();
    assert_eq!((order.author.as_str(), order.reason.as_deref()), ("oncall", Some("a drill")));
    assert!(one.enter().await.is_err());
    assert!(two.enter().await.is_ok(), "it goes by a copy that is young enough");
    yard.stage.pass(11 * SECOND);
    assert!(two.enter().await.is_err());
    two.breakers.release(&service(), "bob", NO).await.unwrap();
    assert!(two.enter().await.is_ok());
    yard.stage.pass(11 * SECOND);
    assert!(one.enter().await.is_ok());
}

#[tokio::test]
async fn each_mode_holds() {
    for (mode, lets_through, counted) in
        [(Mode::Closed, true, 30), (Mode::Disabled, true, 0), (Mode::MetricsOnly, true, 30), (Mode::Open, false, 0)]
    {
        let yard = Yard::begun().await;
        let process = yard.process("one");
        process.breakers.order(&service(), asked(mode, "oncall", MINUTES), NO).await.unwrap();
        for _ in 0..30 {
            if let Ok(ticket) = process.enter().await {
                ticket.report(BAD, NO).await;
            }
        }
        assert_eq!(process.enter().await.is_ok(), lets_through, "{mode:?}");
        assert_eq!(yard.state().tally(&defaults(), yard.stage.now_ms()).failed, counted, "{mode:?}");
    }
}

#[tokio::test]
async fn an_order_without_sense_is_refused_and_changes_nothing() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    let before = yard.state();
    for (author, lasts) in [("", MINUTES), ("oncall", Duration::ZERO), ("oncall", Duration::MAX), ("recovery", MINUTES)]
    {
        let refused = process.breakers.order(&service(), asked(Mode::Open, author, lasts), NO).await;
        assert!(matches!(refused, Err(OrderError::Invalid(_))), "{author} {lasts:?}");
    }
    assert_eq!(yard.state(), before);
    let alone = Breakers::in_process(defaults(), Arc::new(Watch::new(&yard.stage))).unwrap();
    let refused = alone.order(&service(), asked(Mode::Open, "oncall", MINUTES), NO).await;
    assert!(matches!(refused, Err(OrderError::NotShared)));
}

#[tokio::test]
async fn an_operator_is_told_when_the_store_is_away() {
    let yard = Yard::begun().await;
    yard.stage.set_down(true);
    let refused = yard.process("one").breakers.order(&service(), asked(Mode::Open, "oncall", MINUTES), NO).await;
    assert!(matches!(refused, Err(OrderError::Away(_))), "{refused:?}");
}

#[tokio::test]
async fn an_order_whose_answer_was_lost_is_given_once() {
    let yard = Yard::begun().await;
    let process = yard.process("one");
    process.call(OK).await;
    yard.stage.fault(Fault::Refused);
    process.breakers.order(&service(), asked(Mode::Open, "oncall", MINUTES), NO).await.unwrap();
    let told = yard.stage.history().last().unwrap()["told"].clone();
    let forced = told.as_array().unwrap().iter().filter(|told| told["event"]["change"]["name"] == "forced");
    assert_eq!(forced.count(), 1);
}
