//! How often a signature asks for memory. It is made for every request, so this stays small.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::SystemTime;

use causeway_oci_auth::key::PrivateKey;
use causeway_oci_auth::sign::{Body, sign};
use causeway_oci_auth::{Secret, Snapshot};
use http::Request;

fn snapshot() -> Snapshot {
    let key = PrivateKey::from_pem(include_bytes!("data/throw-away-session.pem"), None).unwrap();
    let (not_after, tenancy, compartment, region, delegation) = (None, None, None, None, None);
    let key_id = Secret::new(format!("ST${}", "a".repeat(4000)));
    Snapshot { key_id, key: Arc::new(key), not_after, tenancy, compartment, region, delegation }
}

/// Allocations of a signature, without those of RSA itself.
fn of_ours(method: &str, body: Body<'_>) -> u64 {
    let snapshot = snapshot();
    let uri = "https://iaas.us-ashburn-1.oraclecloud.com/20160918/instances?compartmentId=ocid1.compartment.oc1..a";
    let mut request = Request::builder().method(method).uri(uri).body(()).unwrap();
    // The first signature of a key prepares it.
    snapshot.key.sign(b"message").unwrap();
    let rsa = allocation_counter::measure(|| drop(snapshot.key.sign(b"message")));
    let all = allocation_counter::measure(|| sign(&mut request, body, &snapshot, SystemTime::UNIX_EPOCH).unwrap());
    assert!(request.headers().contains_key("authorization"));
    assert!(rsa.count_total > 0 && all.count_total >= rsa.count_total, "{rsa:?} {all:?}");
    all.count_total - rsa.count_total
}

/// The list of headers, two of the header map, the signing string, the `Authorization` text, and one per header
/// value that is not constant: date and host, for a body also hash and (two) length.
#[test]
fn a_signature_allocates_little() {
    let (get, post) = (of_ours("GET", Body::None), of_ours("POST", Body::Hashed(b"{}")));
    eprintln!("allocations beside RSA: GET {get}, POST {post}");
    assert!(get <= 7, "GET: {get}");
    assert!(post <= 10, "POST: {post}");
}
