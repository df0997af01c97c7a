//! Results over memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_resilience::{Deadline, ServiceFailure};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use super::*;
use crate::Objects;
use crate::state::tests::documents;

fn result(run_id: &str, started: &str) -> RunResult {
    RunResult {
        run_id: run_id.to_owned(),
        analysis_type: "financial_health".to_owned(),
        status: "partial".to_owned(),
        started: started.parse().unwrap(),
        ended: started.parse().unwrap(),
        agent_results: "{\"a\":1}".to_owned(),
        executive_summary: "{}".to_owned(),
        business_health: Some(71.5),
        document: Bytes::from(format!("{{\"run\":\"{run_id}\"}}")),
        retention_days: 90,
    }
}

fn places() -> (Objects, ObjectResults) {
    let (_, clock) = documents();
    let objects: Objects = Arc::new(InMemory::new());
    (Arc::clone(&objects), ObjectResults::new(objects, "results", clock, None))
}

#[tokio::test]
async fn a_run_is_stored_once_and_listed_in_its_month() {
    let (objects, results) = places();
    let store = async |run: &str, started: &str| results.store(&result(run, started), Deadline::NONE).await.unwrap();
    store("one", "2026-03-01T00:00:00Z").await;
    store("two", "2026-03-31T23:59:59Z").await;
    store("three", "2026-04-01T00:00:00Z").await;
    store("one", "2026-03-01T00:00:00Z").await;
    let march: Vec<_> = results.month("2026-03").await.unwrap().into_iter().map(|run| run.object).collect();
    assert_eq!(march, ["results/two.json", "results/one.json"]);
    assert_eq!(results.month("2026-04").await.unwrap().len(), 1);
    assert_eq!(results.month("2026-05").await.unwrap(), []);
    let kept = objects.get(&Path::from("results/one.json")).await.unwrap().bytes().await.unwrap();
    assert_eq!(kept, "{\"run\":\"one\"}", "what is stored first stays");
}

#[tokio::test]
async fn another_result_under_the_same_name_is_refused_and_both_are_named() {
    let (objects, results) = places();
    results.store(&result("one", "2026-03-01T00:00:00Z"), Deadline::NONE).await.unwrap();
    // Of another size, and of the same.
    for other in ["{}", "{\"run\":\"two\"}"] {
        let document = Bytes::from_static(other.as_bytes());
        let changed = RunResult { document, ..result("one", "2026-05-01T00:00:00Z") };
        let error = results.store(&changed, Deadline::NONE).await.unwrap_err();
        assert_eq!(error.kind(), causeway_resilience::service::Kind::Invalid);
        assert!(error.reason().contains("results/one.json") && error.reason().contains("one of 2026-05-01"), "{error}");
    }
    let kept = objects.get(&Path::from("results/one.json")).await.unwrap().bytes().await.unwrap();
    assert_eq!(kept, "{\"run\":\"one\"}");
    assert_eq!(results.month("2026-05").await.unwrap(), [], "what was refused is not listed");
}

#[tokio::test]
async fn a_month_goes_on_in_a_second_document() {
    let (objects, results) = places();
    let entry = |n: usize| {
        format!(
            "{{\"run_id\":\"r{n}\",\"analysis_type\":\"x\",\"status\":\"success\",\"started\":\"2026-03-01T00:00:00Z\",\
         \"ended\":\"\",\"business_health\":null,\"object\":\"\"}}"
        )
    };
    let entries: Vec<_> = (0..1000).map(entry).collect();
    let full = format!("{{\"write_id\":\"x\",\"epoch\":0,\"value\":{{\"runs\":[{}]}}}}", entries.join(","));
    objects.put(&Path::from("results/index/2026-03.json"), PutPayload::from(full)).await.unwrap();
    for _ in 0..2 {
        results.store(&result("r999", "2026-03-02T00:00:00Z"), Deadline::NONE).await.unwrap();
        results.store(&result("new", "2026-03-02T00:00:00Z"), Deadline::NONE).await.unwrap();
    }
    let month = results.month("2026-03").await.unwrap();
    assert_eq!((month.len(), month[0].run_id.as_str()), (1001, "new"));
}

#[tokio::test]
async fn a_name_that_climbs_out_is_refused() {
    let (_, results) = places();
    let error = results.store(&result("../x", "2026-03-01T00:00:00Z"), Deadline::NONE).await.unwrap_err();
    assert_eq!(error.kind(), causeway_resilience::service::Kind::Invalid);
}

#[tokio::test]
async fn a_store_without_rules_says_so() {
    let (_, results) = places();
    let steps = results.prepare(90, Mode::Apply, Deadline::NONE).await.unwrap();
    assert_eq!(steps[0].what, "delete objects below results/ after 90 days");
    assert!(matches!(steps[0].outcome, StepOutcome::NotHere(_)));
}

/// Remembers what it was asked for and answers with the next code; 0 is success.
#[derive(Default)]
struct Recorder {
    asked: Mutex<Vec<(String, Vec<Bind>)>>,
    codes: Mutex<Vec<i64>>,
}

#[async_trait]
impl Sql for Recorder {
    async fn execute(&self, statement: &str, binds: &[Bind], _: Deadline) -> Result<(), SqlFailure> {
        self.asked.lock().unwrap().push((statement.to_owned(), binds.to_vec()));
        match self.codes.lock().unwrap().pop() {
            None | Some(0) => Ok(()),
            Some(code) => Err(SqlError { code, details: "refused".to_owned() }.into()),
        }
    }
}

const STATEMENTS: Statements = Statements {
    store: "merge",
    verify: "select",
    verify_binds: &["result_id", "agent_results"],
    remove_old: "clean",
    prepare: &[("table", "create table"), ("view", "create view")],
};

fn table(codes: &[i64]) -> (Arc<Recorder>, TableResults) {
    let recorder =
        Arc::new(Recorder { codes: Mutex::new(codes.iter().rev().copied().collect()), ..Recorder::default() });
    (Arc::clone(&recorder), TableResults::new(recorder, STATEMENTS))
}

async fn stored(codes: &[i64]) -> Result<(), ServiceFailure> {
    table(codes).1.store(&result("one", "2026-03-01T12:00:00.5Z"), Deadline::NONE).await
}

#[tokio::test]
async fn values_go_in_by_binds() {
    let (recorder, results) = table(&[]);
    results.store(&result("one", "2026-03-01T12:00:00.5Z"), Deadline::NONE).await.unwrap();
    let asked = recorder.asked.lock().unwrap();
    let (statement, binds) = &asked[0];
    assert_eq!(statement, "merge");
    let of = |name: &str| binds.iter().find(|bind| bind.name == name).map(|bind| bind.value.clone()).unwrap();
    assert_eq!(of("result_id"), BindValue::Text("one".to_owned()));
    assert_eq!(of("started_at"), BindValue::Text("2026-03-01T12:00:00.500Z".to_owned()));
    assert_eq!(of("agent_results"), BindValue::LongText("{\"a\":1}".to_owned()));
    assert_eq!(
        (of("status"), of("run_status")),
        (BindValue::Text("COMPLETED".to_owned()), BindValue::Text("partial".to_owned()))
    );
    assert_eq!(of("business_health"), BindValue::Number(Some(71.5)));
    let (statement, binds) = &asked[1];
    let names: Vec<_> = binds.iter().map(|bind| bind.name).collect();
    assert_eq!((statement.as_str(), names), ("select", vec!["result_id", "agent_results"]));
}

#[tokio::test]
async fn a_row_that_is_there_is_stored_and_other_refusals_are_failures() {
    stored(&[1]).await.unwrap();
    for codes in [&[942][..], &[0, 942]] {
        let error = stored(codes).await.unwrap_err();
        assert!(error.reason().contains("942"), "{error}");
    }
}

#[tokio::test]
async fn a_row_of_another_run_is_refused_and_named() {
    for code in [0, 1] {
        let error = stored(&[code, 1476]).await.unwrap_err();
        assert_eq!(error.kind(), causeway_resilience::service::Kind::Invalid);
        assert!(error.reason().contains("the row one") && error.reason().contains("one of 2026-03-01"), "{error}");
    }
}

#[tokio::test]
async fn old_rows_go_by_one_statement_and_objects_by_their_rule() {
    let (recorder, one) = table(&[0, 6550]);
    let (_, other) = places();
    let all = AllResults(vec![Arc::new(other), Arc::new(one)]);
    all.remove_old(Deadline::NONE).await.unwrap();
    assert_eq!(*recorder.asked.lock().unwrap(), [("clean".to_owned(), Vec::new())]);
    let error = all.remove_old(Deadline::NONE).await.unwrap_err();
    assert!(error.reason().contains("6550"), "{error}");
}

#[tokio::test]
async fn a_plan_changes_nothing_and_what_exists_is_left() {
    let (recorder, results) = table(&[]);
    let steps = results.prepare(90, Mode::Plan, Deadline::NONE).await.unwrap();
    assert!(steps.iter().all(|step| step.outcome == StepOutcome::Planned) && recorder.asked.lock().unwrap().is_empty());
    let (_, results) = table(&[955, 0]);
    let steps = results.prepare(90, Mode::Apply, Deadline::NONE).await.unwrap();
    let outcomes: Vec<_> = steps.into_iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes, [StepOutcome::AlreadyDone, StepOutcome::Done]);
}

#[tokio::test]
async fn all_places_are_asked() {
    let (recorder, one) = table(&[]);
    let (_, other) = places();
    let all = AllResults(vec![Arc::new(one), Arc::new(other)]);
    all.store(&result("one", "2026-03-01T00:00:00Z"), Deadline::NONE).await.unwrap();
    assert_eq!(recorder.asked.lock().unwrap().len(), 2);
    assert_eq!(all.prepare(30, Mode::Plan, Deadline::NONE).await.unwrap().len(), 3);
}
