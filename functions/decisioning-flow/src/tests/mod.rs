//! The whole flow over memory: what runs, what is kept, what comes back.

mod crashes;
mod expiry;
mod fakes;
mod readings;
mod results;
mod second_side;
mod sweep;
mod time_limits;

use std::time::{Duration, Instant};

use causeway_runtime::{Budget, Context, Error, Handler, Kind, Settings, Vars};
use fakes::{Behaviour, World, changed, config, envelope, partial, world};
use serde_json::{Value, json};

use crate::request::Request;

fn request(value: Value) -> Request {
    serde_json::from_value(value).unwrap()
}

fn context() -> Context {
    Context::new(Kind::Direct, "call-1", Budget::unlimited(Instant::now()))
}

fn context_of(seconds: u64) -> Context {
    // By the clock that tests pause.
    let start = tokio::time::Instant::now().into_std();
    Context::new(Kind::Direct, "call-1", Budget::of(start, Duration::from_secs(seconds)))
}

async fn text(world: &World, asked: Value, context: &Context) -> Result<String, Error> {
    Ok(world.flow.handle(request(asked), context).await?.0.get().to_owned())
}

async fn run(world: &World, asked: Value) -> Value {
    let text = text(world, asked, &context()).await.unwrap_or_else(|error| panic!("{error:?}"));
    serde_json::from_str(&text).unwrap()
}

async fn refused(world: &World, asked: Value) -> (u16, &'static str, Option<String>) {
    let error = match serde_json::from_value(asked) {
        Ok(asked) => world.flow.handle(asked, &context()).await.unwrap_err(),
        Err(error) => panic!("{error}"),
    };
    (error.http_status(), error.code(), error.path().map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn five_agents_run_and_are_summed_up() {
    let world = world(&[]);
    let result = run(&world, json!({"run_id": "r1"})).await;
    let run = &result["workflow_run"];
    assert_eq!(run["status"], "success", "{result:#}");
    assert_eq!(run["agents_deployed"], json!(["discovery", "intelligence", "strategy", "decision", "visualization"]));
    assert_eq!((&run["total_insights"], &run["total_recommendations"]), (&json!(5), &json!(6)));
    assert_eq!(
        (&run["start_time"], &run["end_time"], &run["execution_time"]),
        (&json!("2026-03-01T12:00:00Z"), &json!("2026-03-01T12:00:04.2Z"), &json!(4.2))
    );
    assert_eq!(run["data_sources_used"], json!(["superstore/superstore.csv"]));
    assert_eq!(result["agent_results"]["decision"], envelope("decision"));
    assert_eq!(result["agent_results"]["executive"]["data"], result["executive_summary"]);
    assert_eq!(result["metadata"]["generated_by"], "decisioning-flow");
}

#[tokio::test(start_paused = true)]
async fn agents_get_what_the_flow_the_caller_and_earlier_agents_give_them() {
    let world = world(&[]);
    let asked = json!({
        "run_id": "r1", "data_sources": ["sales"], "as_of": "2026-01-31",
        "config": {"intelligence": {"currency": "EUR"}, "strategy": {"ml_models": ["trend_analysis"]}},
    });
    run(&world, asked).await;
    let calls = world.agents.calls.lock().unwrap().clone();
    let of = |name: &str| calls.iter().find(|(called, _)| called == name).map(|(_, request)| request.clone()).unwrap();
    let expected = json!({
        "run_id": "r1", "stage": "discovery", "analysis_type": "strategic_business_health",
        "data_sources": ["sales"], "as_of": "2026-01-31",
    });
    assert_eq!(of("discovery-agent"), expected);
    let intelligence = of("intelligence-agent");
    assert_eq!((&intelligence["stage"], &intelligence["currency"]), (&json!("analysis"), &json!("EUR")));
    assert_eq!(intelligence["catalogue"], json!({"result": envelope("discovery")}));
    assert_eq!(of("decision-agent")["strategy"]["result"], envelope("strategy"));
    assert_eq!(of("decision-agent")["decision_matrix"], "risk_reward");
    assert_eq!(of("strategy-agent")["ml_models"], json!(["trend_analysis"]), "the caller's word counts");
}

/// The agents refuse members that they do not know, so what the built-in flow sends is read as they read it.
#[tokio::test(start_paused = true)]
async fn the_agents_take_what_the_flow_sends_them() {
    use causeway_decisioning::{decision, discovery, intelligence, strategy};
    for limit in ["1024", "4194304"] {
        let world = world(&[("FLOW_MAX_REQUEST_BYTES", limit)]);
        run(&world, json!({"run_id": "r1", "data_sources": ["sales"], "as_of": "2026-01-31"})).await;
        for (agent, request) in world.agents.calls.lock().unwrap().clone() {
            let read = match agent.as_str() {
                "discovery-agent" => serde_json::from_value::<discovery::Request>(request).map(drop),
                "intelligence-agent" => serde_json::from_value::<intelligence::Request>(request).map(drop),
                "strategy-agent" => serde_json::from_value::<strategy::Request>(request).map(drop),
                "decision-agent" => serde_json::from_value::<decision::Request>(request).map(drop),
                _ => Ok(()),
            };
            assert!(read.is_ok(), "{agent} with at most {limit} bytes: {read:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn large_results_are_handed_on_by_name() {
    let world = world(&[("FLOW_MAX_REQUEST_BYTES", "1024"), ("FLOW_RUNS_PREFIX", "runs")]);
    run(&world, json!({"run_id": "r1"})).await;
    let calls = world.agents.calls.lock().unwrap().clone();
    let decision = calls.iter().find(|(name, _)| name == "decision-agent").unwrap();
    assert_eq!(decision.1["strategy"], json!({"object": "runs/r1/stages/analysis/strategy.json"}));
    let kept = object(&world, "runs/r1/stages/analysis/strategy.json").await;
    assert_eq!(kept, envelope("strategy"));
}

async fn object(world: &World, name: &str) -> Value {
    use causeway_cloud::object_store::{ObjectStoreExt, path::Path};
    let found = world.objects.get(&Path::from(name)).await.unwrap();
    serde_json::from_slice(&found.bytes().await.unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_result_is_stored_and_listed() {
    let world = world(&[]);
    let first = text(&world, json!({"run_id": "r1"}), &context()).await.unwrap();
    assert_eq!(object(&world, "results/r1.json").await, serde_json::from_str::<Value>(&first).unwrap());
    let index = object(&world, "results/index/2026-03.json").await;
    let entry = &index["value"]["runs"][0];
    assert_eq!((&entry["run_id"], &entry["business_health"]), (&json!("r1"), &json!(71.5)));
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_answers_with_the_same_bytes_and_calls_nobody() {
    let world = world(&[]);
    let asked = json!({"run_id": "r1", "data_sources": ["sales"]});
    let first = text(&world, asked.clone(), &context()).await.unwrap();
    for again in [asked, json!({"run_id": "r1", "continue": true})] {
        assert_eq!(text(&world, again, &context()).await.unwrap(), first);
    }
    assert_eq!(world.agents.called().len(), 5);
    let other = json!({"run_id": "r1", "data_sources": ["other"]});
    assert_eq!(refused(&world, other).await, (422, "run_id_reused", Some("run_id".to_owned())));
    assert_eq!(refused(&world, json!({"run_id": "r9", "continue": true})).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_run_keeps_the_sources_of_the_deployment_that_began_it() {
    let mut world = world(&[("FLOW_DATA_SOURCES", "sales")]);
    let first = text(&world, json!({"run_id": "r1"}), &context()).await.unwrap();
    run(&world, json!({"run_id": "r2", "data_sources": ["sales"]})).await;
    world.flow.config.data_sources = vec!["moved".to_owned()];
    assert_eq!(text(&world, json!({"run_id": "r1"}), &context()).await.unwrap(), first);
    assert_eq!(refused(&world, json!({"run_id": "r1", "data_sources": ["moved"]})).await.1, "run_id_reused");
    assert_eq!(refused(&world, json!({"run_id": "r2"})).await.1, "run_id_reused", "it named its sources itself");
    run(&world, json!({"run_id": "r2", "data_sources": ["sales"]})).await;
}

#[tokio::test(start_paused = true)]
async fn analyses_run_their_agents_only() {
    for (analysis, agents, status) in [
        ("operational_efficiency", vec!["discovery-agent", "intelligence-agent", "decision-agent"], "success"),
        ("financial_health", vec!["discovery-agent", "intelligence-agent", "visualization-agent"], "success"),
    ] {
        let world = world(&[]);
        let result = run(&world, json!({"run_id": "r1", "analysis_type": analysis})).await;
        assert_eq!(world.agents.called(), agents);
        assert_eq!(result["workflow_run"]["status"], status, "what was not asked for is not missing: {result:#}");
    }
}

#[tokio::test(start_paused = true)]
async fn runs_without_a_name_get_one_each() {
    let world = world(&[]);
    let names = [run(&world, json!({})).await, run(&world, json!({})).await];
    let names = names.map(|result| result["workflow_run"]["run_id"].as_str().unwrap().to_owned());
    let first = "strategic_business_health_20260301_120000";
    assert_eq!(names, [first.to_owned(), format!("{first}-2")]);
    let mut context = context();
    context.message_id = Some("message-1".to_owned());
    let first = text(&world, json!({}), &context).await.unwrap();
    assert_eq!(text(&world, json!({}), &context).await.unwrap(), first, "a message that is delivered twice is one run");
    assert_eq!(world.agents.called().len(), 15);
}

#[tokio::test(start_paused = true)]
async fn partial_results_make_a_partial_run_that_goes_on() {
    let world = world(&[]);
    world.agents.set("strategy", Behaviour::Answers(partial("strategy")));
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(result["workflow_run"]["status"], "partial");
    assert_eq!(result["agent_results"]["strategy"]["status"], "partial", "as the agent said it");
    assert_eq!(world.agents.called().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_fails_is_asked_again_as_often_as_the_flow_says() {
    let world = world(&[]);
    world.agents.set("strategy", Behaviour::Fails(3, envelope("strategy")));
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(result["workflow_run"]["status"], "success");
    let tries = |world: &World| world.agents.called().iter().filter(|name| *name == "strategy-agent").count();
    assert_eq!(tries(&world), 4);

    let world = fakes::world(&[]);
    world.agents.set("strategy", Behaviour::Fails(4, envelope("strategy")));
    let result = run(&world, json!({"run_id": "r1"})).await;
    let agents = &result["workflow_run"]["agents"];
    assert_eq!((&result["workflow_run"]["status"], tries(&world)), (&json!("error"), 4));
    assert_eq!(agents["strategy"], json!({"status": "error", "code": "http_502", "reason": "out of memory"}));
    assert_eq!(agents["decision"]["status"], "skipped");
    assert!(result["agent_results"].get("strategy").is_none(), "nothing is made up for it");
}

#[tokio::test(start_paused = true)]
async fn work_that_an_earlier_call_began_is_waited_for() {
    let world = world(&[]);
    world.agents.set("strategy", Behaviour::IsAtWork(20, envelope("strategy")));
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(result["workflow_run"]["status"], "success", "{result:#}");
    assert_eq!(world.agents.called().len(), 25);

    let world = fakes::world(&[]);
    world.agents.set("strategy", Behaviour::IsAtWork(usize::MAX, Value::Null));
    let result = run(&world, json!({"run_id": "r1"})).await;
    let agents = &result["workflow_run"]["agents"];
    assert_eq!(agents["strategy"]["code"], "timeout", "{agents:#}");
}

#[tokio::test(start_paused = true)]
async fn what_can_never_succeed_is_not_asked_again() {
    let refusal = json!({"error": {"kind": "client", "code": "invalid_request", "message": "no", "retryable": false}});
    for (behaviour, code) in [
        (Behaviour::Missing, "service_not_found"),
        (Behaviour::Answers(refusal), "invalid_request"),
        (Behaviour::Answers(json!({"status": "success"})), "bad_answer"),
        (Behaviour::Answers(changed("discovery", "/confidence_score", json!(2))), "bad_answer"),
    ] {
        let world = world(&[]);
        world.agents.set("visualization", behaviour);
        let result = run(&world, json!({"run_id": "r1"})).await;
        let run = &result["workflow_run"];
        assert_eq!((&run["status"], &run["agents"]["visualization"]["code"]), (&json!("partial"), &json!(code)));
        assert!(world.agents.called().len() <= 5);
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_requests_are_told_where() {
    let world = world(&[]);
    let check = async |asked: Value, status: u16, path: &str| {
        let (found, code, at) = refused(&world, asked.clone()).await;
        assert_eq!((found, at.as_deref().unwrap_or_default()), (status, path), "{asked} {code}");
    };
    check(json!({"run_id": ""}), 400, "run_id").await;
    check(json!({"run_id": "../x"}), 400, "run_id").await;
    check(json!({"data_sources": ["ok", "../x"]}), 400, "data_sources[1]").await;
    check(json!({"continue": true}), 400, "continue").await;
    check(json!({"run_id": "a", "continue": true, "as_of": "2026-01-01"}), 400, "continue").await;
    check(json!({"setup": true, "run_id": "a"}), 400, "setup").await;
    check(json!({"dry_run": false}), 400, "dry_run").await;
    check(json!({"sweep": true, "run_id": "a"}), 400, "sweep").await;
    check(json!({"sweep": true, "setup": true}), 400, "sweep").await;
    check(json!({"config": {"oracle": {}}}), 400, "config.oracle").await;
    check(json!({"config": {"decision": {"run_id": "x"}}}), 400, "config.decision.run_id").await;
    check(json!({"config": {"decision": {"strategy": 1}}}), 400, "config.decision.strategy").await;
    check(json!({"flow": {"yaml": "kind: x"}}), 422, "flow").await;
    check(json!({"flow": {"object": "none.yaml"}}), 422, "flow.object").await;
    let elsewhere = crate::flow::DEFAULT_FLOW.replace("decisioning-results", "somebody-elses");
    check(json!({"flow": {"yaml": elsewhere}}), 422, "").await;
    assert!(world.agents.called().is_empty());
    use futures_util::TryStreamExt;
    let left: Vec<_> = world.objects.list(None).try_collect().await.unwrap();
    assert!(left.is_empty(), "a refused request leaves nothing behind: {left:?}");
    for unknown in [json!({"runid": "x"}), json!({"analysis_type": "x"}), json!({"flow": {"url": "x"}})] {
        assert!(serde_json::from_value::<Request>(unknown).is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn another_flow_runs_from_the_request_and_from_an_object() {
    let world = world(&[("FLOW_DEFINITION", "flows/mine.yaml")]);
    let text = crate::flow::DEFAULT_FLOW.replace("discovery.status == 'success'", "discovery.data.none > 1");
    use causeway_cloud::object_store::{ObjectStoreExt, path::Path};
    world.objects.put(&Path::from("flows/mine.yaml"), text.into()).await.unwrap();
    let result = run(&world, json!({"run_id": "r1"})).await;
    assert_eq!(world.agents.called(), ["discovery-agent"]);
    let reason = result["workflow_run"]["agents"]["strategy"]["reason"].as_str().unwrap();
    assert!(reason.contains("discovery.data.none is absent"), "{reason}");
    let result = run(&world, json!({"run_id": "r2", "flow": {"yaml": crate::flow::DEFAULT_FLOW}})).await;
    assert_eq!(result["workflow_run"]["status"], "success");
}

#[tokio::test(start_paused = true)]
async fn a_setup_plans_unless_it_is_told_to_do() {
    let world = world(&[]);
    let planned = run(&world, json!({"setup": true})).await;
    assert_eq!((&planned["dry_run"], &planned["steps"][0]["outcome"]), (&json!(true), &json!("not_here")));
    assert_eq!(planned["steps"][0]["what"], "delete objects below results/ after 90 days");
}

#[test]
fn settings_are_checked_together() {
    assert_eq!(config(&[]).results.bucket, "decisioning-results");
    let shown = format!("{:?}", config(&[("FLOW_RESULTS", "objects"), ("FLOW_DATA_SOURCES", "a, b,")]));
    assert!(shown.contains(r#"data_sources: ["a", "b"]"#), "{shown}");
    for (seconds, is_fine) in [("55", true), ("56", false), ("900", false)] {
        let mut vars = Vars::new([("FLOW_LEASE_SECONDS", seconds)]);
        let config = <crate::Config as Settings>::read(&mut vars);
        assert_eq!(vars.problems().is_empty(), is_fine, "a continuation waits for {:?}", crate::HAND_OVER);
        assert!(config.lease < crate::HAND_OVER);
    }
}

#[test]
fn sample_events_are_requests() {
    for event in [
        include_str!("../../events/everything.json"),
        include_str!("../../events/financial_health.json"),
        include_str!("../../events/continue.json"),
        include_str!("../../events/setup.json"),
        include_str!("../../events/sweep.json"),
        include_str!("../../events/other_flow.json"),
    ] {
        request(serde_json::from_str(event).unwrap()).check().unwrap();
    }
}
