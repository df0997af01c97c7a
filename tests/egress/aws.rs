//! AWS beside OCI: Cost Explorer is a server of this process, asked by a process of the monitor.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cloud::{Cloud, claims_nothing, codes, tick};
use crate::report::text;
use crate::rows::{day_of, later, until_yesterday};

/// What was asked, and whether it is refused.
#[derive(Default)]
struct CostExplorer {
    asked: Mutex<Vec<(String, Value)>>,
    refusal: Mutex<Option<&'static str>>,
}

async fn answer(State(service): State<Arc<CostExplorer>>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default().to_owned();
    service.asked.lock().unwrap().push((target, serde_json::from_str(&body).unwrap_or_default()));
    if let Some(code) = *service.refusal.lock().unwrap() {
        return (StatusCode::BAD_REQUEST, json!({ "__type": code, "Message": "no" }).to_string()).into_response();
    }
    let asked: Value = serde_json::from_str(&body).unwrap_or_default();
    let today = day_of(Timestamp::now());
    if asked["GroupBy"].to_string().contains("REGION") {
        return by_region(today).into_response();
    }
    let group = |kind: &str, gb: &str, unit: &str| {
        let metrics = json!({
            "UsageQuantity": { "Amount": gb, "Unit": unit }, "UnblendedCost": { "Amount": "0.9", "Unit": "USD" },
        });
        json!({ "Keys": ["Amazon Elastic Compute Cloud - Compute", kind], "Metrics": metrics })
    };
    let day = |before: i64| {
        json!({
            "TimePeriod": { "Start": later(today, -before), "End": later(today, 1 - before) }, "Total": {}, "Estimated": true,
            "Groups": [group("USW2-DataTransfer-Out-Bytes", "10.5", "GB"), group("BoxUsage:t3.micro", "24", "Hrs")],
        })
    };
    json!({ "ResultsByTime": (1..=10).rev().map(day).collect::<Vec<_>>() }).to_string().into_response()
}

/// The outbound part of the same, by usage type and region.
fn by_region(today: Date) -> String {
    let group = |region: &str, gb: &str| {
        let metrics = json!({ "UsageQuantity": { "Amount": gb, "Unit": "GB" } });
        json!({ "Keys": ["USW2-DataTransfer-Out-Bytes", region], "Metrics": metrics })
    };
    let day = |before: i64| {
        json!({
            "TimePeriod": { "Start": later(today, -before), "End": later(today, 1 - before) }, "Total": {}, "Estimated": true,
            "Groups": [group("us-west-2", "7.5"), group("eu-central-1", "3")],
        })
    };
    json!({ "ResultsByTime": (1..=10).rev().map(day).collect::<Vec<_>>() }).to_string()
}

fn cloud() -> (Cloud, Arc<CostExplorer>) {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.usage(&until_yesterday(&[300.0; 40]));
    let service = Arc::<CostExplorer>::default();
    let routes = Router::new().fallback(answer).with_state(Arc::clone(&service));
    let listener = cloud.runtime().block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    cloud.runtime().spawn(async move { axum::serve(listener, routes).await });
    cloud.set("AWS_ENDPOINT_URL_COST_EXPLORER", &url);
    cloud.set("AWS_REGION", "eu-central-1");
    cloud.set("AWS_ACCESS_KEY_ID", "throw-away");
    cloud.set("AWS_SECRET_ACCESS_KEY", "throw-away");
    (cloud, service)
}

/// What is said of OCI, without what two runs differ by.
fn of_oci(reply: &Value) -> Value {
    let mut reply = reply.clone();
    for member in
        ["aws", "as_of", "lag_hours", "history", "published", "alerts", "held_back", "forecast", "scopes", "nowcast"]
    {
        reply.as_object_mut().unwrap().remove(member);
    }
    reply
}

#[test]
fn aws_is_reported_beside_and_mixed_into_nothing() {
    let (mut cloud, service) = cloud();
    let alone = tick(&cloud.process(), 240);
    assert!(
        alone["aws"].is_null() && service.asked.lock().unwrap().is_empty(),
        "nobody is asked unless it is switched on"
    );
    cloud.set("EGRESS_MONITOR_AWS", "true");
    let both = tick(&cloud.process(), 240);
    assert_eq!(of_oci(&both), of_oci(&alone));
    let aws = &both["aws"];
    assert_eq!((&aws["status"], aws["used_gb"].as_f64()), (&json!("ok"), Some(105.0)), "{aws}");
    assert_eq!((aws["limit_gb"].as_f64(), &aws["cost"]["amount"]), (Some(100.0), &json!("0.45")));
    assert_eq!((&aws["billed_amount"]["amount"], &aws["billed_amount"]["currency"]), (&json!("9"), &json!("USD")));
    assert!(codes(aws).contains(&"estimated_rows"), "{aws}");
    assert!(cloud.messages().iter().all(|message| !message.to_string().contains("105")), "nobody is told of AWS");
    for one in aws["contributors"].as_array().unwrap() {
        assert_eq!(one["top"].is_null(), one["by"] != "service", "{one}");
        assert_eq!(one["reason"].is_string(), one["top"].is_null(), "{one}");
    }
    let asked = service.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "each question is paid for");
    assert_eq!(asked[0].0, "AWSInsightsIndexService.GetCostAndUsage");
    assert_eq!(asked[0].1["Granularity"], "DAILY");
    // People see it, in the reply and in what the run has left.
    let line = "AWS beside          105 GB of 100 GB, cost 0.45 USD, estimated";
    let object = cloud.object(both["history"].as_str().unwrap());
    for input in [both.to_string(), object] {
        let table = text(&cloud, &[], &input);
        assert_eq!(table.matches(line).count(), 1, "{table}");
        let page = text(&cloud, &["--format", "html"], &input);
        assert!(page.contains("<h2>AWS beside</h2>") && page.contains("105 GB of 100 GB"), "{page}");
    }
    let table = text(&cloud, &[], &alone.to_string());
    assert!(!table.contains("AWS"), "{table}");
}

/// What Cost Explorer can tell is told; of what it cannot, it is said why.
#[test]
fn aws_alone_is_told_by_region_and_service() {
    let (mut cloud, service) = cloud();
    let files = cloud.files().to_str().unwrap().to_owned();
    cloud.set("CAUSEWAY_CLOUD", "aws");
    cloud.set("CAUSEWAY_LOCAL_ROOT", &files);
    cloud.set("EGRESS_MONITOR_TRAFFIC", "false");
    let reply = tick(&cloud.process(), 240);
    assert_eq!((&reply["status"], reply["used_gb"].as_f64()), (&json!("ok"), Some(105.0)), "{reply}");
    assert_eq!((&reply["partial"], codes(&reply).contains(&"unlisted_skus")), (&json!(false), true), "{reply}");
    let by = |dimension: &str| {
        let all = reply["contributors"].as_array().unwrap();
        all.iter().find(|one| one["by"] == dimension).unwrap_or_else(|| panic!("none by {dimension}"))
    };
    let pairs = |one: &Value| {
        let top = one["top"].as_array().unwrap().iter();
        top.map(|one| (one["id"].as_str().unwrap().to_owned(), one["gb"].as_f64().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(pairs(by("region")), [("us-west-2".to_owned(), 75.0), ("eu-central-1".to_owned(), 30.0)]);
    assert_eq!(pairs(by("service")), [("Amazon Elastic Compute Cloud - Compute".to_owned(), 105.0)]);
    assert!(by("compartment")["top"].is_null(), "{}", by("compartment"));
    let why = by("compartment")["reason"].as_str().unwrap();
    assert!(why.contains("CompartmentName"), "{why}");
    let asked = service.asked.lock().unwrap().clone();
    let groups = |body: &Value| -> Vec<String> {
        body["GroupBy"].as_array().unwrap().iter().map(|group| group["Key"].as_str().unwrap().to_owned()).collect()
    };
    let asked: Vec<Vec<String>> = asked.iter().map(|(_, body)| groups(body)).collect();
    assert_eq!(asked, [["SERVICE", "USAGE_TYPE"], ["USAGE_TYPE", "REGION"]]);
}

#[test]
fn only_the_named_usage_types_are_asked_for() {
    let (mut cloud, service) = cloud();
    cloud.set("EGRESS_MONITOR_AWS", "true");
    cloud.set("EGRESS_MONITOR_AWS_USAGE_TYPES", "USW2-DataTransfer-Out-Bytes");
    tick(&cloud.process(), 240);
    let asked = service.asked.lock().unwrap().clone();
    let named = &asked[0].1["Filter"]["And"][1]["Dimensions"];
    assert_eq!(named, &json!({ "Key": "USAGE_TYPE", "Values": ["USW2-DataTransfer-Out-Bytes"] }));
}

#[test]
fn an_aws_side_that_fails_is_unknown_and_the_rest_is_not() {
    let (mut cloud, service) = cloud();
    cloud.set("EGRESS_MONITOR_AWS", "true");
    *service.refusal.lock().unwrap() = Some("DataUnavailableException");
    let reply = tick(&cloud.process(), 240);
    claims_nothing(&reply["aws"]);
    let told = reply["aws"]["reasons"][0]["text"].as_str().unwrap();
    assert!(told.contains("DataUnavailableException"), "{told}");
    assert_eq!((&reply["status"], reply["used_gb"].as_f64()), (&json!("ok"), Some(3_600.0)));
    assert_eq!((&reply["partial"], &reply["deferred"]), (&json!(true), &json!(["aws"])));
}

#[test]
fn an_aws_side_that_nobody_configured_is_unknown() {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.usage(&until_yesterday(&[300.0; 40]));
    cloud.set("EGRESS_MONITOR_AWS", "true");
    // No profile, no container, no instance.
    cloud.set("AWS_EC2_METADATA_DISABLED", "true");
    let reply = tick(&cloud.process(), 240);
    claims_nothing(&reply["aws"]);
    assert_eq!(reply["used_gb"].as_f64(), Some(3_600.0));
    let told = reply["aws"]["reasons"][0]["text"].as_str().unwrap();
    assert!(told.contains("AWS_REGION"), "{told}");
}
