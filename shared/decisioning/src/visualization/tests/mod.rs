//! Dashboards of real and of hostile results; the helpers are shared by the modules below.

mod files;
mod hostile;

use std::sync::{Arc, OnceLock};

use causeway_cloud::Objects;
use causeway_cloud::local::Store;
use futures_executor::block_on;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::render::{Dashboard, Given, render};
use super::*;
use crate::{decision, discovery, intelligence, strategy};

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local-cloud/data/superstore");

fn clock() -> Timestamp {
    Timestamp::from_second(1_700_000_000).unwrap()
}

/// What the other agents say of the Superstore orders, as a request for their dashboard.
fn superstore() -> &'static Value {
    static RESULTS: OnceLock<Value> = OnceLock::new();
    RESULTS.get_or_init(|| {
        let objects: Objects = Arc::new(Store::open(SUPERSTORE).unwrap());
        let of = |text: Value| serde_json::from_value(text).unwrap();
        let sources = json!({ "data_sources": ["superstore.csv"] });
        let limits = discovery::Limits::default();
        let found = block_on(discovery::survey(&objects, &of(sources), &limits, &clock, None)).unwrap();
        let request = json!({ "data_sources": ["superstore.csv"], "catalogue": { "result": &found } });
        let request: intelligence::Request = serde_json::from_value(request).unwrap();
        let limits = intelligence::Limits::default();
        let analysed = block_on(intelligence::analyse(&objects, &request, &limits, &clock, None)).unwrap();
        let request = json!({ "discovery": &found, "intelligence": &analysed });
        let request: strategy::Request = serde_json::from_value(request).unwrap();
        let planned = block_on(strategy::plan::plan(&objects, &request, &limits, &clock, None)).unwrap();
        let inputs = json!({ "discovery": &found, "intelligence": &analysed, "strategy": &planned });
        let request: decision::Request = serde_json::from_value(inputs.clone()).unwrap();
        let decided = block_on(decision::synthesise::synthesise(&objects, &request, &clock)).unwrap();
        let mut inputs = inputs;
        inputs["decision"] = serde_json::to_value(&decided).unwrap();
        json!({ "run_id": "superstore", "inputs": inputs })
    })
}

fn request(value: &Value) -> Request {
    serde_json::from_value(value.clone()).unwrap()
}

/// The dashboard of results that the request holds.
fn dashboard(value: &Value) -> Dashboard {
    let request = request(value);
    let mut results = Given::new();
    for (agent, _, given) in request.given() {
        let request::Given::Envelope(envelope) = given else { panic!("{agent} is not here") };
        results.insert(agent, (**envelope).clone());
    }
    render(&request, &results, &Options::default())
}

fn file<'a>(dashboard: &'a Dashboard, name: &str) -> &'a str {
    &dashboard.files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}")).content
}

/// Attributes of every figure on a page: pointer, value as JSON, unit, text.
fn figures(page: &str) -> Vec<[String; 4]> {
    let between = |text: &str, from: &str, to: &str| {
        text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(found, _)| found.to_owned())
    };
    let read = |text: &str| {
        let name = |name: &str| between(text, &format!("{name}=\""), "\"").unwrap_or_default();
        Some([name("data-pointer"), name(" value"), name("data-unit"), between(text, ">", "</data>")?])
    };
    page.split("<data").skip(1).filter_map(read).collect()
}
