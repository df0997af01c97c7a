//! The ports on AWS against moto: the suites that the adapters of OCI pass on their emulator.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use causeway_adapters::SystemClock;
use causeway_cloud::Ports;
use causeway_cloud::conformance::failures::{FOREIGN_CREDENTIALS, Things, every_port};
use causeway_cloud::conformance::notifier::{Inbox, Received};
use causeway_cloud::conformance::{invoker, metrics, notifier, secrets, state};
use causeway_cloud::invoker::Call;
use causeway_cloud::metrics::{Measurement, MetricQuery, Point, Statistic};
use causeway_cloud::notifier::Message;
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::aws_side::{AwsSide, BUCKET, KNOWN_KEY, ports};

fn deadline() -> Deadline {
    Deadline::at(Instant::now() + Duration::from_secs(60))
}

struct Messages<'a> {
    side: &'a AwsSide,
    topic: &'a str,
}

#[async_trait]
impl Inbox for Messages<'_> {
    async fn received(&self) -> Result<Vec<Received>, String> {
        let found = self.side.ask(&json!(["received", self.topic]));
        let found = found.as_array().ok_or("no list of messages")?;
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let one = |message: &serde_json::Value| Received {
            title: text(&message["title"]),
            body: text(&message["body"]).unwrap_or_default(),
        };
        Ok(found.iter().map(one).collect())
    }
}

#[tokio::test]
async fn the_notifier_keeps_its_promises() {
    let Some(side) = AwsSide::start() else { return };
    let topic = side.topic("alerts");
    let inbox = Messages { side: &side, topic: &topic };
    side.ask(&json!(["bucket", BUCKET]));
    let ports = ports(&side.url, KNOWN_KEY, &[("CAUSEWAY_TOPIC", &topic)]);
    let port = ports.notifier().unwrap();
    notifier::all(port.as_ref(), &inbox, deadline()).await.unwrap();
    side.ask(&json!(["cut_publications", 1]));
    notifier::a_lost_answer_is_an_unknown_fate(port.as_ref(), &inbox, deadline()).await.unwrap();
    let documents = ports.documents("alerts").unwrap();
    notifier::alerts_go_out_once(port, &inbox, documents, deadline()).await.unwrap();
    let nothing = topic.replace(":alerts", ":nothing");
    let missing = self::ports(&side.url, KNOWN_KEY, &[("CAUSEWAY_TOPIC", &nothing)]).notifier().unwrap();
    notifier::missing(missing.as_ref(), deadline()).await.unwrap();
}

/// A FIFO topic drops repetitions, so a publication whose answer was lost is made again.
#[tokio::test]
async fn a_fifo_topic_is_asked_again() {
    let Some(side) = AwsSide::start() else { return };
    let topic = side.topic("alerts.fifo");
    let port = ports(&side.url, KNOWN_KEY, &[("CAUSEWAY_TOPIC", &topic)]).notifier().unwrap();
    side.ask(&json!(["cut_publications", 1]));
    let message = Message { title: "t".to_owned(), body: "b".to_owned() };
    port.publish(&message, deadline()).await.unwrap();
    let received = Messages { side: &side, topic: &topic }.received().await.unwrap();
    assert_eq!(received, [Received { title: Some("t".to_owned()), body: "b".to_owned() }]);
}

#[tokio::test]
async fn metrics_keep_their_promises() {
    let Some(side) = AwsSide::start() else { return };
    let port = ports(&side.url, KNOWN_KEY, &[]).metrics().unwrap();
    let now = Timestamp::now();
    let place = metrics::Place { namespace: "conformance", now, clock: &SystemClock, deadline: deadline() };
    metrics::all(port.as_ref(), &place).await.unwrap();

    // More points than a request takes, of more series than a page of the list and a request for data have.
    let at = now - SignedDuration::from_mins(5);
    let many: Vec<_> = (0..1234).map(|number| measurement(number, at)).collect();
    let done = port.publish(&many, deadline()).await.unwrap();
    assert_eq!((done.accepted, done.rejected.len()), (1234, 0));
    let query = MetricQuery {
        namespace: "many".to_owned(),
        metric: "size".to_owned(),
        statistic: Statistic::Sum,
        interval: Duration::from_secs(3600),
        from: at - SignedDuration::from_hours(1),
        to: now,
        dimensions: [("kind".to_owned(), "x".to_owned())].into(),
        group_by: vec!["half".to_owned()],
        compartment: None,
    };
    let found = port.query(&query, deadline()).await.unwrap();
    let sums: Vec<f64> = found.iter().map(|series| series.points.iter().map(|point| point.value).sum()).collect();
    assert_eq!(sums, [617.0, 617.0], "{found:?}");
}

fn measurement(number: usize, at: Timestamp) -> Measurement {
    let pairs = [("kind", "x".to_owned()), ("half", (number % 2).to_string()), ("id", format!("{number:04}"))];
    Measurement {
        namespace: "many".to_owned(),
        name: "size".to_owned(),
        dimensions: pairs.map(|(name, value)| (name.to_owned(), value)).into(),
        unit: Some("bytes".to_owned()),
        compartment: None,
        points: vec![Point { at, value: 1.0 }],
    }
}

struct Functions<'a>(&'a AwsSide);

#[async_trait]
impl invoker::Functions for Functions<'_> {
    fn echo(&self) -> &str {
        "echo"
    }

    fn failing(&self) -> &str {
        "fail"
    }

    async fn ran(&self) -> Vec<Bytes> {
        let ran = self.0.ask(&json!(["ran"]));
        let payload = |one: &serde_json::Value| Bytes::from(one["payload"].as_str().expect("a payload").to_owned());
        ran.as_array().expect("a list").iter().map(payload).collect()
    }
}

#[tokio::test]
async fn the_invoker_keeps_its_promises() {
    let Some(side) = AwsSide::start() else { return };
    let port = ports(&side.url, KNOWN_KEY, &[]).invoker().unwrap();
    invoker::all(port.as_ref(), &Functions(&side), deadline()).await.unwrap();

    let traceparent = Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01".to_owned());
    let call = Call { payload: Bytes::from_static(b"{}"), traceparent, ..Call::default() };
    port.invoke("echo", &call, deadline()).await.unwrap();
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    assert_eq!(side.ask(&json!(["ran"]))[0]["trace"], trace);
}

struct Vault<'a> {
    side: &'a AwsSide,
    reference: String,
}

#[async_trait]
impl secrets::Vault for Vault<'_> {
    fn reference(&self) -> &str {
        &self.reference
    }

    fn missing(&self) -> &str {
        "nothing"
    }

    async fn rotate(&self, content: &str) -> Result<(), String> {
        self.side.ask(&json!(["secret", "db", content]));
        Ok(())
    }
}

#[tokio::test]
async fn secrets_keep_their_promises() {
    let Some(side) = AwsSide::start() else { return };
    let port = ports(&side.url, KNOWN_KEY, &[]).secrets().unwrap();
    let arn = side.text(&json!(["secret", "db", "first"]));
    for reference in ["db".to_owned(), arn] {
        let vault = Vault { side: &side, reference };
        secrets::all(port.as_ref(), &vault, deadline()).await.unwrap();
    }
    side.ask(&json!(["binary_secret", "key", [0, 159, 255]]));
    assert_eq!(port.secret("key", deadline()).await.unwrap().expose(), [0, 159, 255]);
    side.ask(&json!(["doomed_secret", "old"]));
    let doomed = port.secret("old", deadline()).await.unwrap_err();
    assert_eq!((doomed.kind(), doomed.code()), (Kind::Conflict, Some("InvalidRequestException")));
}

#[tokio::test]
async fn state_keeps_its_promises_and_foreigners_are_told() {
    let Some(side) = AwsSide::start() else { return };
    side.ask(&json!(["bucket", BUCKET]));
    let topic = side.topic("alerts");
    let variables = [("CAUSEWAY_TOPIC", topic.as_str())];
    let objects = ports(&side.url, KNOWN_KEY, &variables).objects().unwrap();
    causeway_cloud::conformance::all(objects.as_ref()).await.unwrap();
    state::all(&objects, "state").await.unwrap();

    side.ask(&json!(["require_known_callers"]));
    let foreign = ports(&side.url, "nobody-knows-me", &variables);
    let (function, secret) = ("echo".to_owned(), "db".to_owned());
    let things = Things { function, secret, looks_up: false, machine: None };
    let told = every_port(&foreign, &things, FOREIGN_CREDENTIALS, deadline).await;
    told.unwrap_or_else(|finding| panic!("{finding}"));
}
