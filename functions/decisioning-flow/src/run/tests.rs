//! What comes next, without a clock, a store or an agent.

use proptest::prelude::*;

use super::*;
use crate::flow::{Analysis, DEFAULT_FLOW, Flow};
use causeway_decisioning::result::Status;
use serde_json::{Value, json};

fn flow() -> Flow {
    Flow::read(DEFAULT_FLOW).unwrap()
}

fn state() -> RunState {
    let asked = Asked {
        analysis_type: Analysis::StrategicBusinessHealth,
        data_sources: Vec::new(),
        has_default_sources: true,
        as_of: None,
        config: std::collections::BTreeMap::new(),
        flow_sha256: String::new(),
    };
    RunState::begin("run".to_owned(), asked, String::new(), 1_000_000)
}

fn answer(agent: &str, status: &str) -> Answer {
    let body = json!({
        "agent_name": agent, "task_id": format!("{agent}_1"), "status": status, "data": {}, "insights": ["i"],
        "recommendations": [], "timestamp": "1970-01-01T00:20:00Z", "execution_time": 1.5, "confidence_score": 0.5,
    });
    Answer::read(&serde_json::to_vec(&body).unwrap().into(), true).unwrap()
}

/// Goes on until the end; each agent answers with the status that `ends` gives, or fails without one. Gives the
/// batches of agents that were called.
fn play(flow: &Flow, ends: &dyn Fn(&str) -> Option<&'static str>) -> (Vec<Vec<String>>, RunState) {
    let (mut state, mut answers, mut batches) = (state(), Answers::new(), Vec::new());
    for step in 0.. {
        assert!(step < 20, "it never ends");
        let (next, then) = advance(flow, &state, &answers, 1_000_000 + step);
        state = then;
        let Next::Call(orders) = next else { break };
        batches.push(orders.iter().map(|order| order.agent.clone()).collect());
        for order in orders {
            let progress = match ends(&order.agent) {
                Some(status) => {
                    let answer = answer(&order.agent, status);
                    let status = answer.status;
                    answers.insert(order.agent.clone(), answer);
                    Progress::Answered { status }
                }
                None => Progress::Failed { code: "x".to_owned(), message: "y".to_owned(), at_unix_ms: 1 },
            };
            state.agents.insert(order.agent, progress);
        }
    }
    (batches, state)
}

#[test]
fn stages_run_in_order_and_parallel_agents_together() {
    let (batches, state) = play(&flow(), &|_| Some("success"));
    assert_eq!(batches, [vec!["discovery"], vec!["intelligence", "strategy"], vec!["decision"], vec!["visualization"]]);
    assert_eq!(status(&flow(), &state), Status::Success);
    let mut sequential = flow();
    sequential.stages[1].is_parallel = false;
    assert_eq!(play(&sequential, &|_| Some("success")).0.len(), 5);
}

#[test]
fn partial_results_go_on_where_they_are_accepted_and_stay_partial() {
    let (batches, state) = play(&flow(), &|agent| Some(if agent == "strategy" { "partial" } else { "success" }));
    assert_eq!((batches.len(), status(&flow(), &state)), (4, Status::Partial));
    let body = serde_json::to_vec(&answer("strategy", "partial").text).unwrap();
    let strict = Answer::read(&body.clone().into(), false).unwrap();
    let lenient = Answer::read(&body.into(), true).unwrap();
    assert_eq!((&strict.view["status"], &lenient.view["status"]), (&json!("partial"), &json!("success")));
    assert_eq!(strict.text.get(), lenient.text.get(), "what is given out stays as it came");
}

#[test]
fn what_waits_for_a_failed_agent_is_skipped_with_the_reason() {
    let (batches, state) = play(&flow(), &|agent| (agent != "strategy").then_some("success"));
    assert_eq!(batches.len(), 2);
    let Some(Progress::Skipped { reason }) = state.agents.get("decision") else { panic!("{state:?}") };
    assert!(reason.contains("strategy.status == 'success'"), "{reason}");
    assert!(matches!(state.agents["visualization"], Progress::Skipped { .. }));
    assert_eq!(status(&flow(), &state), Status::Error);
}

#[test]
fn a_failed_optional_stage_makes_a_run_partial() {
    for end in [None, Some("error")] {
        let (_, state) = play(&flow(), &|agent| if agent == "visualization" { end } else { Some("success") });
        assert_eq!(status(&flow(), &state), Status::Partial);
    }
}

#[test]
fn a_condition_about_something_absent_skips_and_says_what() {
    let text = DEFAULT_FLOW.replacen("discovery.status == 'success'", "discovery.data.score >= 80", 1);
    let (_, state) = play(&Flow::read(&text).unwrap(), &|_| Some("success"));
    let Some(Progress::Skipped { reason }) = state.agents.get("strategy") else { panic!("{state:?}") };
    assert_eq!(reason, "the condition of the stage cannot be decided: discovery.data.score is absent");
}

#[test]
fn time_ends_for_agents_and_for_runs() {
    let flow = flow();
    let (next, begun) = advance(&flow, &state(), &Answers::new(), 1_000_000);
    let Next::Call(orders) = next else { panic!("nothing to do") };
    assert_eq!((orders[0].until_unix_ms, orders[0].tries_left), (1_300_000, 4));
    let (next, _) = advance(&flow, &begun, &Answers::new(), 1_299_999);
    assert_eq!(next, Next::Call(orders), "the time goes on from where the agent's turn came");
    let (next, ended) = advance(&flow, &begun, &Answers::new(), 1_300_000);
    assert_eq!(next, Next::Finish);
    let Progress::Failed { code, message, at_unix_ms } = &ended.agents["discovery"] else { panic!("{ended:?}") };
    assert_eq!((code.as_str(), *at_unix_ms), (TIMEOUT, 1_300_000));
    assert!(message.contains("the agent"));
    let late =
        RunState { agents: [("discovery".to_owned(), Progress::Answered { status: Status::Success })].into(), ..begun };
    let answers = Answers::from([("discovery".to_owned(), answer("discovery", "success"))]);
    let (next, late) = advance(&flow, &late, &answers, 1_000_000 + 1_800_000);
    assert_eq!(next, Next::Finish);
    assert!(matches!(&late.agents["strategy"], Progress::Failed { message, .. } if message.contains("the run")));
}

#[test]
fn time_in_which_nobody_carries_a_run_on_does_not_count() {
    let flow = flow();
    let (_, mut run) = advance(&flow, &state(), &Answers::new(), 1_000_000);
    let (day, later) = (86_400_000, 1_000_000 + 86_400_000);
    run.resume(later);
    let (Next::Call(orders), _) = advance(&flow, &run, &Answers::new(), later) else { panic!("nothing to do") };
    assert_eq!((orders[0].until_unix_ms, run.idle_ms, run.invocations), (1_300_000 + day, day, 1));
    assert_eq!(run.ends_unix_ms(flow.timeout), 1_000_000 + day + 1_800_000);
    run.written_unix_ms = 0;
    run.resume(later + day);
    assert_eq!((run.idle_ms, run.invocations), (day, 2), "unknown is not idle");
    run.written_unix_ms = later;
    run.resume(5);
    assert_eq!(run.idle_ms, day, "a clock that was set back");
}

#[test]
fn a_state_that_a_newer_or_older_version_wrote_is_read() {
    let mut stored =
        serde_json::to_value(RunState { agents: [("a".to_owned(), running())].into(), ..state() }).unwrap();
    for place in ["", "/asked", "/agents/a"] {
        stored.pointer_mut(place).unwrap()["of_a_newer_version"] = json!(1);
    }
    assert_eq!(serde_json::from_value::<RunState>(stored.clone()).unwrap().agents["a"], running());
    for (place, member) in [("", "idle_ms"), ("", "written_unix_ms"), ("/asked", "has_default_sources")] {
        stored.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(member).unwrap();
    }
    assert_eq!(serde_json::from_value::<RunState>(stored).unwrap().written_unix_ms, 0);
}

fn running() -> Progress {
    Progress::Running { since_unix_ms: 1, failed_tries: 2 }
}

#[test]
fn failed_tries_count_over_invocations() {
    let mut state = state();
    state.agents.insert("discovery".to_owned(), Progress::Running { since_unix_ms: 1_000_000, failed_tries: 3 });
    let (Next::Call(orders), _) = advance(&flow(), &state, &Answers::new(), 1_000_001) else { panic!("nothing") };
    assert_eq!(orders[0].tries_left, 1);
}

#[test]
fn answers_that_are_no_results_are_told_apart() {
    let read = |value: Value| Answer::read(&serde_json::to_vec(&value).unwrap().into(), true).unwrap_err();
    let refused = json!({"error": {"kind": "client", "code": "invalid_request", "message": "no", "path": "a", "retryable": false}});
    let expected =
        AnswerError::Refused { code: "invalid_request".to_owned(), message: "no at a".to_owned(), is_retryable: false };
    assert_eq!(read(refused), expected);
    let foreign = AnswerError::Refused {
        code: "agent_error".to_owned(),
        message: "the model is asleep".to_owned(),
        is_retryable: false,
    };
    assert_eq!(read(json!({"error": "the model is asleep", "status": "error"})), foreign);
    for wrong in [json!(null), json!([]), json!({}), json!({"status": "success"}), json!({"error": null})] {
        assert!(matches!(read(wrong.clone()), AnswerError::NotAResult(_) | AnswerError::Refused { .. }), "{wrong}");
    }
    let mut confident: Value = serde_json::from_str(answer("a", "success").text.get()).unwrap();
    confident["confidence_score"] = json!(1.5);
    assert!(matches!(read(confident), AnswerError::NotAResult(_)));
    assert!(
        matches!(Answer::read(&"secret".into(), true), Err(AnswerError::NotAResult(text)) if !text.contains("secret"))
    );
    assert_eq!(answer("a", "success").ended_unix_ms(), Some(1_201_500));
}

proptest! {
    /// However agents end, a run ends, every agent is settled, and no stage runs whose condition asked for one that
    /// did not succeed.
    #[test]
    fn every_run_ends(ends in proptest::collection::vec(0_u8..4, 5)) {
        let flow = flow();
        let names: Vec<&str> = flow.agents_in_order().map(|(_, agent)| agent).collect();
        let end = |agent: &str| {
            let position = names.iter().position(|name| *name == agent).unwrap();
            [Some("success"), Some("partial"), Some("error"), None][usize::from(ends[position])]
        };
        let (batches, state) = play(&flow, &end);
        prop_assert!(names.iter().all(|name| state.is_settled(name)));
        let called: Vec<_> = batches.concat();
        let is_good = |agent: &str| matches!(end(agent), Some("success" | "partial"));
        let good_analysis = is_good("discovery") && is_good("intelligence") && is_good("strategy");
        prop_assert_eq!(called.contains(&"decision".to_owned()), good_analysis);
        prop_assert_eq!(called.contains(&"visualization".to_owned()), good_analysis && is_good("decision"));
    }
}
