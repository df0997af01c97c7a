//! Ways to the services that are broken, and one that is unusual.

use std::time::{Duration, Instant};

use causeway_cloud::conformance::failures::{
    DEAD_ENDPOINT, Expected, FOREIGN_CREDENTIALS, OVER, SILENT_SERVER, Things, every_port,
};
use causeway_cloud::{Ports, conformance};
use causeway_resilience::Deadline;
use causeway_resilience::service::Kind;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::cloud::Oci;

fn things() -> Things {
    Things {
        function: "echo".to_owned(),
        secret: "ocid1.vaultsecret.oc1.iad.a".to_owned(),
        looks_up: true,
        machine: Some("ocid1.instance.oc1.iad.a".to_owned()),
    }
}

fn within(time: Duration) -> impl Fn() -> Deadline {
    move || Deadline::at(Instant::now() + time)
}

async fn check(oci: &Oci, expected: Expected, time: Duration) {
    every_port(&oci.ports(), &things(), expected, within(time)).await.unwrap_or_else(|finding| panic!("{finding}"));
}

#[tokio::test]
async fn nobody_listens() {
    let mut oci = Oci::start().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    oci.set("CAUSEWAY_OCI_ENDPOINT", &format!("http://{free}"));
    check(&oci, DEAD_ENDPOINT, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn the_server_says_nothing() {
    let mut oci = Oci::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    oci.set("CAUSEWAY_OCI_ENDPOINT", &format!("http://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    check(&oci, SILENT_SERVER, Duration::from_secs(1)).await;
    server.abort();
}

#[tokio::test]
async fn the_server_hangs_up() {
    let mut oci = Oci::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    oci.set("CAUSEWAY_OCI_ENDPOINT", &format!("http://{}", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
        }
    });
    check(&oci, conformance::failures::HANGS_UP, Duration::from_secs(3)).await;
    server.abort();
}

#[tokio::test]
async fn the_cloud_does_not_know_the_caller() {
    let mut oci = Oci::start().await;
    let other = Oci::start().await;
    oci.impersonate(&other);
    check(&oci, FOREIGN_CREDENTIALS, Duration::from_secs(20)).await;
}

#[tokio::test]
async fn the_time_is_over() {
    let oci = Oci::start().await;
    let over = || Deadline::at(Instant::now());
    every_port(&oci.ports(), &things(), OVER, over).await.unwrap_or_else(|finding| panic!("{finding}"));
}

/// A Lambda has AWS's variables whatever it works on.
#[tokio::test]
async fn a_lambda_works_on_oci() {
    let mut oci = Oci::start().await;
    for (name, value) in [
        ("CAUSEWAY_CLOUD", "oci"),
        ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9"),
        ("AWS_LAMBDA_FUNCTION_NAME", "causeway-discovery-agent"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "throw-away"),
        ("AWS_SECRET_ACCESS_KEY", "throw-away"),
        // Nothing of AWS's may be asked: nobody listens there.
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ] {
        oci.set(name, value);
    }
    let ports = oci.ports();
    let objects = ports.objects().unwrap();
    conformance::objects::whole_object(objects.as_ref()).await.unwrap();
    conformance::state::created_once(&objects, "lambda").await.unwrap();
    let seeded = oci.seed("secrets", &serde_json::json!({ "name": "db", "value": "pass word" })).await;
    let deadline = within(Duration::from_secs(20));
    let secret = ports.secrets().unwrap().secret(seeded["id"].as_str().unwrap(), deadline()).await.unwrap();
    assert_eq!(secret.expose_text(), Some("pass word"));
    let missing = ports.fleet().unwrap().machine("ocid1.instance.oc1.iad.nothing", deadline()).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
}
