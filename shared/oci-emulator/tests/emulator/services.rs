//! The services other than Object Storage.

use serde_json::{Value, json};

use crate::support::{Answer, Cloud, ask};

async fn instance(cloud: &Cloud) -> String {
    let details = json!({ "shape": "VM.Standard.E5.Flex", "shapeConfig": { "ocpus": 2, "memoryInGBs": 32 } });
    let seeded = cloud.admin("POST", "compute/instances", &details).await.ok().json();
    format!("/20160918/instances/{}", seeded["id"].as_str().unwrap())
}

async fn stopped_clock() -> Cloud {
    let cloud = Cloud::new().await;
    cloud.admin("PUT", "clock", &json!({ "now": "2026-09-05T12:00:00Z", "stop": true })).await.ok();
    cloud
}

fn state(answer: &Answer) -> String {
    answer.json()["lifecycleState"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_resize_passes_through_a_reboot() {
    let cloud = stopped_clock().await;
    let path = instance(&cloud).await;
    let size = |more: Value| {
        let mut body = json!({ "shapeConfig": { "ocpus": 4, "memoryInGBs": 64 } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask("PUT", &path).json(&body)
    };
    let etag = cloud.get(&path).await.ok().header("etag").to_owned();
    let avoid = json!({ "updateOperationConstraint": "AVOID_DOWNTIME" });
    cloud.send(size(avoid)).await.refused(409, "IncorrectState");
    cloud.send(size(json!({})).header("if-match", "other")).await.refused(412, "NoEtagMatch");
    let updated = cloud.send(size(json!({})).header("if-match", &etag)).await.ok();
    assert_eq!((state(&updated), &updated.json()["shapeConfig"]["ocpus"]), ("STOPPING".into(), &json!(2.0)));
    let work = format!("/20160918/workRequests/{}", updated.header("opc-work-request-id"));
    let now = async || {
        let answer = cloud.get(&path).await.ok();
        (state(&answer), answer.json()["shapeConfig"]["ocpus"].as_f64().unwrap())
    };
    cloud.send(size(json!({}))).await.refused(409, "IncorrectState");
    assert_eq!(cloud.get(&work).await.ok().json()["status"], "IN_PROGRESS");
    let step = json!({ "now": "2026-09-05T12:00:00.200Z", "stop": true });
    cloud.admin("PUT", "clock", &step).await.ok();
    assert_eq!(now().await, ("STARTING".into(), 4.0));
    cloud.advance(1).await;
    assert_eq!(now().await, ("RUNNING".into(), 4.0));
    assert_eq!(cloud.get(&work).await.ok().json()["status"], "SUCCEEDED");
}

#[tokio::test]
async fn sizes_and_limits_are_kept() {
    let cloud = stopped_clock().await;
    let path = instance(&cloud).await;
    let resize = |config: Value| ask("PUT", &path).json(&json!({ "shapeConfig": config }));
    cloud.send(resize(json!({ "ocpus": 4, "memoryInGBs": 1024 }))).await.refused(400, "InvalidParameter");
    let limit = json!({ "service": "compute", "name": "standard-e5-core-count", "scopeType": "AD", "value": 8 });
    cloud.admin("POST", "limits", &limit).await.ok();
    cloud.send(resize(json!({ "ocpus": 9 }))).await.refused(400, "LimitExceeded");
    cloud.send(resize(json!({ "ocpus": 8 }))).await.ok();
    let compartment = cloud.emulator.default_compartment();
    let route = "/20190729/services/compute/limits/standard-e5-core-count/resourceAvailability";
    let query = format!("{route}?compartmentId={compartment}");
    cloud.get(&query).await.refused(400, "MissingParameter");
    cloud.advance(60).await;
    let left = cloud.get(&format!("{query}&availabilityDomain=Uocm%3AUS-ASHBURN-AD-1")).await.ok().json();
    assert_eq!((&left["used"], &left["available"]), (&json!(8), &json!(0)));
}

#[tokio::test]
async fn actions_need_the_right_state_and_retries_happen_once() {
    let cloud = stopped_clock().await;
    let path = instance(&cloud).await;
    let act = |action: &str| ask("POST", &format!("{path}?action={action}"));
    cloud.send(act("START")).await.refused(409, "IncorrectState");
    cloud.send(act("DANCE")).await.refused(400, "InvalidParameter");
    let stop = || act("STOP").header("opc-retry-token", "abc");
    let first = cloud.send(stop()).await.ok();
    let again = cloud.send(stop()).await.ok();
    assert_eq!(first.header("opc-work-request-id"), again.header("opc-work-request-id"));
    cloud.send(act("STOP")).await.refused(409, "IncorrectState");
    let other = ask("POST", &format!("{path}?action=STOP")).body("{}").header("opc-retry-token", "abc");
    cloud.send(other).await.refused(409, "InvalidatedRetryToken");
    cloud.delete(&path).await.ok();
    cloud.advance(60).await;
    assert_eq!(state(&cloud.get(&path).await.ok()), "TERMINATED");
    cloud.get("/20160918/instances/ocid1.instance.oc1.iad.none").await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn what_an_instance_runs_on_is_kept() {
    let cloud = stopped_clock().await;
    let preemptible = json!({ "preemptionAction": { "type": "TERMINATE", "preserveBootVolume": false } });
    let details = json!({
        "shape": "VM.Standard.E5.Flex", "shapeConfig": { "ocpus": 2, "memoryInGBs": 32 },
        "compartmentId": cloud.emulator.default_compartment(), "availabilityDomain": "Uocm:US-ASHBURN-AD-1",
    });
    let with = |more: Value| {
        let mut details = details.clone();
        details.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        details
    };
    let shown = |answer: Answer| {
        let instance = answer.json();
        (instance["dedicatedVmHostId"].clone(), instance["preemptibleInstanceConfig"].clone())
    };
    let host = json!("ocid1.dedicatedvmhost.oc1.iad.a");
    for (more, expected) in [
        (json!({}), (Value::Null, Value::Null)),
        (json!({ "dedicatedVmHostId": host }), (host.clone(), Value::Null)),
        (json!({ "preemptibleInstanceConfig": preemptible }), (Value::Null, preemptible.clone())),
    ] {
        let launched = cloud.post("/20160918/instances", &with(more.clone())).await.ok();
        let path = format!("/20160918/instances/{}", launched.json()["id"].as_str().unwrap());
        assert_eq!(shown(launched), expected, "{more}");
        assert_eq!(shown(cloud.get(&path).await.ok()), expected, "{more}");
        let seeded = cloud.admin("POST", "compute/instances", &with(more.clone())).await.ok();
        assert_eq!(shown(seeded), expected, "{more}");
    }
}

fn metric(cloud: &Cloud, namespace: &str, node: &str, points: &[(&str, f64)]) -> Value {
    let points: Vec<Value> = points.iter().map(|(at, value)| json!({ "timestamp": at, "value": value })).collect();
    json!({ "namespace": namespace, "compartmentId": cloud.emulator.default_compartment(), "name": "load",
            "dimensions": { "node": node, "pool": "p" }, "datapoints": points })
}

async fn query(cloud: &Cloud, text: &str) -> Answer {
    let target = format!(
        "/20180401/metrics/actions/summarizeMetricsData?compartmentId={}",
        cloud.emulator.default_compartment()
    );
    let body = json!({ "namespace": "dec", "query": text, "startTime": "2026-09-05T11:00:00Z" });
    cloud.post(&target, &body).await
}

fn values(answer: &Value) -> Vec<Vec<f64>> {
    let points = |series: &Value| {
        let points = series["aggregatedDatapoints"].as_array().unwrap().iter();
        points.map(|point| point["value"].as_f64().unwrap()).collect()
    };
    answer.as_array().unwrap().iter().map(points).collect()
}

#[tokio::test]
async fn metrics_are_queried_in_mql() {
    let cloud = stopped_clock().await;
    let times = ["2026-09-05T11:50:00Z", "2026-09-05T11:51:00Z", "2026-09-05T11:55:00Z"];
    let series = |node: &str, of: [f64; 3]| {
        let points: Vec<(&str, f64)> = times.iter().copied().zip(of).collect();
        metric(&cloud, "dec", node, &points)
    };
    let posted = json!({ "metricData": [series("n1", [10.0, 20.0, 90.0]), series("n2", [30.0, 40.0, 50.0])] });
    let answer = cloud.post("/20180401/metrics", &posted).await.ok().json();
    assert_eq!(answer, json!({ "failedMetricsCount": 0, "failedMetrics": [] }));
    let check = async |text: &str, expected: &[&[f64]]| {
        let got = values(&query(&cloud, text).await.ok().json());
        assert_eq!(got, expected.iter().map(|series| series.to_vec()).collect::<Vec<_>>(), "{text}");
    };
    check("load[5m]{node = \"n1\"}.mean()", &[&[15.0, 90.0]]).await;
    check("load[5m].mean()", &[&[15.0, 90.0], &[35.0, 50.0]]).await;
    check("load[5m].groupBy(pool).max()", &[&[40.0, 90.0]]).await;
    check("load[5m].grouping().sum()", &[&[100.0, 140.0]]).await;
    check("load[5m]{node =~ \"n2|n3\"}.count()", &[&[2.0, 1.0]]).await;
    check("load[5m].mean() > 60", &[&[90.0]]).await;
    check("load[5m]{node = \"n1\"}.mean() * 2 + 1", &[&[31.0, 181.0]]).await;
    check("load[5m].max() - load[5m].min()", &[&[10.0, 0.0], &[10.0, 0.0]]).await;
    check("load[5m]{node = \"n1\"}.increment()", &[&[10.0, 70.0]]).await;
    check("(load[1m].groupBy(pool).sum())[5m].max()", &[&[60.0, 140.0]]).await;
    check("load[5m]{node = \"none\"}.mean()", &[]).await;
    query(&cloud, "load[5m].latest()").await.refused(400, "InvalidParameter");
    for operator in ["+", "*", "&&", "||"] {
        let chain = |times: usize| format!("load[5m].mean(){}", format!("{operator}load[5m].mean()").repeat(times));
        query(&cloud, &chain(600)).await.refused(400, "InvalidParameter");
        query(&cloud, &chain(63)).await.ok();
    }
    query(&cloud, &format!("load[5m].mean(){}", "+1".repeat(600))).await.refused(400, "InvalidParameter");
    let unknown = "/20180401/metrics/actions/summarizeMetricsData?compartmentId=ocid1.compartment.oc1..x";
    let body = json!({ "namespace": "dec", "query": "load[5m].mean()" });
    cloud.post(unknown, &body).await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn metrics_outside_the_rules_are_reported_or_refuse_the_batch() {
    let cloud = stopped_clock().await;
    let good = || metric(&cloud, "dec", "n1", &[("2026-09-05T11:59:00Z", 1.0)]);
    let bad = [
        metric(&cloud, "oci_dec", "n1", &[("2026-09-05T11:59:00Z", 1.0)]),
        metric(&cloud, "dec", "n1", &[("2026-09-05T09:59:00Z", 1.0)]),
        metric(&cloud, "dec", "n1", &[("2026-09-05T12:11:00Z", 1.0)]),
        metric(&cloud, "dec", "", &[("2026-09-05T11:59:00Z", 1.0)]),
        metric(&cloud, "dec", "n1", &[]),
    ];
    for bad in bad {
        let mixed = json!({ "metricData": [good(), bad] });
        let answer = cloud.post("/20180401/metrics", &mixed).await.ok().json();
        assert_eq!(answer["failedMetricsCount"], 1, "{answer}");
        let atomic = json!({ "metricData": [good(), bad], "batchAtomicity": "ATOMIC" });
        assert_eq!(cloud.post("/20180401/metrics", &atomic).await.status, 400);
    }
    let many: Vec<Value> =
        (0..51).map(|n| metric(&cloud, "dec", &format!("n{n}"), &[("2026-09-05T11:59:00Z", 1.0)])).collect();
    cloud.post("/20180401/metrics", &json!({ "metricData": many })).await.refused(400, "InvalidParameter");
}

#[tokio::test]
async fn usage_is_late_grouped_and_corrected() {
    let cloud = stopped_clock().await;
    let row = |day: u8, quantity: f64, sku: &str| {
        json!({ "timeUsageStarted": format!("2026-09-0{day}T00:00:00Z"), "timeUsageEnded": format!("2026-09-0{}T00:00:00Z", day + 1),
                "computedQuantity": quantity, "service": "VCN", "skuPartNumber": sku, "unit": "GB Months",
                "corrections": [{ "afterHours": 72, "computedQuantity": quantity + 1.0 }] })
    };
    let rows = json!([row(1, 10.0, "B88327"), row(1, 5.0, "B1"), row(3, 20.0, "B88327"), row(4, 30.0, "B88327")]);
    cloud.admin("POST", "usage", &rows).await.ok();
    let ask_for = |more: Value| {
        let mut body = json!({ "tenantId": cloud.emulator.tenancy(), "timeUsageStarted": "2026-09-01T00:00:00Z",
                               "timeUsageEnded": "2026-09-05T00:00:00Z", "granularity": "DAILY", "groupBy": ["skuPartNumber"],
                               "filter": { "operator": "AND", "dimensions": [{ "key": "skuPartNumber", "value": "B88327" }] } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let answer = cloud.post("/20200107/usage", &ask_for(json!({}))).await.ok().json();
    let quantities: Vec<f64> =
        answer["items"].as_array().unwrap().iter().map(|item| item["computedQuantity"].as_f64().unwrap()).collect();
    // The first day is corrected by now, the third is there, the fourth is not yet.
    assert_eq!(quantities, [11.0, 20.0]);
    assert_eq!(answer["items"][0]["service"], Value::Null);
    for wrong in [
        json!({ "granularity": "TOTAL" }),
        json!({ "timeUsageStarted": "2026-09-01T01:00:00Z" }),
        json!({ "groupBy": ["colour"] }),
        json!({ "timeUsageEnded": "2026-09-01T00:00:00Z" }),
    ] {
        assert_eq!(cloud.post("/20200107/usage", &ask_for(wrong.clone())).await.status, 400, "{wrong}");
    }
}

fn chat(cloud: &Cloud, content: &Value, more: &Value) -> Value {
    let mut request = json!({ "apiFormat": "GENERIC", "messages": [{ "role": "USER", "content": content }] });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "compartmentId": cloud.emulator.default_compartment(), "chatRequest": request,
            "servingMode": { "servingType": "ON_DEMAND", "modelId": "meta.llama-4-scout-17b-16e-instruct" } })
}

const CHAT: &str = "/20231130/actions/chat";

#[tokio::test]
async fn chat_answers_by_script_then_by_rule() {
    let cloud = Cloud::new().await;
    let text = json!([{ "type": "TEXT", "text": "Which city?" }]);
    let scripts = json!([{ "contains": "city", "replies": [{ "text": "Oslo" }, { "status": 429 }] }]);
    cloud.admin("POST", "chat", &scripts).await.ok();
    let answer = cloud.post(CHAT, &chat(&cloud, &text, &json!({}))).await.ok();
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["chatResponse"]["choices"][0]["message"]["content"][0]["text"], "Oslo");
    cloud.post(CHAT, &chat(&cloud, &text, &json!({}))).await.refused(429, "TooManyRequests");
    let schema = json!({ "responseFormat": { "type": "JSON_SCHEMA", "jsonSchema": { "name": "s", "schema":
        { "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } } } } });
    let other = json!([{ "type": "TEXT", "text": "Which number?" }]);
    let answer = cloud.post(CHAT, &chat(&cloud, &other, &schema)).await.ok().json();
    assert_eq!(answer["chatResponse"]["choices"][0]["message"]["content"][0]["text"], "{\"n\":0}");
    let cut = cloud.post(CHAT, &chat(&cloud, &other, &json!({ "maxTokens": 1 }))).await.ok().json();
    assert_eq!(cut["chatResponse"]["choices"][0]["finishReason"], "length");
}

#[tokio::test]
async fn chat_streams_events_that_carry_data_only() {
    let cloud = Cloud::new().await;
    let text = json!([{ "type": "TEXT", "text": "one two" }]);
    let more = json!({ "isStream": true, "streamOptions": { "isIncludeUsage": true } });
    let answer = cloud.post(CHAT, &chat(&cloud, &text, &more)).await.ok();
    assert_eq!((answer.header("content-type"), answer.whole), ("text/event-stream", true));
    let body = String::from_utf8(answer.body).unwrap();
    let events: Vec<Value> = body
        .split("\n\n")
        .filter(|event| !event.is_empty())
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    let said: String = events.iter().filter_map(|event| event["message"]["content"][0]["text"].as_str()).collect();
    assert_eq!(said, "You asked: one two");
    assert_eq!(events[events.len() - 2]["finishReason"], "stop");
    assert!(events[events.len() - 1]["usage"]["totalTokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn chat_refuses_what_is_no_image() {
    let cloud = Cloud::new().await;
    let image = |url: &str| json!([{ "type": "IMAGE", "imageUrl": { "url": url } }]);
    for url in [
        "https://example.com/a.png",
        "data:image/png;base64,%%%",
        "data:image/png;base64,AAAA",
        "data:image/tiff;base64,AAAA",
        "",
    ] {
        let status = cloud.post(CHAT, &chat(&cloud, &image(url), &json!({}))).await.status;
        assert_eq!(status, 400, "{url}");
    }
    let png = "data:image/png;base64,iVBORw0KGgo=";
    cloud.post(CHAT, &chat(&cloud, &image(png), &json!({}))).await.ok();
    let mut blind = chat(&cloud, &image(png), &json!({}));
    blind["servingMode"]["modelId"] = "cohere.command-r-plus".into();
    cloud.post(CHAT, &blind).await.refused(400, "InvalidParameter");
    blind["servingMode"]["modelId"] = "nobody.knows".into();
    cloud.post(CHAT, &blind).await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn topics_take_sixty_messages_a_minute() {
    let cloud = stopped_clock().await;
    let details = json!({ "name": "alerts", "compartmentId": cloud.emulator.default_compartment() });
    let topic = cloud.post("/20181201/topics", &details).await.ok().json();
    let id = topic["topicId"].as_str().unwrap();
    assert_eq!(topic["apiEndpoint"], format!("http://{}", cloud.address));
    let messages = format!("/20181201/topics/{id}/messages");
    for _ in 0..60 {
        let sent = cloud.post(&messages, &json!({ "title": "t", "body": "b" })).await.ok();
        assert_eq!(sent.status, 202);
    }
    cloud.post(&messages, &json!({ "body": "b" })).await.refused(429, "TooManyRequests");
    cloud.advance(60).await;
    cloud.post(&messages, &json!({ "body": "b" })).await.ok();
    cloud.post(&messages, &json!({ "body": "b".repeat(70_000) })).await.refused(413, "PayloadTooLarge");
    let published = cloud.admin("GET", &format!("topics/{id}/messages"), &json!({})).await.ok().json();
    assert_eq!(published.as_array().unwrap().len(), 61);
}

#[tokio::test]
async fn logs_and_secrets() {
    let cloud = Cloud::new().await;
    let log = cloud.admin("POST", "logs", &json!({})).await.ok().json()["id"].as_str().unwrap().to_owned();
    let batch = json!({ "specversion": "1.0", "logEntryBatches": [{ "source": "s", "type": "t",
        "defaultlogentrytime": "2026-09-05T00:00:00Z", "entries": [{ "id": "1", "data": "{}" }] }] });
    cloud.post(&format!("/20200831/logs/{log}/actions/push"), &batch).await.ok();
    cloud.post("/20200831/logs/ocid1.log.oc1.iad.x/actions/push", &batch).await.refused(404, "NotAuthorizedOrNotFound");
    let kept = cloud.admin("GET", &format!("logs/{log}"), &json!({})).await.ok().json();
    assert_eq!(kept[0]["time"], "2026-09-05T00:00:00.000Z");

    let mut seeded = Value::Null;
    for value in ["old", "new"] {
        seeded = cloud.admin("POST", "secrets", &json!({ "name": "key", "value": value })).await.ok().json();
    }
    let bundle = format!("/20190301/secretbundles/{}", seeded["id"].as_str().unwrap());
    let content = async |query: &str| {
        cloud.get(&format!("{bundle}{query}")).await.ok().json()["secretBundleContent"]["content"].clone()
    };
    assert_eq!((content("").await, content("?stage=PREVIOUS").await), (json!("bmV3"), json!("b2xk")));
    assert_eq!(content("?versionNumber=1").await, json!("b2xk"));
    cloud.get(&format!("{bundle}?stage=PENDING")).await.refused(404, "NotAuthorizedOrNotFound");
}

#[tokio::test]
async fn record_sets_change_as_a_whole() {
    let cloud = Cloud::new().await;
    cloud.admin("POST", "zones", &json!({ "name": "dec.example" })).await.ok();
    let set = "/20180115/zones/dec.example/records/api.dec.example/A";
    let record = |rdata: &str| json!({ "domain": "api.dec.example", "rtype": "A", "rdata": rdata, "ttl": 60 });
    let put = cloud.send(ask("PUT", set).json(&json!({ "items": [record("192.0.2.1")] }))).await.ok();
    let steps = json!({ "items": [{ "operation": "REMOVE", "rdata": "192.0.2.1" }, { "operation": "PROHIBIT", "rdata": "192.0.2.9" },
                                  { "operation": "ADD", "rdata": "192.0.2.2", "ttl": 30 }] });
    let patch = ask("PATCH", set).json(&steps);
    cloud.send(patch.clone().header("if-match", "other")).await.refused(412, "NoEtagMatch");
    let patched = cloud.send(patch.header("if-match", put.header("etag"))).await.ok().json();
    assert_eq!((&patched["items"][0]["rdata"], patched["items"].as_array().unwrap().len()), (&json!("192.0.2.2"), 1));
    let half = json!({ "items": [{ "operation": "REMOVE", "rdata": "192.0.2.2" }, { "operation": "REQUIRE", "rdata": "192.0.2.7" }] });
    cloud.send(ask("PATCH", set).json(&half)).await.refused(409, "Conflict");
    assert_eq!(cloud.get(set).await.ok().header("opc-total-items"), "1");
    cloud
        .send(ask("PUT", set).json(&json!({ "items": [record("no address")] })))
        .await
        .refused(400, "InvalidParameter");
}
