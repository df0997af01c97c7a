//! An image has no resolver's files and no bundle of certificates; functions reach services by name and TLS all the same.

use serde_json::json;

use crate::cloud::Cloud;
use crate::container::Spec;
use crate::engine::{Engine, engine};
use crate::images::images;
use crate::wires::{NAME, PORT};

const FUNCTION: &str = "discovery-agent";

fn spec(engine: &Engine) -> Spec<'_> {
    Spec { engine, function: FUNCTION, image: &images(engine)[FUNCTION] }
}

/// A request for which the function reads the bucket.
fn request() -> String {
    json!({ "data_sources": ["superstore.csv"] }).to_string()
}

#[test]
fn a_name_resolves_and_a_certificate_of_the_variable_is_trusted() {
    let Some(engine) = engine("names and TLS of an image") else { return };
    let cloud = Cloud::start(FUNCTION);
    let (container, asked) = cloud.run(&spec(engine));
    let reply = container.call(&request());
    assert_eq!(reply.status, 200, "{}", container.log());
    assert_eq!(reply.json()["status"], "success", "{}", reply.text());
    assert!(asked.names().iter().any(|name| name == NAME), "{:?}", asked.names());
}

#[test]
fn a_certificate_of_nobody_is_refused() {
    let Some(engine) = engine("TLS of an image") else { return };
    let cloud = Cloud::start(FUNCTION);
    let mut variables = cloud.variables();
    variables.remove("SSL_CERT_FILE");
    let (container, asked) = cloud.run_with(&spec(engine), &variables);
    assert_ne!(container.call(&request()).json()["status"], "success");
    assert!(container.log().contains("invalid peer certificate: UnknownIssuer"), "{}", container.log());
    assert!(asked.names().iter().any(|name| name == NAME), "it came as far as the certificate");
}

#[test]
fn a_name_that_nobody_knows_is_a_failure_of_the_service() {
    let Some(engine) = engine("names of an image") else { return };
    let cloud = Cloud::start(FUNCTION);
    let mut variables = cloud.variables();
    variables.insert("CAUSEWAY_OCI_ENDPOINT".to_owned(), format!("https://nobody.causeway.test:{PORT}"));
    let (container, asked) = cloud.run_with(&spec(engine), &variables);
    assert_ne!(container.call(&request()).json()["status"], "success");
    assert!(container.log().contains("failed to lookup address information"), "{}", container.log());
    assert!(asked.names().iter().any(|name| name == "nobody.causeway.test"), "{:?}", asked.names());
    assert!(container.is_running(), "the next call may do better");
}
