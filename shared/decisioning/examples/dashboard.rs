//! Runs the agents over the tables of a directory and writes their dashboard.
//!
//! `cargo run --release -p causeway-decisioning --example dashboard -- DIR OUT [SOURCE]...` puts `dashboard.html` and
//! the files beside it below `OUT/dashboards/example/`.

use std::error::Error;
use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use causeway_decisioning::{decision, discovery, intelligence, strategy, visualization};
use futures_executor::block_on;
use jiff::Timestamp;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(directory), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: dashboard DIR OUT [SOURCE]...".into());
    };
    std::fs::create_dir_all(&out)?;
    let (tables, out): (Objects, Objects) = (Arc::new(Store::open(directory)?), Arc::new(Store::open(out)?));
    let answer = block_on(run(&tables, &out, arguments.collect()))?;
    for artifact in answer.data["generated_artifacts"].as_array().into_iter().flatten() {
        eprintln!("{} ({} bytes, {})", artifact["object"], artifact["bytes"], artifact["state"]);
    }
    Ok(())
}

async fn run(tables: &Objects, out: &Objects, sources: Vec<String>) -> Result<visualization::Answer, Box<dyn Error>> {
    let request: discovery::Request = serde_json::from_value(json!({ "data_sources": sources }))?;
    let found = discovery::survey(tables, &request, &discovery::Limits::default(), &Timestamp::now, None).await?;
    let found = serde_json::to_value(&found)?;
    let request: intelligence::Request =
        serde_json::from_value(json!({ "data_sources": sources, "catalogue": { "result": found } }))?;
    let limits = intelligence::Limits::default();
    let analysed = intelligence::analyse(tables, &request, &limits, &Timestamp::now, None).await?;
    let analysed = serde_json::to_value(&analysed)?;
    let planned = strategy_of(&found, &analysed)?;
    let request: decision::Request =
        serde_json::from_value(json!({ "discovery": found, "intelligence": analysed, "strategy": planned }))?;
    let decided = decision::synthesise::synthesise(tables, &request, &Timestamp::now).await?;
    let request: visualization::Request = serde_json::from_value(json!({
        "run_id": "example",
        "inputs": { "discovery": found, "intelligence": analysed, "strategy": planned, "decision": decided },
        "overwrite": true,
    }))?;
    Ok(visualization::visualize(out, &request, &visualization::Options::default(), &Timestamp::now).await?)
}

fn strategy_of(found: &Value, analysed: &Value) -> Result<Value, Box<dyn Error>> {
    let (found, analysed) = (serde_json::from_value(found.clone())?, serde_json::from_value(analysed.clone())?);
    let started = Timestamp::now();
    let findings = strategy::strategise(&strategy::Request::default(), Some(&found), Some(&analysed));
    let seconds = Timestamp::now().duration_since(started).as_secs_f64();
    Ok(serde_json::to_value(strategy::Answer::close(strategy::AGENT, started, seconds, findings))?)
}
