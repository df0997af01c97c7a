//! The choice of credentials.

use std::sync::Arc;
use std::time::Duration;

use causeway_oci_auth::endpoint::{Endpoints, Service};
use causeway_oci_auth::principals::exchange::TokenFile;
use causeway_oci_auth::principals::fixed::Fixed;
use causeway_oci_auth::{Chain, Choice, Error, Outcome, Provider};
use serde_json::json;

use crate::stub::{BEGIN, FIRST, Reply, SECOND, TENANCY, World, add_instance, answer, key, ok, rpst, token};
use crate::{CONFIG, KEY, USER, key_id, profile, refusal};

const RESOURCE: [(&str, &str); 3] = [
    ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
    ("OCI_RESOURCE_PRINCIPAL_RPST", "/creds/rpst"),
    ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "/creds/pem"),
];
const DOMAIN: (&str, &str) = ("CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL", "https://domain.example");
const SUBJECT: (&str, &str) = ("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "/subject");
const IMDS: &str = "GET http://169.254.169.254/opc/v2/instance/region";

/// All that any kind needs but the variables that configure it.
fn world(variables: &[(&str, &str)]) -> World {
    let world = crate::world(variables);
    world.drive.put("/creds/rpst", &rpst("function", FIRST, BEGIN + 1200));
    world.drive.put("/creds/pem", FIRST);
    world.drive.put("/subject", &token(&json!({"exp": BEGIN + 600})));
    let answer = json!({"token": rpst("exchanged", SECOND, BEGIN + 3600)}).to_string();
    world.web.on("POST https://domain.example/oauth2/v1/token", &[ok(answer)]);
    world
}

fn api_key() -> Vec<(&'static str, String)> {
    vec![
        ("OCI_CLI_USER", USER.to_owned()),
        ("OCI_CLI_TENANCY", TENANCY.to_owned()),
        ("OCI_CLI_FINGERPRINT", key(FIRST).fingerprint()),
        ("OCI_CLI_KEY_FILE", KEY.to_owned()),
    ]
}

fn chain(world: &World) -> Chain {
    Chain::from_environment(world.effects()).unwrap()
}

/// Which step serves; the others are told apart in the links.
async fn server(world: &World) -> &'static str {
    let chain = chain(world);
    assert_eq!(chain.name(), "chain");
    chain.snapshot().await.unwrap();
    let links = chain.links();
    let served = links.iter().position(|link| link.outcome == Outcome::Served).expect("one that served");
    assert!(links[..served].iter().all(|link| matches!(link.outcome, Outcome::NotConfigured(_))), "{links:?}");
    assert!(links[served + 1..].iter().all(|link| link.outcome == Outcome::NotReached), "{links:?}");
    links[served].provider
}

#[tokio::test(start_paused = true)]
async fn the_order() {
    let keys = api_key();
    let keys = keys.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    let from = |first: usize| {
        let all = [&RESOURCE[..], &[DOMAIN, SUBJECT], &keys];
        let world = world(&all[first.min(3)..].concat());
        world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
        world
    };
    assert_eq!(server(&from(0)).await, "resource_principal");
    assert_eq!(server(&from(1)).await, "token_exchange");
    let api_key = from(2);
    // The file is not even read.
    api_key.drive.put(CONFIG, "damaged");
    assert_eq!(server(&api_key).await, "api_key");
    let file = from(3);
    assert_eq!(server(&file).await, "config_file");
    assert!(file.web.calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_configured_and_broken_never_gives_way() {
    let check = async |variables: &[(&str, &str)], spoil: fn(&World), provider: &str, expected: &str| {
        let world = world(variables);
        world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
        spoil(&world);
        let chain = chain(&world);
        let error = refusal(chain.snapshot().await);
        assert!(error.contains(expected), "{error}");
        let failed = chain.links().into_iter().find(|link| matches!(link.outcome, Outcome::Failed(_))).unwrap();
        assert_eq!((failed.provider, failed.outcome), (provider, Outcome::Failed(error)));
    };
    let nothing = |_: &World| {};
    check(&RESOURCE[..1], nothing, "resource_principal", "OCI_RESOURCE_PRINCIPAL_RPST is not set").await;
    let version = [("OCI_RESOURCE_PRINCIPAL_VERSION", "9")];
    check(&version, nothing, "resource_principal", "unsupported OCI_RESOURCE_PRINCIPAL_VERSION").await;
    check(&RESOURCE, |world| world.drive.remove("/creds/rpst"), "resource_principal", "/creds/rpst").await;
    check(&[DOMAIN], nothing, "token_exchange", "SUBJECT_TOKEN").await;
    check(&[DOMAIN, SUBJECT], |world| world.drive.remove("/subject"), "token_exchange", "/subject").await;
    check(&[], |world| world.drive.put(CONFIG, "damaged"), "config_file", "/home/me/.oci/config line 1").await;
    check(&[], |world| world.drive.remove(KEY), "config_file", KEY).await;
    let named = [("OCI_CLI_CONFIG_FILE", "/nowhere")];
    check(&named, nothing, "config_file", "/nowhere").await;
    for half in &RESOURCE[1..] {
        check(&[*half], nothing, "resource_principal", "OCI_RESOURCE_PRINCIPAL_VERSION is not set").await;
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_user_is_an_error_and_never_this_machine() {
    let check = async |variable: (&str, &str), expected: &str| {
        let world = world(&[variable, ("CAUSEWAY_OCI_IMDS", "true")]);
        world.web.on(IMDS, &[ok("phx")]);
        let chain = chain(&world);
        assert_eq!(refusal(chain.snapshot().await), expected, "{variable:?}");
        assert!(matches!(chain.links()[3].outcome, Outcome::Failed(_)), "{:?}", chain.links());
        assert!(world.web.calls().is_empty());
    };
    let lacks = |names: &str| format!("{names} is not set");
    check(("OCI_CLI_USER", USER), &lacks("OCI_CLI_TENANCY, OCI_CLI_FINGERPRINT, OCI_CLI_KEY_FILE")).await;
    let owner = "OCI_CLI_TENANCY, OCI_CLI_USER, OCI_CLI_FINGERPRINT";
    check(("OCI_CLI_KEY_CONTENT", FIRST), &lacks(owner)).await;
    check(("OCI_CLI_KEY_FILE", KEY), &lacks(owner)).await;
    check(("OCI_CLI_SECURITY_TOKEN_FILE", "/session"), &lacks("OCI_CLI_KEY_FILE")).await;
    let key = format!("{owner}, OCI_CLI_KEY_FILE");
    check(("OCI_CLI_DELEGATION_TOKEN_FILE", "/obo"), &lacks(&key)).await;
    let absent = |path: &str| format!("cannot read configuration file {path}: entity not found");
    check(("OCI_CLI_PROFILE", "S"), &absent(CONFIG)).await;
    check(("OCI_CLI_CONFIG_FILE", "/nowhere"), &absent("/nowhere")).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_is_shared_and_not_repeated_at_once() {
    let world = world(&[("CAUSEWAY_OCI_IMDS", "true")]);
    world.web.on(IMDS, &[Reply::Silence]);
    let chain = Arc::new(chain(&world));
    let ask = |_| {
        tokio::spawn({
            let chain = Arc::clone(&chain);
            async move { chain.snapshot().await }
        })
    };
    let begin = tokio::time::Instant::now();
    for caller in (0..64).map(ask).collect::<Vec<_>>() {
        assert!(matches!(caller.await.unwrap(), Err(Error::NoProvider(_))));
    }
    assert!(begin.elapsed() <= Duration::from_millis(1100), "{:?}", begin.elapsed());
    assert_eq!(world.web.count(IMDS), 1);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(chain.snapshot().await.is_err());
    assert_eq!(world.web.count(IMDS), 2, "the pause is over");
}

#[tokio::test(start_paused = true)]
async fn what_an_instance_learns_about_its_region_is_shared() {
    let info = json!({"realmKey": "OC99", "realmDomainComponent": "oraclecloud99.com", "regionKey": "XNT",
        "regionIdentifier": "xx-newtown-1"});
    let check = async |variables: &[(&str, &str)]| {
        let world = world(variables);
        add_instance(&world);
        world.drive.put("/obo", "delegated-token");
        world.web.on(IMDS, &[ok("xnt")]);
        world.web.on(&format!("{IMDS}Info"), &[ok(info.to_string())]);
        let auth = "POST https://auth.xx-newtown-1.oraclecloud99.com/v1/x509";
        world.web.on(auth, &[answer("one", BEGIN + 1200)]);
        let endpoints = Endpoints::new(world.effects()).unwrap();
        let snapshot = chain(&world).with_endpoints(endpoints.clone()).snapshot().await.unwrap();
        let url = endpoints.url(Service::ObjectStorage, snapshot.region.as_deref().unwrap());
        assert_eq!(url.unwrap(), "https://objectstorage.xx-newtown-1.oraclecloud99.com", "{variables:?}");
    };
    check(&[("CAUSEWAY_OCI_IMDS", "true")]).await;
    check(&[("CAUSEWAY_OCI_AUTH", "instance_principal")]).await;
    check(&[("CAUSEWAY_OCI_AUTH", "delegation"), ("OCI_CLI_DELEGATION_TOKEN_FILE", "/obo")]).await;
}

#[tokio::test(start_paused = true)]
async fn the_metadata_service_is_asked_only_when_that_is_allowed() {
    let silent = world(&[]);
    let chain = chain(&silent);
    let error = chain.snapshot().await.unwrap_err();
    assert!(matches!(&error, Error::NoProvider(reasons) if reasons.contains("CAUSEWAY_OCI_IMDS")), "{error}");
    for reason in ["OCI_RESOURCE_PRINCIPAL_VERSION", DOMAIN.0, "OCI_CLI_USER", "~/.oci/config"] {
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert!(silent.web.calls().is_empty());
    assert!(chain.links().iter().all(|link| matches!(link.outcome, Outcome::NotConfigured(_))));

    let nobody = world(&[("CAUSEWAY_OCI_IMDS", "true")]);
    nobody.web.on(IMDS, &[Reply::Silence]);
    let begin = tokio::time::Instant::now();
    assert!(self::chain(&nobody).snapshot().await.is_err());
    assert!(begin.elapsed() <= Duration::from_millis(1100), "{:?}", begin.elapsed());

    let machine = world(&[("CAUSEWAY_OCI_IMDS", " TRUE ")]);
    machine.web.on(IMDS, &[ok("phx")]);
    let chain = self::chain(&machine);
    let error = refusal(chain.snapshot().await);
    assert!(error.contains("instance metadata"), "{error}");
    assert_eq!(chain.name(), "instance_principal");

    let odd = world(&[("CAUSEWAY_OCI_IMDS", "maybe")]);
    assert!(refusal(self::chain(&odd).snapshot().await).starts_with("CAUSEWAY_OCI_IMDS: "));
}

#[tokio::test(start_paused = true)]
async fn an_explicit_choice_is_the_only_one_looked_at() {
    let check = async |word: &str, extra: &[(&str, &str)], expected: Result<&str, &str>| {
        let variables = [&[("CAUSEWAY_OCI_AUTH", word)], &RESOURCE[..], extra].concat();
        let world = world(&variables);
        world.drive.put(CONFIG, &format!("[DEFAULT]\n{}[S]\nsecurity_token_file=/session\n", profile()));
        world.drive.put("/session", &rpst("session", FIRST, BEGIN + 3600));
        let chain = chain(&world);
        match (chain.snapshot().await, expected) {
            (Ok(_), Ok(name)) => assert_eq!(chain.name(), name, "{word}"),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{word}: {error}"),
            (other, _) => panic!("{word}: {other:?}"),
        }
        assert_eq!(chain.links().len(), 1, "{:?}", chain.links());
    };
    check("resource_principal", &[], Ok("resource_principal_2.2")).await;
    check("api_key", &[], Ok("api_key")).await;
    check("config_file", &[], Ok("api_key")).await;
    check("security_token", &[("OCI_CLI_PROFILE", "S")], Ok("security_token")).await;
    check("security_token", &[], Err("lacks security_token_file")).await;
    check("token_exchange", &[DOMAIN, SUBJECT], Ok("token_exchange")).await;
    check("token_exchange", &[], Err("CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL is not set")).await;
    check("instance_principal", &[], Err("instance metadata")).await;
    check("instance_obo_user", &[], Err("lacks delegation_token_file")).await;
    check("oke", &[], Err("KUBERNETES_SERVICE_HOST is not set")).await;
    check("none", &[], Err("switched off")).await;
    let wrong = world(&[("CAUSEWAY_OCI_AUTH", "magic")]);
    assert!(Chain::from_environment(wrong.effects()).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_chosen_stays() {
    let world = world(&[]);
    world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
    let chain = chain(&world);
    let old = chain.snapshot().await.unwrap();
    assert_eq!(old.key_id.expose(), key_id());
    world.drive.remove(CONFIG);
    assert_eq!(chain.snapshot().await.unwrap().key_id, old.key_id);
    assert!(chain.renew(&old).await.is_err(), "the file is gone");
    // Nothing is chosen while nothing works: a file that is mended is found.
    let late = Chain::new(world.effects(), Choice::Auto);
    assert!(late.snapshot().await.is_err());
    world.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(late.snapshot().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_callers_look_once() {
    let world = world(&[DOMAIN, SUBJECT]);
    let chain = Arc::new(chain(&world));
    let callers = (0..20).map(|_| Arc::clone(&chain)).map(|chain| tokio::spawn(async move { chain.snapshot().await }));
    for caller in callers.collect::<Vec<_>>() {
        assert!(caller.await.unwrap().is_ok());
    }
    assert_eq!(world.web.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn providers_and_subject_tokens_in_code() {
    let fixed = Arc::new(Fixed::api_key(TENANCY, USER, key(FIRST), None).unwrap());
    let chain = Chain::of(fixed);
    assert_eq!(chain.name(), "fixed");
    assert_eq!(chain.snapshot().await.unwrap().key_id.expose(), key_id());
    assert_eq!(serde_json::to_value(chain.links()).unwrap(), json!([{"provider": "fixed", "outcome": "served"}]));

    let world = world(&[DOMAIN]);
    let chain = self::chain(&world).with_subject_token(Arc::new(TokenFile::new(world.effects(), "/subject".into())));
    assert!(chain.snapshot().await.is_ok());
    assert_eq!(chain.name(), "token_exchange");

    let nowhere = self::world(&[]);
    nowhere.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
    let subject = Arc::new(TokenFile::new(nowhere.effects(), "/subject".into()));
    let chain = self::chain(&nowhere).with_subject_token(subject);
    assert_eq!(refusal(chain.snapshot().await), format!("{} is not set", DOMAIN.0));

    let half = self::world(&[("CAUSEWAY_OCI_EXCHANGE_SUBJECT_TOKEN_FILE", "/subject")]);
    half.drive.put(CONFIG, &format!("[DEFAULT]\n{}", profile()));
    assert_eq!(refusal(self::chain(&half).snapshot().await), format!("{} is not set", DOMAIN.0));
}
