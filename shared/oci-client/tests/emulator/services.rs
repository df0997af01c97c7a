//! The services beside Object Storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_oci_client::compute::{InstanceAction, ListInstances, Resize, UpdateConstraint, UpdateInstance};
use causeway_oci_client::dns::{NewSteeringPolicy, Record, SteeringAnswer, weighted};
use causeway_oci_client::functions::Invoke;
use causeway_oci_client::generative_ai::{Chat, ChatEvent, ChatMessage, Content, Role, ServingMode};
use causeway_oci_client::health_checks::{ListResults, NewHttpProbe};
use causeway_oci_client::logging::{LogBatch, LogEntry};
use causeway_oci_client::monitoring::{BatchAtomicity, Datapoint, PostedMetric, SummarizeMetrics};
use causeway_oci_client::secrets::SecretVersion;
use causeway_oci_client::usage::{Granularity, QueryType, UsageQuery};
use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker, Options};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cloud::Cloud;

const SHAPE: &str = "VM.Standard.E5.Flex";

#[tokio::test]
async fn an_instance_is_resized_and_stopped() {
    let cloud = Cloud::new().await;
    let config = json!({"ocpus": 2, "memoryInGBs": 32});
    let seeded = cloud.seed("compute/instances", &json!({"shape": SHAPE, "shapeConfig": config})).await;
    let (compute, id) = (cloud.client.compute(), seeded["id"].as_str().unwrap());
    let found = compute.instance(id).await.unwrap();
    assert_eq!((found.lifecycle_state.as_str(), found.shape_config.unwrap().ocpus), ("RUNNING", Some(2.0)));
    let larger = |constraint| UpdateInstance {
        shape_config: Some(Resize { ocpus: 4.0, memory_gb: 64.0, baseline_ocpu_utilization: None }),
        update_operation_constraint: Some(constraint),
        ..UpdateInstance::default()
    };
    let gentle = compute.update(id, &larger(UpdateConstraint::AvoidDowntime), None).await.unwrap_err();
    assert_eq!((gentle.status(), gentle.code()), (Some(409), Some("IncorrectState")));
    let stale = compute.update(id, &larger(UpdateConstraint::AllowDowntime), Some("stale")).await.unwrap_err();
    assert_eq!((stale.status(), stale.code()), (Some(412), Some("NoEtagMatch")));
    let allowed = larger(UpdateConstraint::AllowDowntime);
    let updated = compute.update(id, &allowed, found.etag.as_deref()).await.unwrap();
    let work = compute.work_request(&updated.work_request_id.unwrap()).await.unwrap();
    assert_eq!(work.operation_type, "UpdateInstance");
    let compartment = cloud.emulator.default_compartment();
    let list = ListInstances::default();
    for _ in 0..100 {
        let now = compute.instance(id).await.unwrap();
        if now.lifecycle_state == "RUNNING" && now.shape_config.as_ref().unwrap().ocpus == Some(4.0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let stopping = compute.act(id, InstanceAction::Stop, None).await.unwrap();
    assert!(["STOPPING", "STOPPED"].contains(&stopping.lifecycle_state.as_str()), "{stopping:?}");
    let listed: Vec<_> = compute.instances(&compartment, &list).try_collect().await.unwrap();
    assert_eq!(listed[0].shape_config.as_ref().unwrap().memory_gb, Some(64.0));
    let shapes: Vec<_> = compute.shapes(&compartment, None).try_collect().await.unwrap();
    let shape = shapes.iter().find(|shape| shape.shape == SHAPE).unwrap();
    assert_eq!((shape.is_flexible, shape.memory_options.unwrap().max_per_ocpu_gb), (Some(true), Some(64.0)));
}

#[tokio::test]
async fn metrics_come_back() {
    let cloud = Cloud::new().await;
    let compartment = cloud.emulator.default_compartment();
    let monitoring = cloud.client.monitoring();
    let now = Timestamp::now();
    let metric = |namespace: &str, age_minutes: i64| PostedMetric {
        namespace: namespace.to_owned(),
        compartment_id: compartment.clone(),
        name: "confidence".to_owned(),
        dimensions: BTreeMap::from([("agent".to_owned(), "strategy".to_owned())]),
        metadata: BTreeMap::new(),
        resource_group: None,
        datapoints: vec![Datapoint {
            timestamp: now - SignedDuration::from_mins(age_minutes),
            value: 0.87,
            count: None,
        }],
    };
    let both = [metric("decisioning", 5), metric("decisioning", 600)];
    let posted = monitoring.post(&both, BatchAtomicity::NonAtomic).await.unwrap();
    assert_eq!((posted.failed_metrics_count, posted.failed().len()), (1, 1));
    let query = SummarizeMetrics {
        namespace: "decisioning".to_owned(),
        query: "confidence[1m].max()".to_owned(),
        start_time: Some(now - SignedDuration::from_mins(30)),
        end_time: None,
        resolution: Some("1m".to_owned()),
        resource_group: None,
    };
    let data = monitoring.summarize(&compartment, false, &query).await.unwrap();
    assert_eq!(data[0].dimensions["agent"], "strategy");
    assert!(data[0].aggregated_datapoints.iter().any(|point| point.value == Some(0.87)), "{data:?}");
    let wrong = SummarizeMetrics { query: "confidence[".to_owned(), ..query };
    let refused = monitoring.summarize(&compartment, false, &wrong).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (Some(400), Some("InvalidParameter")));
}

#[tokio::test]
async fn usage_by_product() {
    let cloud = Cloud::new().await;
    let row = |quantity: f64| {
        json!({"timeUsageStarted": "2026-01-01T00:00:00Z", "timeUsageEnded": "2026-01-02T00:00:00Z",
        "computedQuantity": quantity, "service": "VCN", "skuPartNumber": "B88327", "unit": "GB Months"})
    };
    cloud.seed("usage", &json!([row(10.0), row(20.5)])).await;
    let query = UsageQuery {
        tenant_id: cloud.emulator.tenancy().to_owned(),
        time_usage_started: "2026-01-01T00:00:00Z".parse().unwrap(),
        time_usage_ended: "2026-01-03T00:00:00Z".parse().unwrap(),
        granularity: Granularity::Daily,
        query_type: QueryType::Usage,
        group_by: ["skuPartNumber", "unit"].map(str::to_owned).to_vec(),
        filter: None,
    };
    let rows: Vec<_> = cloud.client.usage().summarized(query).try_collect().await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.sku_part_number.as_deref(), row.computed_quantity)).collect();
    assert_eq!(seen, [(Some("B88327"), Some(30.5))]);
    assert_eq!(rows[0].service, None);
}

#[tokio::test]
async fn secrets_logs_and_limits() {
    let cloud = Cloud::new().await;
    let seeded = cloud.seed("secrets", &json!({"name": "db", "value": "pass word"})).await;
    let secrets = cloud.client.secrets();
    let bundle = secrets.bundle(seeded["id"].as_str().unwrap(), &SecretVersion::Current).await.unwrap();
    assert_eq!((bundle.expose_text(), bundle.version_number), (Some("pass word"), Some(1)));
    let missing = secrets.bundle("ocid1.vaultsecret.oc1.iad.none", &SecretVersion::Current).await.unwrap_err();
    assert!(missing.is_not_found(), "{missing}");
    let log = cloud.seed("logs", &json!({})).await;
    let entry = LogEntry { id: "1".to_owned(), data: "{}".to_owned(), time: None };
    let (source, kind) = ("test".to_owned(), "event".to_owned());
    let batch = LogBatch { source, kind, subject: None, default_time: Timestamp::now(), entries: vec![entry] };
    cloud.client.logging().put(log["id"].as_str().unwrap(), &[batch]).await.unwrap();
    let limit = json!({"service": "vcn", "name": "vcn-count", "scopeType": "REGION", "value": 50, "used": 7});
    cloud.seed("limits", &limit).await;
    let (limits, tenancy) = (cloud.client.limits(), cloud.emulator.tenancy());
    let values: Vec<_> = limits.values(tenancy, "vcn", Some("vcn-count")).try_collect().await.unwrap();
    let value = values[0].value.unwrap();
    let left = limits.availability("vcn", "vcn-count", tenancy, None).await.unwrap();
    assert_eq!((left.used, left.available, value), (Some(7), Some(43), 50));
}

#[tokio::test]
async fn chats_with_an_image() {
    let cloud = Cloud::new().await;
    cloud.seed("chat", &json!([{"images": 1, "replies": [{"text": "one two three"}]}])).await;
    let model = ServingMode::OnDemand { model_id: "meta.llama-4-maverick-17b-128e-instruct-fp8".to_owned() };
    let content = vec![Content::text("What is it?"), Content::image("image/png", b"\x89PNG\r\n\x1a\n")];
    let messages = vec![ChatMessage { role: Role::User, content }];
    let chat = Chat { messages, max_tokens: Some(100), ..Chat::default() };
    let (ai, compartment) = (cloud.client.generative_ai(), cloud.emulator.default_compartment());
    let whole = ai.chat(&compartment, &model, &chat).await.unwrap();
    assert_eq!(whole.text().as_deref(), Some("one two three"));
    let events: Vec<_> = ai.stream(&compartment, &model, &chat).await.unwrap().try_collect().await.unwrap();
    let text =
        events.iter().filter_map(|event| if let ChatEvent::Text { text, .. } = event { Some(&**text) } else { None });
    assert_eq!(text.collect::<String>(), "one two three");
    assert!(
        events.iter().any(|event| matches!(event, ChatEvent::Finished { reason, .. } if reason == "stop")),
        "{events:?}"
    );
    assert!(matches!(events.last(), Some(ChatEvent::Usage(_))), "{events:?}");
    let unknown = ServingMode::OnDemand { model_id: "nobody.none".to_owned() };
    assert!(ai.chat(&compartment, &unknown, &chat).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn traffic_is_steered() {
    let cloud = Cloud::new().await;
    let (dns, compartment) = (cloud.client.dns(), cloud.emulator.default_compartment());
    let answer = |name: &str, address: &str| SteeringAnswer {
        name: name.to_owned(),
        rtype: "A".to_owned(),
        rdata: address.to_owned(),
        pool: Some(name.to_owned()),
        is_disabled: None,
    };
    let policy = |oci: u8| NewSteeringPolicy {
        compartment_id: compartment.clone(),
        display_name: "cutover".to_owned(),
        ttl_seconds: Some(30),
        health_check_monitor_id: None,
        template: "LOAD_BALANCE".to_owned(),
        answers: vec![answer("aws", "198.51.100.7"), answer("oci", "203.0.113.9")],
        rules: weighted(&[("aws", 100 - oci), ("oci", oci)], false),
    };
    let made = dns.create_policy(&policy(10)).await.unwrap();
    let found = dns.policy(&made.id).await.unwrap();
    assert_eq!((found.ttl_seconds, found.rules.len(), found.answers.len()), (Some(30), 3, 2));
    dns.update_policy(&made.id, &policy(50), found.etag.as_deref()).await.unwrap();
    let stale = dns.update_policy(&made.id, &policy(60), found.etag.as_deref()).await.unwrap_err();
    assert!(stale.is_precondition_failed(), "{stale}");
    cloud.seed("zones", &json!({"name": "dec.example"})).await;
    let domain = "api.dec.example".to_owned();
    let record = Record { domain, rtype: "A".to_owned(), rdata: "192.0.2.10".to_owned(), ttl_seconds: 60 };
    let at = ("api.dec.example", "A");
    dns.replace_records("dec.example", at, std::slice::from_ref(&record), None).await.unwrap();
    let found = dns.records("dec.example", at.0, at.1).await.unwrap();
    assert_eq!(found.items, [record]);
}

#[tokio::test]
async fn probes_find_what_is_ill() {
    let cloud = Cloud::new().await;
    let seeded = json!({"target": "api.example.com", "isHealthy": false});
    cloud.seed("health", &seeded).await;
    let probe = NewHttpProbe {
        compartment_id: cloud.emulator.default_compartment(),
        targets: vec!["api.example.com".to_owned()],
        protocol: "HTTPS".to_owned(),
        timeout_seconds: Some(10),
        ..NewHttpProbe::default()
    };
    let checks = cloud.client.health_checks();
    let made = checks.probe(&probe).await.unwrap();
    let mut results: Vec<_> = Vec::new();
    for _ in 0..100 {
        results = checks.results(&made.id, &ListResults::default()).try_collect().await.unwrap();
        if !results.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(results[0].is_healthy, Some(false), "{results:?}");
}

struct Echo;

impl Invoker for Echo {
    fn functions(&self) -> Vec<FunctionInfo> {
        let (name, image, config) = ("echo".to_owned(), "iad.ocir.io/ns/echo:1".to_owned(), BTreeMap::new());
        vec![FunctionInfo { name, image, memory_mb: 128, timeout_seconds: 30, config }]
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        let content_type = call.content_type.clone();
        let reply =
            FunctionReply { body: call.body.clone(), content_type, status: Some(201), call_id: Some("c1".into()) };
        let failed = call.body == "fail";
        async move { if failed { Err(InvokeFailure::ExecutionFailed) } else { Ok(reply) } }.boxed()
    }
}

#[tokio::test]
async fn functions_are_found_and_invoked() {
    let cloud = Cloud::start(Options { invoker: Some(Arc::new(Echo)), ..Options::default() }).await;
    let functions = cloud.client.functions();
    let applications = functions.applications(&cloud.emulator.default_compartment(), None);
    let applications: Vec<_> = applications.try_collect().await.unwrap();
    let found: Vec<_> = functions.functions(&applications[0].id, Some("echo")).try_collect().await.unwrap();
    let function = functions.function(&found[0].id).await.unwrap();
    let endpoint = function.invoke_endpoint.unwrap();
    let invoke = |body: &'static str| Invoke { body: body.into(), ..Invoke::default() };
    let answer = functions.invoke(&function.id, &endpoint, &invoke("{}")).await.unwrap();
    assert_eq!((&answer.body[..], answer.content_type.as_deref()), (&b"{}"[..], Some("application/json")));
    let detached = Invoke { is_detached: true, ..invoke("{}") };
    assert_eq!(functions.invoke(&function.id, &endpoint, &detached).await.unwrap().status, 202);
    let failed = functions.invoke(&function.id, &endpoint, &invoke("fail")).await.unwrap_err();
    assert_eq!((failed.status(), failed.code()), (Some(502), Some("FunctionInvokeExecutionFailed")));
    assert_eq!(failed.tries(), 1);
}
