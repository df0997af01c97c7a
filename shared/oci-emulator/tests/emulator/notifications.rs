//! Topics and subscriptions.

use serde_json::{Value, json};

use crate::support::{Cloud, ask};

const TOPICS: &str = "/20181201/topics";
const SUBSCRIPTIONS: &str = "/20181201/subscriptions";

async fn topic(cloud: &Cloud, name: &str) -> Value {
    let details = json!({ "name": name, "compartmentId": cloud.emulator.default_compartment() });
    cloud.post(TOPICS, &details).await.ok().json()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

#[tokio::test]
async fn a_topic_changes_under_its_etag() {
    let cloud = Cloud::new().await;
    let made = topic(&cloud, "egress").await;
    let path = format!("{TOPICS}/{}", text(&made, "topicId"));
    let change = |description: &str, etag: &str| {
        ask("PUT", &path).json(&json!({ "description": description })).header("if-match", etag)
    };
    let etag = text(&made, "etag");
    cloud.send(change("first", &etag)).await.ok();
    cloud.send(change("second", &etag)).await.refused(412, "NoEtagMatch");
    let tags = json!({ "freeformTags": { "team": "ops" } });
    cloud.send(ask("PUT", &path).json(&tags)).await.ok();
    let found = cloud.get(&path).await.ok().json();
    assert_eq!((&found["description"], &found["freeformTags"]["team"]), (&json!("first"), &json!("ops")));
}

#[tokio::test]
async fn subscriptions_live_as_long_as_their_topic() {
    let cloud = Cloud::new().await;
    let compartment = cloud.emulator.default_compartment();
    let topic = text(&topic(&cloud, "alarms").await, "topicId");
    let details = |protocol: &str, endpoint: &str, topic: &str| json!({ "topicId": topic, "compartmentId": compartment, "protocol": protocol, "endpoint": endpoint });
    let mail = cloud.post(SUBSCRIPTIONS, &details("EMAIL", "a@b.example", &topic)).await.ok();
    assert_eq!((mail.json()["lifecycleState"].as_str(), mail.header("etag").is_empty()), (Some("PENDING"), false));
    let function = cloud.post(SUBSCRIPTIONS, &details("ORACLE_FUNCTIONS", "ocid1.fnfunc.oc1.iad.a", &topic)).await.ok();
    assert_eq!(function.json()["lifecycleState"], "ACTIVE");
    let again = cloud.post(SUBSCRIPTIONS, &details("EMAIL", "a@b.example", &topic)).await;
    again.refused(409, "NotAuthorizedOrResourceAlreadyExists");
    let nowhere = details("EMAIL", "a@b.example", "ocid1.onstopic.oc1.iad.nobody");
    cloud.post(SUBSCRIPTIONS, &nowhere).await.refused(404, "NotAuthorizedOrNotFound");
    let path = format!("{SUBSCRIPTIONS}/{}", text(&mail.json(), "id"));
    let policy = |wait: i64| {
        let backoff = json!({ "maxRetryDuration": wait, "policyType": "EXPONENTIAL" });
        ask("PUT", &path).json(&json!({ "deliveryPolicy": { "backoffRetryPolicy": backoff } }))
    };
    cloud.send(policy(0)).await.refused(400, "InvalidParameter");
    cloud.send(policy(600_000).header("if-match", "other")).await.refused(412, "NoEtagMatch");
    cloud.send(policy(600_000)).await.ok();
    let list = format!("{SUBSCRIPTIONS}?compartmentId={compartment}&topicId={topic}");
    let listed = cloud.get(&list).await.ok().json();
    let waits: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["deliveryPolicy"]["backoffRetryPolicy"]["maxRetryDuration"])
        .collect();
    assert!(waits.len() == 2 && waits.contains(&&json!(600_000)) && waits.contains(&&json!(7_200_000)), "{listed}");
    cloud.delete(&format!("{TOPICS}/{topic}")).await.ok();
    assert_eq!(cloud.get(&list).await.ok().json(), json!([]));
    cloud.get(&path).await.refused(404, "NotAuthorizedOrNotFound");
}
