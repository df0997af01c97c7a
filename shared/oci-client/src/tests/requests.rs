//! Requests as Oracle's references and SDKs have them: the other services.

use futures_util::TryStreamExt;
use serde_json::{Value, json};

use super::world::{Reply, World, json as answer, reply};
use crate::compute::{InstanceAction, ListInstances, Resize, UpdateConstraint, UpdateInstance};
use crate::functions::Invoke;
use crate::health_checks::{ListResults, NewHttpProbe};
use crate::logging::{LogBatch, LogEntry};
use crate::monitoring::{BatchAtomicity, Datapoint, PostedMetric, SummarizeMetrics};
use crate::notifications::Message;
use crate::secrets::SecretVersion;
use crate::usage::{Granularity, QueryType, UsageQuery};
use crate::{Client, Error, dns};

async fn check<F, T>(
    call: impl FnOnce(Client) -> F,
    reply: Reply,
    line: &str,
    body: &Value,
    headers: &[(&str, Option<&str>)],
) -> T
where
    F: Future<Output = Result<T, Error>>,
{
    let world = World::new([reply]);
    let done = call(world.client()).await;
    let done = done.unwrap_or_else(|error| panic!("{line}: {error}"));
    let sent = world.sent();
    assert_eq!(sent[0].line, line);
    assert_eq!(&sent[0].json(), body, "{line}");
    for (name, value) in headers {
        assert_eq!(sent[0].header(name), *value, "{line}: {name}");
    }
    done
}

fn instance() -> Reply {
    let body = json!({"id": "i1", "availabilityDomain": "Uocm:US-ASHBURN-AD-1", "compartmentId": "c",
        "lifecycleState": "RUNNING", "region": "iad", "shape": "VM.Standard.E5.Flex",
        "shapeConfig": {"ocpus": 4.0, "memoryInGBs": 64.0}, "timeCreated": "2026-09-05T02:00:00.123Z"});
    answer(&body).header("etag", "e1").header("opc-work-request-id", "w1")
}

#[tokio::test]
async fn compute() {
    let line = "GET iaas /20160918/instances/i1";
    let found = check(async |c| c.compute().instance("i1").await, instance(), line, &Value::Null, &[]).await;
    assert_eq!((found.etag.as_deref(), found.shape_config.unwrap().memory_gb), (Some("e1"), Some(64.0)));
    let changes = UpdateInstance {
        shape_config: Some(Resize { ocpus: 4.0, memory_gb: 64.0, baseline_ocpu_utilization: None }),
        update_operation_constraint: Some(UpdateConstraint::AvoidDowntime),
        ..UpdateInstance::default()
    };
    let body =
        json!({"shapeConfig": {"ocpus": 4.0, "memoryInGBs": 64.0}, "updateOperationConstraint": "AVOID_DOWNTIME"});
    let token = "A7".repeat(15);
    let headers = [("if-match", Some("e0")), ("opc-retry-token", Some(token.as_str()))];
    let call = async |c: Client| c.compute().update("i1", &changes, Some("e0")).await;
    let updated = check(call, instance(), "PUT iaas /20160918/instances/i1", &body, &headers).await;
    assert_eq!(updated.work_request_id.as_deref(), Some("w1"));
    let call = async |c: Client| c.compute().act("i1", InstanceAction::SoftStop, None).await;
    let headers = [("content-length", Some("0")), ("opc-retry-token", Some(token.as_str()))];
    check(call, instance(), "POST iaas /20160918/instances/i1?action=SOFTSTOP", &Value::Null, &headers).await;
    let list = ListInstances { lifecycle_state: Some("RUNNING".into()), ..ListInstances::default() };
    let line = "GET iaas /20160918/instances?compartmentId=c&limit=1000&lifecycleState=RUNNING";
    let call = async |c: Client| c.compute().instances("c", &list).try_collect::<Vec<_>>().await;
    check(call, answer(&json!([])), line, &Value::Null, &[]).await;
    let line = "GET iaas /20160918/shapes?compartmentId=c&availabilityDomain=Uocm%3AUS-ASHBURN-AD-1";
    let shapes = answer(&json!([{"shape": "VM.Standard.E5.Flex", "isFlexible": true,
        "memoryOptions": {"maxPerOcpuInGBs": 64.0}, "ocpuOptions": {"min": 1.0, "max": 94.0}}]));
    let call = async |c: Client| c.compute().shapes("c", Some("Uocm:US-ASHBURN-AD-1")).try_collect::<Vec<_>>().await;
    let shapes = check(call, shapes, line, &Value::Null, &[]).await;
    assert_eq!(shapes[0].memory_options.unwrap().max_per_ocpu_gb, Some(64.0));
    assert_eq!(shapes[0].memory_options.unwrap().min_gb, None);
}

#[tokio::test]
async fn monitoring() {
    let query = SummarizeMetrics {
        namespace: "oci_computeagent".into(),
        query: "CpuUtilization[5m]{resourceId = \"i1\"}.mean()".into(),
        start_time: Some("2026-09-05T01:00:00Z".parse().unwrap()),
        end_time: None,
        resolution: Some("1m".into()),
        resource_group: None,
    };
    let body = json!({"namespace": "oci_computeagent", "query": "CpuUtilization[5m]{resourceId = \"i1\"}.mean()",
        "startTime": "2026-09-05T01:00:00.000000Z", "resolution": "1m"});
    let found = answer(&json!([{"namespace": "oci_computeagent", "compartmentId": "c", "name": "CpuUtilization",
        "dimensions": {"resourceId": "i1"}, "aggregatedDatapoints": [{"timestamp": "2026-09-05T01:50:00Z", "value": 71.4},
        {"timestamp": "2026-09-05T01:51:00Z"}]}]));
    let line = "POST telemetry /20180401/metrics/actions/summarizeMetricsData?compartmentId=c";
    let call = async |c: Client| c.monitoring().summarize("c", false, &query).await;
    let data = check(call, found, line, &body, &[]).await;
    assert_eq!(data[0].aggregated_datapoints.iter().map(|point| point.value).collect::<Vec<_>>(), [Some(71.4), None]);
    let metric = PostedMetric {
        namespace: "decisioning".into(),
        compartment_id: "c".into(),
        name: "confidence".into(),
        dimensions: [("agent".to_owned(), "strategy".to_owned())].into(),
        metadata: [("unit".to_owned(), "ratio".to_owned())].into(),
        resource_group: None,
        datapoints: vec![Datapoint { timestamp: "2026-09-05T01:00:00Z".parse().unwrap(), value: 0.87, count: None }],
    };
    let body = json!({"metricData": [{"namespace": "decisioning", "compartmentId": "c", "name": "confidence",
        "dimensions": {"agent": "strategy"}, "metadata": {"unit": "ratio"},
        "datapoints": [{"timestamp": "2026-09-05T01:00:00.000000Z", "value": 0.87}]}], "batchAtomicity": "NON_ATOMIC"});
    let partly = answer(&json!({"failedMetricsCount": 1, "failedMetrics": [{"message": "too old"}]}));
    let line = "POST telemetry-ingestion /20180401/metrics";
    let call = async |c: Client| c.monitoring().post(&[metric], BatchAtomicity::NonAtomic).await;
    let posted = check(call, partly, line, &body, &[]).await;
    assert_eq!((posted.failed_metrics_count, posted.failed()[0].message.as_str()), (1, "too old"));
}

#[tokio::test]
async fn usage() {
    let query = UsageQuery {
        tenant_id: "t".into(),
        time_usage_started: "2026-09-01T00:00:00Z".parse().unwrap(),
        time_usage_ended: "2026-09-05T00:00:00Z".parse().unwrap(),
        granularity: Granularity::Daily,
        query_type: QueryType::Usage,
        group_by: ["service", "skuName"].map(str::to_owned).to_vec(),
        filter: None,
    };
    let body = json!({"tenantId": "t", "timeUsageStarted": "2026-09-01T00:00:00.000000Z",
        "timeUsageEnded": "2026-09-05T00:00:00.000000Z", "granularity": "DAILY", "queryType": "USAGE",
        "groupBy": ["service", "skuName"]});
    let rows = answer(&json!({"groupBy": [], "items": [{"timeUsageStarted": "2026-09-01T00:00:00Z",
        "timeUsageEnded": "2026-09-02T00:00:00Z", "computedQuantity": 130.11, "computedAmount": null, "currency": " "}]}));
    let call = async |c: Client| c.usage().summarized(query).try_collect::<Vec<_>>().await;
    let rows = check(call, rows, "POST usageapi /20200107/usage", &body, &[]).await;
    assert_eq!((rows[0].computed_quantity, rows[0].computed_amount), (Some(130.11), None));
}

#[tokio::test]
async fn messages_and_logs() {
    let message = Message { title: Some("Egress 82 %".into()), body: "b".into() };
    let body = json!({"title": "Egress 82 %", "body": "b"});
    let sent = answer(&json!({"messageId": "m1", "timeStamp": null}));
    let call = async |c: Client| c.notifications().publish("t1", Some("https://cell1.example"), &message).await;
    check(call, sent, "POST cell1 /20181201/topics/t1/messages", &body, &[("opc-retry-token", None)]).await;
    let time = "2026-09-05T01:00:00Z".parse().unwrap();
    let entry = LogEntry { id: "1".into(), data: "{}".into(), time: None };
    let (source, kind) = ("f".into(), "k".into());
    let batch = LogBatch { source, kind, subject: None, default_time: time, entries: vec![entry] };
    let body = json!({"specversion": "1.0", "logEntryBatches": [{"source": "f", "type": "k",
        "defaultlogentrytime": "2026-09-05T01:00:00.000000Z", "entries": [{"id": "1", "data": "{}"}]}]});
    let call = async |c: Client| c.logging().put("l1", &[batch]).await;
    check(call, reply(200, ""), "POST ingestion /20200831/logs/l1/actions/push", &body, &[]).await;
}

#[tokio::test]
async fn functions() {
    let output = reply(200, "out").header("fn-http-status", "418").header("fn-call-id", "c1");
    let invoke = Invoke { body: "{}".into(), is_detached: true, ..Invoke::default() };
    let headers = [
        ("fn-invoke-type", Some("detached")),
        ("fn-intent", Some("httprequest")),
        ("is-dry-run", None),
        ("content-type", Some("application/json")),
        ("x-content-sha256", Some("RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=")),
    ];
    let call = async |c: Client| c.functions().invoke("f1", "https://a1.example", &invoke).await;
    let line = "POST a1 /20181201/functions/f1/actions/invoke";
    let invoked = check(call, output, line, &json!({}), &headers).await;
    assert_eq!((invoked.status, invoked.function_status, &invoked.body[..]), (200, Some(418), &b"out"[..]));
    let line = "GET functions /20181201/functions?applicationId=a&displayName=n";
    let call = async |c: Client| c.functions().functions("a", Some("n")).try_collect::<Vec<_>>().await;
    check(call, answer(&json!([])), line, &Value::Null, &[]).await;
}

#[tokio::test]
async fn secrets_and_limits() {
    let bundle = || {
        answer(&json!({"secretId": "s1", "versionNumber": 3, "stages": ["CURRENT"],
        "secretBundleContent": {"contentType": "BASE64", "content": "Y2FuYXJ5"}}))
    };
    let line = "GET secrets /20190301/secretbundles/s1?stage=CURRENT";
    let call = async |c: Client| c.secrets().bundle("s1", &SecretVersion::Current).await;
    let found = check(call, bundle(), line, &Value::Null, &[]).await;
    assert_eq!(found.expose_text(), Some("canary"));
    assert!(!format!("{found:?}").contains("canary") && !format!("{found:?}").contains("Y2Fu"));
    let line = "POST secrets /20190301/secretbundles/actions/getByName?secretName=n&vaultId=v&versionNumber=2";
    let call = async |c: Client| c.secrets().bundle_by_name("v", "n", &SecretVersion::Number(2)).await;
    check(call, bundle(), line, &Value::Null, &[("content-length", Some("0"))]).await;
    let line = "GET limits /20190729/services/faas/limits/function-count/resourceAvailability?compartmentId=t";
    let call = async |c: Client| c.limits().availability("faas", "function-count", "t", None).await;
    let left = check(call, answer(&json!({"used": null, "available": null})), line, &Value::Null, &[]).await;
    assert_eq!((left.used, left.available), (None, None));
    let line = "GET limits /20190729/limitValues?compartmentId=t&serviceName=vcn&name=vcn-count";
    let call = async |c: Client| c.limits().values("t", "vcn", Some("vcn-count")).try_collect::<Vec<_>>().await;
    check(call, answer(&json!([{"name": "vcn-count", "value": 50}])), line, &Value::Null, &[]).await;
}

#[tokio::test]
async fn steering_and_probes() {
    let rules = json!([
        {"ruleType": "FILTER", "defaultAnswerData": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": true}]},
        {"ruleType": "HEALTH"},
        {"ruleType": "WEIGHTED", "defaultAnswerData": [{"answerCondition": "answer.pool == 'aws'", "value": 90},
            {"answerCondition": "answer.pool == 'oci'", "value": 10}]},
        {"ruleType": "LIMIT", "defaultCount": 1}]);
    let answer_of = |name: &str| dns::SteeringAnswer {
        name: name.into(),
        rtype: "A".into(),
        rdata: "198.51.100.7".into(),
        pool: Some(name.into()),
        is_disabled: None,
    };
    let policy = dns::NewSteeringPolicy {
        compartment_id: "c".into(),
        display_name: "d".into(),
        ttl_seconds: Some(30),
        health_check_monitor_id: Some("m".into()),
        template: "LOAD_BALANCE".into(),
        answers: vec![answer_of("aws")],
        rules: dns::weighted(&[("aws", 90), ("oci", 10)], true),
    };
    let body = json!({"compartmentId": "c", "displayName": "d", "ttl": 30, "healthCheckMonitorId": "m",
        "template": "LOAD_BALANCE", "rules": rules,
        "answers": [{"name": "aws", "rtype": "A", "rdata": "198.51.100.7", "pool": "aws"}]});
    let made = answer(&json!({"id": "p1", "compartmentId": "c", "displayName": "d", "rules": rules}));
    let line = "PUT dns /20180115/steeringPolicies/p1";
    let call = async |c: Client| c.dns().update_policy("p1", &policy, Some("e")).await;
    check(call, made, line, &body, &[("if-match", Some("e"))]).await;
    let probe = NewHttpProbe {
        compartment_id: "c".into(),
        targets: vec!["api.example.com".into()],
        protocol: "HTTPS".into(),
        timeout_seconds: Some(10),
        ..NewHttpProbe::default()
    };
    let body =
        json!({"compartmentId": "c", "targets": ["api.example.com"], "protocol": "HTTPS", "timeoutInSeconds": 10});
    let call = async |c: Client| c.health_checks().probe(&probe).await;
    check(call, answer(&json!({"id": "h1"})), "POST healthchecks /20180501/httpProbeResults", &body, &[]).await;
    let line = "GET healthchecks /20180501/httpProbeResults/h1?startTimeGreaterThanOrEqualTo=1780000000000.0";
    let list = ListResults { from_ms: Some(1_780_000_000_000), ..ListResults::default() };
    let call = async |c: Client| c.health_checks().results("h1", &list).try_collect::<Vec<_>>().await;
    let results = check(call, answer(&json!([{"key": "k"}])), line, &Value::Null, &[]).await;
    assert_eq!(results[0].is_healthy, None);
    let line = "GET healthchecks /20180501/pingProbeResults/ocid1.pingmonitor.oc1..x?startTimeGreaterThanOrEqualTo=1780000000000.0";
    let call =
        async |c: Client| c.health_checks().results("ocid1.pingmonitor.oc1..x", &list).try_collect::<Vec<_>>().await;
    let ping = json!([{"key": "k", "isHealthy": true, "protocol": "ICMP", "icmpCode": 0, "latencyInMs": 3.5}]);
    let results = check(call, answer(&ping), line, &Value::Null, &[]).await;
    assert_eq!((results[0].is_healthy, results[0].duration_ms), (Some(true), Some(3.5)));
}
