//! Token exchange at an identity domain.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use causeway_oci_auth::effects::{HttpError, Route};
use causeway_oci_auth::principals::exchange::{self, Client, Settings, SubjectToken};
use causeway_oci_auth::{Error, Secret};
use serde_json::json;

use crate::stub::{BEGIN, FIRST, Reply, SECOND, TENANCY, World, key, ok, rpst, status, token};
use crate::{of, refusal};

const DOMAIN: &str = "https://idcs-0123.identity.oraclecloud.com";
const CALL: &str = "POST https://idcs-0123.identity.oraclecloud.com/oauth2/v1/token";
const FILE: &str = "/var/run/token";

fn subject(expiry: u64) -> String {
    token(&json!({"iss": "https://issuer.example", "sub": "function", "exp": expiry}))
}

fn answer(name: &str, pem: &str, expiry: u64) -> Reply {
    ok(json!({"token": rpst(name, pem, expiry)}).to_string())
}

/// Variables of a good exchange, and what is to be changed in them.
fn world(change: &[(&str, &str)]) -> World {
    let good = [
        ("CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL", DOMAIN),
        ("CAUSEWAY_OCI_EXCHANGE_CLIENT_ID", "app"),
        ("CAUSEWAY_OCI_EXCHANGE_CLIENT_SECRET", "top+secret/é"),
        ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", FILE),
        ("OCI_REGION", "phx"),
    ];
    let kept = good.into_iter().filter(|(name, _)| change.iter().all(|(other, _)| other != name));
    let world = World::new(&kept.chain(change.iter().copied()).collect::<Vec<_>>());
    world.drive.put(FILE, &subject(BEGIN + 300));
    world.web.on(CALL, &[answer("one", SECOND, BEGIN + 3600)]);
    world
}

/// The fields of a form.
fn form(body: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(body).unwrap();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    text.split('&').map(|text| pair(text).expect(text)).collect()
}

#[tokio::test(start_paused = true)]
async fn the_wire_form() {
    let world = world(&[]);
    world.drive.put(FILE, &format!("{}\n", subject(BEGIN + 300)));
    let snapshot = of(exchange::from_environment(&world.effects())).await.unwrap();
    assert_eq!(snapshot.key_id.expose(), format!("ST${}", rpst("one", SECOND, BEGIN + 3600)));
    assert_eq!(snapshot.key.fingerprint(), key(SECOND).fingerprint());
    assert_eq!(snapshot.not_after, Some(UNIX_EPOCH + Duration::from_secs(BEGIN + 3600)));
    assert_eq!((snapshot.region.as_deref(), snapshot.tenancy.as_deref()), (Some("us-phoenix-1"), Some(TENANCY)));

    assert_eq!(world.web.calls(), [CALL]);
    let seen = world.web.last();
    assert_eq!(seen.how.route, Route::Service);
    assert_eq!(seen.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(seen.header("authorization"), format!("Basic {}", STANDARD.encode("app:top+secret/é")));
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
        ("requested_token_type", "urn:oci:token-type:oci-upst".to_owned()),
        ("subject_token", subject(BEGIN + 300)),
        ("subject_token_type", "jwt".to_owned()),
        ("public_key", STANDARD.encode(key(SECOND).spki_der())),
    ];
    assert_eq!(form(&seen.body), expected.map(|(name, value)| (name.to_owned(), value)));
    // A plus would be read as a blank.
    assert!(!seen.body.contains(&b'+') && !seen.body.contains(&b'/'));
}

#[tokio::test(start_paused = true)]
async fn a_resource_token_and_the_terraform_providers_names() {
    let world = World::new(&[
        ("OCI_TOKEN_EXCHANGE_DOMAIN_URL", "https://idcs-0123.identity.oraclecloud.com:443/"),
        ("OCI_TOKEN_EXCHANGE_AUTH", "OAuthClientCredentials"),
        ("OCI_TOKEN_EXCHANGE_CLIENT_ID", "app"),
        ("OCI_TOKEN_EXCHANGE_CLIENT_SECRET", "secret"),
        ("OCI_TOKEN_EXCHANGE_REQUESTED_TOKEN_TYPE", "urn:oci:token-type:oci-rpst"),
        ("OCI_TOKEN_EXCHANGE_SUBJECT_TOKEN_TYPE", "urn:ietf:params:oauth:token-type:jwt"),
        ("OCI_TOKEN_EXCHANGE_RESOURCE_TYPE", "k8sworkload"),
        ("OCI_TOKEN_EXCHANGE_RPST_EXP", "3600"),
        ("OCI_WORKLOAD_IDENTITY_TOKEN_PATH", FILE),
    ]);
    world.drive.put(FILE, &subject(BEGIN + 300));
    let call = CALL.replace(".com/", ".com:443/");
    world.web.on(&call, &[answer("one", SECOND, BEGIN + 3600)]);
    of(exchange::from_environment(&world.effects())).await.unwrap();
    let fields = form(&world.web.last().body);
    let field = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
    assert_eq!(field("requested_token_type"), Some("urn:oci:token-type:oci-rpst"));
    assert_eq!(field("subject_token_type"), Some("urn:ietf:params:oauth:token-type:jwt"));
    assert_eq!((field("res_type"), field("rpst_exp")), (Some("k8sworkload"), Some("3600")));
}

#[tokio::test(start_paused = true)]
async fn without_a_client_and_with_a_token_in_a_variable() {
    let literal = subject(BEGIN + 300);
    let world = world(&[
        ("CAUSEWAY_OCI_EXCHANGE_CLIENT_ID", ""),
        ("CAUSEWAY_OCI_EXCHANGE_CLIENT_SECRET", ""),
        ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", ""),
        ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN", &literal),
        ("CAUSEWAY_OCI_EXCHANGE_PATH", "/custom/token"),
    ]);
    world.web.on(&format!("POST {DOMAIN}/custom/token"), &[answer("one", SECOND, BEGIN + 3600)]);
    of(exchange::from_environment(&world.effects())).await.unwrap();
    assert_eq!(world.web.last().header("authorization"), "");
    assert_eq!(form(&world.web.last().body)[2].1, literal);
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_used() {
    let check = async |change: &[(&str, &str)], expected: &str| {
        let world = world(change);
        let error = refusal(of(exchange::from_environment(&world.effects())).await);
        assert!(error.starts_with(expected) && !error.contains("secret"), "{error}");
        assert!(world.web.calls().is_empty());
    };
    let name = |short: &str| format!("CAUSEWAY_OCI_EXCHANGE_{short}");
    check(&[(&name("DOMAIN_URL"), "")], "CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL is not set").await;
    check(&[(&name("DOMAIN_URL"), "http://domain.example")], "CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL: ").await;
    check(&[(&name("DOMAIN_URL"), "https://me:secret@domain.example")], "CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL: ").await;
    check(&[(&name("DOMAIN_URL"), "https://domain.example/oauth2")], "CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL: ").await;
    check(&[(&name("PATH"), ".evil.example/token")], "CAUSEWAY_OCI_EXCHANGE_PATH: ").await;
    check(&[(&name("PATH"), "/a b")], "CAUSEWAY_OCI_EXCHANGE_PATH: ").await;
    check(&[(&name("CLIENT_ID"), "")], "CAUSEWAY_OCI_EXCHANGE_CLIENT_ID is not set").await;
    check(&[(&name("CLIENT_SECRET"), " ")], "CAUSEWAY_OCI_EXCHANGE_CLIENT_SECRET is not set").await;
    check(&[(&name("CLIENT_ID"), "a:b")], "CAUSEWAY_OCI_EXCHANGE_CLIENT_ID: a colon").await;
    check(&[(&name("RPST_EXP"), "soon")], "CAUSEWAY_OCI_EXCHANGE_RPST_EXP: not a number").await;
    let rpst = (name("REQUESTED_TOKEN_TYPE"), "urn:oci:token-type:oci-rpst");
    check(&[(&rpst.0, rpst.1)], "CAUSEWAY_OCI_EXCHANGE_RESOURCE_TYPE is not set").await;
    check(&[("OCI_TOKEN_EXCHANGE_AUTH", "InstancePrincipal")], "OCI_TOKEN_EXCHANGE_AUTH: ").await;
    check(&[("OCI_REGION", "a/b")], "OCI_REGION: \"a/b\" is no region").await;
    check(&[(&name("SUBJECT_TOKEN_FILE"), "")], "CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE or ").await;
    let both = "CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE: CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN is set as well";
    check(&[(&name("SUBJECT_TOKEN"), "a.b.c")], both).await;
}

#[tokio::test(start_paused = true)]
async fn subject_tokens_that_cannot_be_used_are_not_sent() {
    let check = async |content: &str, expected: &str| {
        let world = world(&[]);
        world.drive.put(FILE, content);
        let error = refusal(of(exchange::from_environment(&world.effects())).await);
        assert!(error.contains(FILE) && error.contains(expected), "{error}");
        assert!(world.web.calls().is_empty());
        assert_eq!(world.keys.made.load(Ordering::SeqCst), 0);
    };
    check("", "malformed token").await;
    check("secret", "malformed token").await;
    check(&subject(BEGIN - 30), "expired 30 s ago").await;
    let missing = world(&[]);
    missing.drive.remove(FILE);
    let error = refusal(of(exchange::from_environment(&missing.effects())).await);
    assert!(error.starts_with("cannot read subject token file"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_cannot_be_used() {
    let check = async |reply: Reply, expected: &str| {
        let world = world(&[]);
        world.web.on(CALL, &[reply]);
        let error = refusal(of(exchange::from_environment(&world.effects())).await);
        assert!(error.starts_with("token exchange") || error.contains("token in token exchange"), "{error}");
        assert!(error.contains(expected) && !error.contains("secret"), "{error}");
    };
    check(status(400), "400 TestCode (opc-request-id test/request/id)").await;
    let oauth = r#"{"error": "invalid_client", "error_description": "secret"}"#;
    check(Reply::Say(401, oauth.to_owned(), Vec::new()), "answered 401").await;
    check(Reply::Say(302, String::new(), vec![("location", "https://evil.example".to_owned())]), "302").await;
    check(ok("secret"), "no JSON").await;
    check(ok(r#"{"access_token": "secret"}"#), "no JSON with the member token").await;
    check(ok(r#"{"token": "secret"}"#), "malformed token").await;
    check(answer("one", FIRST, BEGIN + 3600), "for another key").await;
    check(answer("one", SECOND, BEGIN - 5), "expired").await;
    check(Reply::Fail(HttpError::TooLarge(9)), "larger than").await;
    check(Reply::Silence, "no answer").await;
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_repeated() {
    let world = world(&[]);
    world.web.on(
        CALL,
        &[status(503), Reply::Fail(HttpError::Broken("gone".to_owned())), answer("one", SECOND, BEGIN + 3600)],
    );
    assert!(of(exchange::from_environment(&world.effects())).await.is_ok());
    assert_eq!(world.web.count(CALL), 3);
}

#[tokio::test(start_paused = true)]
async fn each_refresh_has_a_new_key_and_a_new_subject_token() {
    let world = world(&[]);
    world.keys.will_be(&[SECOND, FIRST]);
    world.web.on(CALL, &[answer("one", SECOND, BEGIN + 3600), answer("two", FIRST, BEGIN + 7200)]);
    let provider = exchange::from_environment(&world.effects()).unwrap();
    let old = provider.snapshot().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3000)).await;
    assert_eq!(provider.snapshot().await.unwrap().key_id, old.key_id);
    world.drive.put(FILE, &subject(BEGIN + 3700));
    tokio::time::sleep(Duration::from_secs(400)).await;
    let new = provider.snapshot().await.unwrap();
    assert_eq!(new.key_id.expose(), format!("ST${}", rpst("two", FIRST, BEGIN + 7200)));
    assert_eq!(form(&world.web.last().body)[2].1, subject(BEGIN + 3700));
    assert_eq!(world.web.count(CALL), 2);
}

/// A source as an adapter would write it.
#[derive(Debug, Default)]
struct Issuer {
    asked: AtomicUsize,
    failure: Mutex<Option<Error>>,
}

#[async_trait]
impl SubjectToken for Issuer {
    fn origin(&self) -> String {
        "the issuer".to_owned()
    }

    async fn token(&self) -> Result<Secret, Error> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) as u64;
        let failure = self.failure.lock().unwrap().clone();
        failure.map_or_else(|| Ok(Secret::new(subject(BEGIN + 100 + asked))), Err)
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_in_code() {
    let world = world(&[]);
    let issuer = Arc::new(Issuer::default());
    let mut settings = Settings::new(DOMAIN).unwrap();
    settings.client = Some(Client { id: "app".to_owned(), secret: Secret::from("secret") });
    assert!(!format!("{settings:?}").contains("secret\""), "{settings:?}");
    let provider = exchange::with_settings(&world.effects(), settings.clone(), issuer.clone()).unwrap();
    assert_eq!((provider.name(), issuer.asked.load(Ordering::SeqCst)), ("token_exchange", 0));
    assert_eq!(provider.snapshot().await.unwrap().region, None);
    assert_eq!(form(&world.web.last().body)[2].1, subject(BEGIN + 100));

    *issuer.failure.lock().unwrap() = Some(Error::Unsignable("the issuer is away".to_owned()));
    let failing = exchange::with_settings(&world.effects(), settings, issuer).unwrap();
    assert!(refusal(failing.snapshot().await).contains("the issuer is away"));
}
