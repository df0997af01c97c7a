//! The report on credentials.

use std::time::Duration;

use causeway_oci_auth::effects::HttpError;
use causeway_oci_auth::endpoint::Endpoints;
use causeway_oci_auth::{AuthReport, Chain, REPORT_LIMIT};
use serde_json::{Value, json};

use crate::stub::{BEGIN, COMPARTMENT, FEDERATION, FIRST, Reply, TENANCY, World, add_instance, after, answer, rpst};
use crate::{CONFIG, profile, world};

const STORE: &str = "HEAD https://objectstorage.us-phoenix-1.oraclecloud.com/";
const GIVEN: [(&str, &str); 4] = [
    ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
    ("OCI_RESOURCE_PRINCIPAL_RPST", "/creds/rpst"),
    ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "/creds/pem"),
    ("OCI_RESOURCE_PRINCIPAL_REGION", "phx"),
];

fn function(variables: &[(&str, &str)]) -> World {
    let world = world(&[&GIVEN[..], variables].concat());
    world.drive.put("/creds/rpst", &rpst("function", FIRST, BEGIN + 1200));
    world.drive.put("/creds/pem", FIRST);
    world
}

/// An answer of a server whose clock shows this.
fn dated(seconds: u64) -> Reply {
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(seconds));
    Reply::Say(401, String::new(), vec![("date", date)])
}

async fn report(world: &World) -> AuthReport {
    let chain = Chain::from_environment(world.effects()).unwrap();
    let endpoints = Endpoints::new(world.effects()).unwrap();
    let begin = tokio::time::Instant::now();
    let report = causeway_oci_auth::report(&world.effects(), &chain, &endpoints, REPORT_LIMIT).await;
    assert!(begin.elapsed() <= REPORT_LIMIT + Duration::from_millis(10), "{:?}", begin.elapsed());
    report
}

#[tokio::test(start_paused = true)]
async fn of_a_function() {
    let world = function(&[]);
    world.web.on(STORE, &[dated(BEGIN)]);
    let expected = json!({
        "ok": true, "provider": "resource_principal_2.2", "region": "us-phoenix-1", "tenancy": TENANCY,
        "compartment": COMPARTMENT, "seconds_to_expiry": 1200, "clock_skew_seconds": 0, "clock_skew_note": null,
        "error": null, "notes": [],
        "chain": [
            {"provider": "resource_principal", "outcome": "served"},
            {"provider": "token_exchange", "outcome": "not_reached"},
            {"provider": "api_key", "outcome": "not_reached"},
            {"provider": "config_file", "outcome": "not_reached"},
            {"provider": "instance_principal", "outcome": "not_reached"},
        ],
    });
    assert_eq!(serde_json::to_value(report(&world).await).unwrap(), expected);
    let seen = world.web.last();
    assert!(seen.headers.is_empty() && seen.body.is_empty(), "nothing of ours goes along");
}

#[tokio::test(start_paused = true)]
async fn the_clock() {
    let check = async |reply: Reply, skew: Option<i64>, note: Option<&str>| {
        let world = function(&[]);
        world.web.on(STORE, &[reply]);
        let report = report(&world).await;
        assert!(report.ok);
        assert_eq!(report.clock_skew_seconds, skew);
        match (&report.clock_skew_note, note) {
            (None, None) => {}
            (Some(found), Some(expected)) => assert!(found.contains(expected), "{found}"),
            other => panic!("{other:?}"),
        }
    };
    check(dated(BEGIN - 40), Some(40), None).await;
    check(dated(BEGIN + 300), Some(-300), None).await;
    check(dated(BEGIN - 301), Some(301), Some("services answer 401")).await;
    check(dated(BEGIN + 4000), Some(-4000), Some("services answer 401")).await;
    check(after(1, dated(BEGIN)), Some(0), None).await;
    check(Reply::Say(404, String::new(), Vec::new()), None, Some("no date")).await;
    check(Reply::Say(404, String::new(), vec![("date", "soon".to_owned())]), None, Some("no date")).await;
    check(Reply::Fail(HttpError::NotSent("refused".to_owned())), None, Some("not sent: refused")).await;
    check(Reply::Silence, None, Some("no answer")).await;
    check(Reply::Hang, None, Some("no answer")).await;
}

#[tokio::test(start_paused = true)]
async fn without_credentials() {
    let nothing = report(&world(&[("OCI_REGION", "phx"), ("OCI_REGION_METADATA", "damaged")])).await;
    assert_eq!((nothing.ok, nothing.provider, nothing.region.as_deref()), (false, None, Some("us-phoenix-1")));
    assert!(nothing.error.as_deref().is_some_and(|error| error.starts_with("no credentials: ")), "{nothing:?}");
    assert_eq!(nothing.chain.len(), 5);

    let world = function(&[]);
    world.drive.remove("/creds/pem");
    let broken = serde_json::to_value(report(&world).await).unwrap();
    assert_eq!((&broken["ok"], &broken["provider"]), (&json!(false), &json!("resource_principal_2.2")));
    assert_eq!(broken["chain"][0]["outcome"], "failed");
    assert_eq!(broken["seconds_to_expiry"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn an_api_key_without_a_region() {
    let world = world(&[]);
    world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile().replace("region=us-ashburn-1\n", "")));
    let report = report(&world).await;
    assert_eq!((report.ok, report.seconds_to_expiry, report.region), (true, None, None));
    assert!(report.clock_skew_note.is_some_and(|note| note.contains("no region")));
    assert!(world.web.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn metadata_that_was_left_out_is_told() {
    let world = function(&[("OCI_REGION_METADATA", "damaged")]);
    let unknown = World::new(&[("OCI_REGION", "xx-1"), ("OCI_REGION_METADATA", "damaged")]);
    assert_eq!(report(&world).await.notes, Vec::<String>::new(), "a known region needs none");
    assert_eq!(report(&unknown).await.notes, ["OCI_REGION_METADATA: not JSON (line 1, column 1)"]);
}

#[tokio::test(start_paused = true)]
async fn slow_credentials_do_not_hold_it_up() {
    let world = world(&[
        ("CAUSEWAY_OCI_AUTH", "token_exchange"),
        ("CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL", "https://domain.example"),
        ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "/subject"),
        ("OCI_REGION", "phx"),
    ]);
    world.drive.put("/subject", &crate::stub::token(&json!({"exp": BEGIN + 600})));
    world.web.on("POST https://domain.example/oauth2/v1/token", &[Reply::Hang]);
    world.web.on(STORE, &[dated(BEGIN)]);
    let report = report(&world).await;
    assert_eq!(report.error.as_deref(), Some("token_exchange: no credentials within 3 s"));
    assert_eq!((report.clock_skew_seconds, report.clock_skew_note), (Some(0), None), "both are asked at once");
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_asked_late_when_only_the_principal_knows_the_region() {
    let check = async |variables: &[(&str, &str)], store: &str, is_early: bool| {
        let world = world(&[&[("CAUSEWAY_OCI_AUTH", "instance_principal")], variables].concat());
        add_instance(&world);
        world.web.on(FEDERATION, &[after(2, answer("one", BEGIN + 1200))]);
        world.web.on(store, &[Reply::Hang]);
        let report = report(&world).await;
        assert!(report.ok && report.region.as_deref() == Some("us-phoenix-1"), "{report:?}");
        assert_eq!(report.clock_skew_note.as_deref(), Some("no answer in time"));
        let position = |wanted: &str| world.web.calls().iter().position(|call| call == wanted).expect("a call");
        assert_eq!(position(store) < position(FEDERATION), is_early, "{variables:?}");
    };
    check(&[], STORE, false).await;
    check(&[("OCI_REGION", "xx-unknown-1")], STORE, false).await;
    let local = ("CAUSEWAY_OCI_ENDPOINT_OBJECT_STORAGE", "http://127.0.0.1:9");
    check(&[local], "HEAD http://127.0.0.1:9/", true).await;
}
