//! The conformance suites of all ports.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_adapters::SystemClock;
use causeway_cloud::conformance::notifier::{Inbox, Received};
use causeway_cloud::conformance::{chat, fleet, invoker, metrics, notifier, objects, secrets, state, usage};
use causeway_cloud::{Ports, PrincipalCheck};
use causeway_oci_emulator::Fault;
use causeway_resilience::Deadline;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::cloud::{MODEL, Oci};

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + Duration::from_secs(60))
}

#[tokio::test]
async fn objects_and_state_keep_their_promises() {
    let oci = Oci::start().await;
    let objects = oci.ports().objects().unwrap();
    objects::all(objects.as_ref()).await.unwrap();
    state::all(&objects, "state").await.unwrap();
    let documents = oci.ports().documents("tests").unwrap();
    documents.create("a", &1).await.unwrap();
    let stored = causeway_cloud::object_path("causeway-state/tests").unwrap();
    let listed = objects.list_with_delimiter(Some(&stored)).await.unwrap();
    assert_eq!(listed.objects.len(), 1, "{listed:?}");
}

#[tokio::test]
async fn the_principal_is_the_functions() {
    let check = Oci::start().await.ports().principal().unwrap().check().await;
    let PrincipalCheck::Works { principal, .. } = check else { panic!("{check:?}") };
    assert!(principal.starts_with("resource_principal"), "{principal}");
}

#[tokio::test]
async fn metrics_keep_their_promises() {
    let oci = Oci::start().await;
    let port = oci.ports().metrics().unwrap();
    let now = Timestamp::now();
    let place = metrics::Place { namespace: "conformance", now, clock: &SystemClock, deadline: deadline() };
    metrics::all(port.as_ref(), &place).await.unwrap();
    metrics::percentiles(port.as_ref(), &place).await.unwrap();
}

struct Messages<'a> {
    oci: &'a Oci,
    seen: std::sync::Mutex<usize>,
}

impl<'a> Messages<'a> {
    fn of(oci: &'a Oci) -> Self {
        Self { oci, seen: std::sync::Mutex::new(0) }
    }
}

#[async_trait]
impl Inbox for Messages<'_> {
    async fn received(&self) -> Result<Vec<Received>, String> {
        let all = self.oci.ask(&format!("topics/{}/messages", self.oci.topic)).await;
        let all = all.as_array().ok_or("no list of messages")?;
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let message = |one: &serde_json::Value| Received {
            title: text(&one["title"]),
            body: text(&one["body"]).unwrap_or_default(),
        };
        let mut seen = self.seen.lock().unwrap();
        let fresh = all[*seen..].iter().map(message).collect();
        *seen = all.len();
        Ok(fresh)
    }
}

#[tokio::test]
async fn the_notifier_keeps_its_promises() {
    let mut oci = Oci::start().await;
    let port = oci.ports().notifier().unwrap();
    notifier::all(port.as_ref(), &Messages::of(&oci), deadline()).await.unwrap();
    oci.set("CAUSEWAY_TOPIC", "ocid1.onstopic.oc1.iad.nothing");
    notifier::missing(oci.ports().notifier().unwrap().as_ref(), deadline()).await.unwrap();
}

#[tokio::test]
async fn alerts_go_out_once_and_lost_answers_are_told() {
    let oci = Oci::start().await;
    let inbox = Messages::of(&oci);
    let port = oci.ports().notifier().unwrap();
    let cut = Fault {
        operation: Some("PublishMessage".to_owned()),
        cut_body_after: Some(3),
        times: Some(1),
        ..Fault::default()
    };
    oci.emulator.add_fault(cut);
    notifier::a_lost_answer_is_an_unknown_fate(port.as_ref(), &inbox, deadline()).await.unwrap();
    let documents = oci.ports().documents("alerts").unwrap();
    notifier::alerts_go_out_once(port, &inbox, documents, deadline()).await.unwrap();
}

struct Functions<'a>(&'a Oci);

#[async_trait]
impl invoker::Functions for Functions<'_> {
    fn echo(&self) -> &str {
        "echo"
    }

    fn failing(&self) -> &str {
        "fail"
    }

    async fn ran(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.0.deployed.ran.lock().unwrap())
    }
}

#[tokio::test]
async fn the_invoker_keeps_its_promises() {
    let oci = Oci::start().await;
    let port = oci.ports().invoker().unwrap();
    invoker::all(port.as_ref(), &Functions(&oci), deadline()).await.unwrap();
}

struct Vault<'a> {
    oci: &'a Oci,
    id: String,
}

#[async_trait]
impl secrets::Vault for Vault<'_> {
    fn reference(&self) -> &str {
        &self.id
    }

    fn missing(&self) -> &str {
        "ocid1.vaultsecret.oc1.iad.nothing"
    }

    async fn rotate(&self, content: &str) -> Result<(), String> {
        let seeded = self.oci.seed("secrets", &json!({ "name": "db", "value": content })).await;
        if seeded["id"] == self.id.as_str() { Ok(()) } else { Err(format!("another secret: {seeded}")) }
    }
}

#[tokio::test]
async fn secrets_keep_their_promises() {
    let oci = Oci::start().await;
    let seeded = oci.seed("secrets", &json!({ "name": "db", "value": "first" })).await;
    let vault = Vault { id: seeded["id"].as_str().unwrap().to_owned(), oci: &oci };
    secrets::all(oci.ports().secrets().unwrap().as_ref(), &vault, deadline()).await.unwrap();
}

#[tokio::test]
async fn the_fleet_keeps_its_promises() {
    let oci = Oci::start().await;
    let instance = |tier: &str| {
        json!({ "shape": "VM.Standard.E5.Flex", "shapeConfig": { "ocpus": 2, "memoryInGBs": 16 },
            "freeformTags": { "tier": tier } })
    };
    oci.seed("compute/instances", &instance("db")).await;
    let seeded = oci.seed("compute/instances", &instance("web")).await;
    let prepared = fleet::Prepared {
        machine: seeded["id"].as_str().unwrap(),
        missing: "ocid1.instance.oc1.iad.nothing",
        tag: ("tier", "web"),
        clock: &SystemClock,
        deadline: deadline(),
    };
    fleet::all(oci.ports().fleet().unwrap().as_ref(), &prepared).await.unwrap();
}

#[tokio::test]
async fn usage_keeps_its_promises() {
    let oci = Oci::start().await;
    let midnight = Timestamp::now().as_second().div_euclid(86_400) * 86_400;
    let day = Timestamp::from_second(midnight - 10 * 86_400).unwrap();
    let row = |sku: &str, quantity: f64| {
        json!({ "timeUsageStarted": day.to_string(), "timeUsageEnded": (day + SignedDuration::from_hours(24)).to_string(),
            "computedQuantity": quantity, "service": "VCN", "skuPartNumber": sku, "unit": "GB Months" })
    };
    oci.seed("usage", &json!([row("B88327", 10.0), row("B88327", 20.5), row("B00001", 7.0)])).await;
    let prepared = usage::Prepared { day, sku: "B88327", quantity: 30.5, deadline: deadline() };
    usage::all(oci.ports().usage().unwrap().as_ref(), &prepared).await.unwrap();
}

/// By the name that the variable had before.
#[tokio::test]
async fn the_namespace_of_buckets_can_be_set() {
    let mut oci = Oci::start().await;
    let about = oci.ask("about").await;
    oci.set("OCI_OS_NAMESPACE", about["namespace"].as_str().unwrap());
    oci.ports().documents("tests").unwrap().create("a", &1).await.unwrap();
    oci.set("OCI_OS_NAMESPACE", "another");
    assert!(oci.ports().documents("tests").unwrap().create("b", &1).await.is_err());
}

#[tokio::test]
async fn the_language_model_keeps_its_promises() {
    let mut oci = Oci::start().await;
    oci.seed(
        "chat",
        &json!([{ "model": MODEL, "images": 1, "contains": "picture", "replies": [{ "json": { "grey": true } }] }]),
    )
    .await;
    oci.seed("chat", &json!([{ "model": MODEL, "images": 1, "replies": [{ "text": "one grey pixel" }] }])).await;
    for scheme in ["", "oci:", "oci-openai:"] {
        oci.set("CAUSEWAY_CHAT_MODEL", &format!("{scheme}{MODEL}"));
        let model = oci.ports().chat_model().unwrap();
        chat::a_picture_is_described(model.as_ref(), "one grey pixel", deadline()).await.unwrap();
        chat::a_form_is_kept(model.as_ref(), &json!({ "grey": true }), deadline()).await.unwrap();
        chat::no_time(model.as_ref()).await.unwrap();
        oci.set("CAUSEWAY_CHAT_MODEL", &format!("{scheme}nobody.none"));
        chat::missing(oci.ports().chat_model().unwrap().as_ref(), deadline()).await.unwrap();
    }
    // The older route.
    oci.set("CAUSEWAY_CHAT_MODEL", &format!("oci-openai:{MODEL};path=/20231130/actions/v1"));
    let model = oci.ports().chat_model().unwrap();
    chat::a_picture_is_described(model.as_ref(), "one grey pixel", deadline()).await.unwrap();
}
