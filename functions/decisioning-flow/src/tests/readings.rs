//! What the flow sends, worked on by the agents' own code: tables are read alike wherever they are read.

use std::sync::Arc;

use causeway_cloud::Objects;
use causeway_cloud::object_store::memory::InMemory;
use causeway_cloud::object_store::path::Path;
use causeway_cloud::object_store::{ObjectStoreExt, PutPayload};
use causeway_decisioning::{discovery, intelligence, strategy};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::fakes::{Behaviour, world};
use super::run;

const CLOCK: fn() -> Timestamp = || Timestamp::UNIX_EPOCH;

/// 80 orders in two currencies: `amount` is 10 each, `net` 8 in the 20 of EUR and 7 in the 60 of USD.
async fn orders() -> Objects {
    let row = |i: i32| {
        let (net, currency) = if i % 4 == 0 { (8, "EUR") } else { (7, "USD") };
        format!("O{i},C{},2024-{:02}-{:02},10,{net},{currency}\n", i % 9, 1 + i / 28, 1 + i % 28)
    };
    let rows = (0..80).map(row).collect::<String>();
    let content = format!("order_id,customer_id,order_date,amount,net,currency\n{rows}");
    let objects: Objects = Arc::new(InMemory::new());
    objects.put(&Path::from("orders.csv"), PutPayload::from(content)).await.unwrap();
    objects
}

/// The revenue that intelligence and strategy state in a run with this configuration.
async fn revenues(config: Value) -> [Option<f64>; 2] {
    let (objects, world) = (orders().await, world(&[]));
    let limits = discovery::Limits::default();
    let survey = discovery::survey(&objects, &discovery::Request::default(), &limits, &CLOCK, None).await.unwrap();
    world.agents.set("discovery", Behaviour::Answers(serde_json::to_value(survey).unwrap()));
    run(&world, json!({"run_id": "r1", "data_sources": ["orders.csv"], "config": config})).await;
    let calls = world.agents.calls.lock().unwrap().clone();
    let of = |name: &str| calls.iter().find(|(called, _)| called == name).map(|(_, request)| request.clone()).unwrap();
    let limits = intelligence::Limits::default();
    let request = serde_json::from_value(of("intelligence-agent")).unwrap();
    let figures = intelligence::analyse(&objects, &request, &limits, &CLOCK, None).await.unwrap().data;
    let request = serde_json::from_value(of("strategy-agent")).unwrap();
    let findings = strategy::plan::plan(&objects, &request, &limits, &CLOCK, None).await.unwrap().data;
    [
        figures["financial_intelligence"]["revenue_analysis"]["total_revenue"].as_f64(),
        findings["strategic_patterns"]["business_model_analysis"]["total_revenue"].as_f64(),
    ]
}

#[tokio::test(start_paused = true)]
async fn strategy_reads_tables_as_intelligence_does() {
    let net = json!({"orders.csv": {"amount": "net"}});
    for (config, expected) in [
        (json!({}), [None, None]),
        (json!({"intelligence": {"currency": "EUR"}}), [Some(200.0); 2]),
        (json!({"intelligence": {"currency": "USD", "roles": net}}), [Some(420.0); 2]),
        (json!({"intelligence": {"roles": {"orders.csv": {"amount": "net", "currency": null}}}}), [Some(580.0); 2]),
        (json!({"intelligence": {"currency": "EUR"}, "strategy": {"currency": "USD"}}), [Some(200.0), Some(600.0)]),
    ] {
        assert_eq!(revenues(config.clone()).await, expected, "{config}");
    }
}

/// A flow that has the agents' configuration in its own text is no different.
#[tokio::test(start_paused = true)]
async fn the_word_of_the_flow_counts_for_both_and_the_callers_more() {
    let intelligence = "    intelligence:\n";
    let with_config = format!("{intelligence}      config: {{ currency: EUR }}\n");
    let flow = crate::flow::DEFAULT_FLOW.replacen(intelligence, &with_config, 1);
    for (given, expected) in [(json!({}), "EUR"), (json!({"intelligence": {"currency": "USD"}}), "USD")] {
        let world = world(&[]);
        run(&world, json!({"run_id": "r1", "flow": {"yaml": flow}, "config": given})).await;
        let calls = world.agents.calls.lock().unwrap().clone();
        let currency = |name: &str| calls.iter().find(|(of, _)| of == name).map(|(_, asked)| asked["currency"].clone());
        assert_eq!(currency("intelligence-agent"), Some(json!(expected)));
        assert_eq!(currency("strategy-agent"), Some(json!(expected)));
        assert_eq!(currency("decision-agent"), Some(Value::Null));
    }
}
