//! `oci ons`: topics, subscriptions, messages.

use serde_json::json;

use super::harness::{Cloud, check, each, text};

#[test]
fn topics_and_messages() {
    let Some(cloud) = Cloud::start("topics") else { return };
    let compartment = cloud.compartment();
    let create = "ons topic create -c";
    let made = cloud.oci(create, &[&compartment, "--name", "egress", "--description", "first"]);
    check(&made, [("/data/name", json!("egress")), ("/data/lifecycle-state", json!("ACTIVE"))]);
    let topic = text(&made, "/data/topic-id");
    cloud.oci(create, &[&compartment, "--name", "other"]);
    let message =
        cloud.fails((409, "NotAuthorizedOrResourceAlreadyExists"), create, &[&compartment, "--name", "egress"]);
    assert_eq!(message, "A topic of this name exists.");
    cloud.fails((400, "InvalidParameter"), create, &[&compartment, "--name", "no spaces"]);
    let mut names = cloud.oci("ons topic list -c", &[&compartment]);
    each(&names, "name");
    names = cloud.oci("ons topic list -c", &[&compartment, "--name", "egress"]);
    assert_eq!(each(&names, "topic-id"), [topic.as_str()]);
    let wrong = ["--description", "second", "--if-match", "other"];
    let update = format!("ons topic update --force --topic-id {topic}");
    cloud.fails((412, "NoEtagMatch"), &update, &wrong);
    cloud.oci(&update, &["--description", "second", "--if-match", &text(&made, "/etag")]);
    let found = cloud.oci("ons topic get --topic-id", &[&topic]);
    check(&found, [("/data/description", json!("second")), ("/data/api-endpoint", json!(cloud.url))]);
    let published = cloud.oci("ons message publish --topic-id", &[&topic, "--title", "Egress 82 %", "--body", "Look."]);
    let kept = cloud.admin("GET", &format!("topics/{topic}/messages"), &json!({}));
    check(
        &kept,
        [
            ("/0/messageId", published["data"]["message-id"].clone()),
            ("/0/title", json!("Egress 82 %")),
            ("/0/body", json!("Look.")),
            ("/0/publisher", json!(cloud.setting("user"))),
        ],
    );
    cloud.oci("ons topic delete --force --topic-id", &[&topic]);
    let publish = "ons message publish --title t --body b --topic-id";
    cloud.fails((404, "NotAuthorizedOrNotFound"), publish, &[&topic]);
}

#[test]
fn subscriptions() {
    let Some(cloud) = Cloud::start("subscriptions") else { return };
    let compartment = cloud.compartment();
    let topic = text(&cloud.oci("ons topic create --name alarms -c", &[&compartment]), "/data/topic-id");
    let create = format!("ons subscription create -c {compartment} --topic-id {topic} --protocol");
    let mail = cloud.oci(&create, &["EMAIL", "--subscription-endpoint", "ops@dec.example"]);
    check(&mail, [("/data/lifecycle-state", json!("PENDING")), ("/data/endpoint", json!("ops@dec.example"))]);
    let function = cloud.oci(&create, &["ORACLE_FUNCTIONS", "--subscription-endpoint", "ocid1.fnfunc.oc1.iad.aaaa"]);
    check(&function, [("/data/lifecycle-state", json!("ACTIVE")), ("/data/topic-id", json!(topic))]);
    let message = cloud.fails((400, "InvalidParameter"), &create, &["EMAIL", "--subscription-endpoint", "nobody"]);
    assert_eq!(message, "nobody is no endpoint for EMAIL.");
    let again = ["EMAIL", "--subscription-endpoint", "ops@dec.example"];
    cloud.fails((409, "NotAuthorizedOrResourceAlreadyExists"), &create, &again);
    let (mail, function) = (text(&mail, "/data/id"), text(&function, "/data/id"));
    let policy = r#"{"backoffRetryPolicy":{"maxRetryDuration":600000,"policyType":"EXPONENTIAL"}}"#;
    cloud.oci("ons subscription update --force --subscription-id", &[&mail, "--delivery-policy", policy]);
    let found = cloud.oci("ons subscription get --subscription-id", &[&mail]);
    let kept: serde_json::Value = serde_json::from_str(&text(&found, "/data/deliver-policy")).unwrap();
    check(&kept, [("/backoffRetryPolicy/maxRetryDuration", json!(600_000))]);
    let list = |more: &[&str]| cloud.oci("ons subscription list -c", &[&[compartment.as_str()], more].concat());
    let mut ids = [mail.as_str(), function.as_str()];
    ids.sort_unstable();
    let listed = list(&["--topic-id", &topic]);
    let mut seen = each(&listed, "id");
    seen.sort_unstable();
    assert_eq!(seen, ids);
    cloud.oci("ons subscription delete --force --subscription-id", &[&mail]);
    assert_eq!(each(&list(&[]), "id"), [function.as_str()]);
    cloud.oci("ons topic delete --force --topic-id", &[&topic]);
    assert!(list(&[]).is_null(), "they go with their topic");
}
