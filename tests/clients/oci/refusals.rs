//! What OCI refuses, the emulator refuses with the same status, code and message.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use causeway_oci_emulator::UserKey;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::harness::{Cloud, each, refusal};

/// Asserts the answer to a request that nobody is believed to have signed.
fn assert_not_authenticated(error: &Value, message: &str) {
    assert_eq!((&error["status"], &error["code"]), (&401.into(), &"NotAuthenticated".into()), "{error}");
    assert!(error["message"].as_str().is_some_and(|text| text.starts_with(message)), "{error}");
    assert!(error["opc-request-id"].as_str().is_some_and(|id| !id.is_empty()));
}

#[test]
fn a_key_that_nobody_registered() {
    let Some(cloud) = Cloud::start("unknown keys") else { return };
    let config = fs::read_to_string(cloud.file("config")).unwrap();
    let (before, after) = config.split_once("fingerprint=").expect("a fingerprint");
    let flipped = if after.starts_with('0') { "1" } else { "0" };
    fs::write(cloud.file("wrong"), format!("{before}fingerprint={flipped}{}", &after[1..])).unwrap();
    let output = cloud.command("os ns get", &[]).env("OCI_CLI_CONFIG_FILE", cloud.file("wrong")).output().unwrap();
    let message = "The required information to complete authentication was not provided or was incorrect.";
    assert_not_authenticated(&refusal(&output), message);
}

/// The fingerprint is a registered one; only the signature tells that the key is not.
#[test]
fn a_private_key_that_is_not_the_registered_one() {
    let Some(cloud) = Cloud::start("unknown keys") else { return };
    cloud.oci("os ns get", &[]);
    let registered = fs::read_to_string(cloud.file("key.pem")).unwrap();
    let other = UserKey::generate().unwrap().private_pem;
    assert_ne!(registered, other);
    cloud.write("key.pem", &other);
    let message = "The required information to complete authentication was not provided or was incorrect.";
    assert_not_authenticated(&cloud.refused("os ns get", &[]), message);
    cloud.write("key.pem", &registered);
    cloud.oci("os ns get", &[]);
}

#[test]
fn a_clock_that_is_six_minutes_off() {
    let Some(cloud) = Cloud::start("skewed clocks") else { return };
    cloud.oci("os ns get", &[]);
    cloud.emulator.clock().skew_gate(SignedDuration::from_secs(360));
    assert_not_authenticated(&cloud.refused("os ns get", &[]), "Date '");
}

#[test]
fn what_is_not_there_or_not_allowed_looks_the_same() {
    let Some(cloud) = Cloud::start("what is not there") else { return };
    let unknown = "ocid1.compartment.oc1..aaaaaaaanobodymadethiscompartmentaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    let error = cloud.refused("os bucket list --compartment-id", &[unknown]);
    assert_eq!((&error["status"], &error["code"]), (&404.into(), &"NotAuthorizedOrNotFound".into()), "{error}");
}

/// Passes requests on to `url` with one word of them changed; gives its own address.
fn tamper(url: &str, word: &'static [u8], other: &'static [u8]) -> String {
    let upstream = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(&upstream).unwrap());
            let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
            let mut chunk = [0; 65536];
            while let Ok(length @ 1..) = client.read(&mut chunk) {
                let at = chunk[..length].windows(word.len()).position(|part| part == word);
                if let Some(at) = at {
                    chunk[at..at + other.len()].copy_from_slice(other);
                }
                server.write_all(&chunk[..length]).unwrap();
            }
        }
    });
    address
}

#[test]
fn a_body_that_was_changed_on_its_way() {
    let Some(cloud) = Cloud::start("changed bodies") else { return };
    let address = tamper(&cloud.url, b"first-name", b"other-name");
    let create = |name: &str| {
        let mut command = cloud.command("ons topic create --name", &[name, "-c", &cloud.compartment()]);
        command.env("OCI_CLI_ENDPOINT", &address).output().unwrap()
    };
    assert!(create("second-name").status.success(), "the way itself is sound");
    let error = refusal(&create("first-name"));
    assert_not_authenticated(&error, "The x-content-sha256 header does not match the request body.");
    let listed = cloud.oci("ons topic list -c", &[&cloud.compartment()]);
    assert_eq!(each(&listed, "name"), ["second-name"]);
}

#[test]
fn requests_that_lack_something() {
    let Some(cloud) = Cloud::start("raw requests") else { return };
    let (url, compartment) = (cloud.url.clone(), cloud.compartment());
    let request = |method: &str, path: &str, more: &[&str]| {
        let target = format!("{url}{path}");
        cloud.oci("raw-request --http-method", &[&[method, "--target-uri", &target], more].concat())
    };
    let check_error = |answer: &Value, status: &str, code: &str, message: &str| {
        let got = (&answer["status"], &answer["data"]["code"], &answer["data"]["message"]);
        assert_eq!(got, (&json!(status), &json!(code), &json!(message)));
        assert!(answer["headers"]["opc-request-id"].is_string(), "{answer}");
    };
    let found = request("GET", &format!("/20160918/availabilityDomains?compartmentId={compartment}"), &[]);
    assert_eq!((&found["status"], &found["data"][0]["name"]), (&json!("200 OK"), &json!("Uocm:US-ASHBURN-AD-1")));
    let topics = "/20181201/topics";
    let body = json!({ "name": "raw", "compartmentId": compartment }).to_string();
    let made = request("POST", topics, &["--request-body", &body]);
    assert_eq!((&made["status"], &made["data"]["name"]), (&json!("201 Created"), &json!("raw")));
    let missing = request("GET", "/20160918/instances", &[]);
    check_error(&missing, "400 Bad Request", "MissingParameter", "Missing compartmentId");
    let nowhere = request("GET", "/20160918/nowhere", &[]);
    check_error(&nowhere, "404 Not Found", "NotFound", "The requested URL was not found on this server.");
    let method = request("DELETE", "/20160918/regions", &[]);
    check_error(&method, "405 Method Not Allowed", "MethodNotAllowed", "The method DELETE is not allowed here.");
    let body = request("POST", topics, &["--request-body", r#"{"compartmentId":7}"#]);
    assert_eq!((&body["status"], &body["data"]["code"]), (&json!("400 Bad Request"), &json!("InvalidParameter")));
    let output = Command::new("curl").args(["-s", &format!("{url}/20160918/regions")]).output().expect("curl");
    let unsigned: Value = serde_json::from_slice(&output.stdout).unwrap();
    let message = "The required information to complete authentication was not provided.";
    assert_eq!(unsigned, json!({ "code": "NotAuthenticated", "message": message }));
}
