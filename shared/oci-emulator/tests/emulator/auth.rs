//! Only requests that are signed as OCI demands get in.

use causeway_oci_emulator::Resource;
use serde_json::json;

use crate::support::{Answer, Cloud, USER, ask, test_key};

const MESSAGE: &str = "The required information to complete authentication was not provided or was incorrect.";

#[track_caller]
fn is_401(answer: Answer) -> Answer {
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(!answer.header("opc-request-id").is_empty());
    answer.refused(401, "NotAuthenticated")
}

#[tokio::test]
async fn a_signed_request_gets_in_and_an_unsigned_one_does_not() {
    let cloud = Cloud::new().await;
    assert_eq!(cloud.get("/n").await.ok().json(), json!(cloud.emulator.namespace_of(cloud.emulator.tenancy())));
    is_401(cloud.send_raw(ask("GET", "/n")).await);
    is_401(cloud.send_raw(ask("GET", "/n").header("authorization", "Basic dTpw")).await);
}

#[tokio::test]
async fn whatever_differs_from_what_was_signed_is_refused() {
    let cloud = Cloud::new().await;
    let signed = || ask("GET", "/n?compartmentId=x").sign(&cloud.address, &cloud.key_id, &test_key());
    let mut other_target = signed();
    other_target.target = "/n?compartmentId=y".into();
    let mut other_method = signed();
    other_method.method = "POST".into();
    let mut other_host = signed();
    other_host.headers.iter_mut().find(|(name, _)| name == "host").unwrap().1 = "127.0.0.1:1".into();
    for ask in [other_target, other_method, other_host] {
        let answer = cloud.send_raw(ask).await;
        assert!(answer.status == 401 || answer.status == 405, "{answer:?}");
    }
}

#[tokio::test]
async fn unknown_keys_and_tokens_are_refused() {
    let cloud = Cloud::new().await;
    let tenancy = cloud.emulator.tenancy();
    let fingerprint = cloud.key_id.rsplit('/').next().unwrap();
    let ids = [
        format!("{tenancy}/ocid1.user.oc1..other/{fingerprint}"),
        format!("ocid1.tenancy.oc1..other/{USER}/{fingerprint}"),
        format!("{tenancy}/{USER}/00:00"),
        "ST$a.b.c".to_owned(),
        "ST$".to_owned(),
        String::new(),
    ];
    for id in ids {
        let answer = is_401(cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &id, &test_key())).await);
        assert_eq!(answer.json()["message"], MESSAGE, "{id}");
    }
    let upper = format!("{tenancy}/{USER}/{}", fingerprint.to_uppercase());
    cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &upper, &test_key())).await.ok();
}

#[tokio::test]
async fn dates_more_than_five_minutes_off_are_refused_with_the_range() {
    let cloud = Cloud::new().await;
    for (seconds, fine) in [(0, true), (-290, true), (290, true), (-310, false), (310, false)] {
        let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = cloud.send(ask("GET", "/n").header("date", &date)).await;
        if fine {
            answer.ok();
        } else {
            let message = is_401(answer).json()["message"].to_string();
            assert!(message.contains("is not within allowed clock skew"), "{message}");
        }
    }
    is_401(cloud.send(ask("GET", "/n").header("date", "yesterday")).await);
}

#[tokio::test]
async fn x_date_stands_in_for_date_and_wins() {
    let cloud = Cloud::new().await;
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let names = ["x-date", "(request-target)", "host"];
    let old = "Thu, 05 Jan 2014 21:31:40 GMT";
    cloud.send(ask("GET", "/n").header("date", old).header("x-date", &now).signing(&names)).await.ok();
    is_401(cloud.send(ask("GET", "/n").header("x-date", old)).await);
}

#[tokio::test]
async fn every_required_header_must_be_signed() {
    let cloud = Cloud::new().await;
    let path = format!("/n/{}/b", cloud.emulator.namespace_of(cloud.emulator.tenancy()));
    let all = ["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"];
    let details = json!({ "name": "bk", "compartmentId": cloud.emulator.default_compartment() });
    for left_out in all {
        let names: Vec<&str> = all.into_iter().filter(|name| *name != left_out).collect();
        is_401(cloud.send(ask("POST", &path).json(&details).signing(&names)).await);
    }
    cloud.send(ask("POST", &path).json(&details).signing(&all)).await.ok();
}

#[tokio::test]
async fn a_body_that_is_not_the_hashed_one_is_refused() {
    let cloud = Cloud::new().await;
    let path = format!("/n/{}/b", cloud.emulator.namespace_of(cloud.emulator.tenancy()));
    let compartment = cloud.emulator.default_compartment();
    let first = json!({ "name": "bk1", "compartmentId": compartment });
    let mut forged = ask("POST", &path).json(&first).sign(&cloud.address, &cloud.key_id, &test_key());
    forged.body = json!({ "name": "bk2", "compartmentId": compartment }).to_string().into();
    is_401(cloud.send_raw(forged).await);
    let listed = cloud.get(&format!("{path}?compartmentId={compartment}")).await.ok();
    assert_eq!(listed.json(), json!([]));
}

#[tokio::test]
async fn uploads_need_no_hash_but_a_signed_one_must_fit() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    cloud.put(&format!("{bucket}/o/plain"), "abc").await.ok();
    let names = ["date", "(request-target)", "host", "x-content-sha256"];
    let wrong =
        ask("PUT", &format!("{bucket}/o/hashed")).body("abc").header("x-content-sha256", "AAAA").signing(&names);
    is_401(cloud.send(wrong).await);
    cloud.get(&format!("{bucket}/o/hashed")).await.refused(404, "ObjectNotFound");
}

#[tokio::test]
async fn a_resource_principal_signs_until_its_token_expires() {
    let cloud = Cloud::new().await;
    let directory = tempfile::tempdir().unwrap();
    let resource = Resource {
        id: "ocid1.fnfunc.oc1.iad.f".into(),
        kind: "fnfunc".into(),
        compartment: cloud.emulator.default_compartment(),
        lifetime: None,
    };
    let files = cloud.emulator.mint_principal(directory.path(), &resource).unwrap();
    let read = || {
        let pem = std::fs::read_to_string(&files.private_key).unwrap();
        let der: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, der).unwrap();
        let key = ring::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
        (format!("ST${}", std::fs::read_to_string(&files.token).unwrap()), key)
    };
    let (token, key) = read();
    cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &token, &key)).await.ok();
    // The token says whose key signs; another key does not do.
    is_401(cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &token, &test_key())).await);

    assert_eq!(cloud.admin("POST", "principals/rotate", &json!({})).await.ok().json()["rotated"], 1);
    let (rotated, rotated_key) = read();
    assert_ne!(token, rotated);
    cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &rotated, &rotated_key)).await.ok();
    cloud.send_raw(ask("GET", "/n").sign(&cloud.address, &token, &key)).await.ok();

    cloud.admin("PUT", "clock", &json!({ "gateSkewSeconds": 1300 })).await.ok();
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1300);
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    is_401(cloud.send_raw(ask("GET", "/n").header("date", &date).sign(&cloud.address, &token, &key)).await);
    cloud.send(ask("GET", "/n").header("date", &date)).await.ok();
}

#[tokio::test]
async fn another_tenancy_sees_nothing_of_the_home_tenancy() {
    let (cloud, bucket) = Cloud::with_bucket().await;
    let other = "ocid1.tenancy.oc1..other";
    let pem = include_str!("throw-away-test-key.pub.pem");
    let key_id = cloud.emulator.register_key(other, USER, pem).unwrap();
    let answer = cloud.send_raw(ask("GET", &bucket).sign(&cloud.address, &key_id, &test_key())).await;
    answer.refused(404, "NamespaceNotFound");
    assert!(cloud.emulator.register_key("tenancy", USER, pem).is_err());
    assert!(cloud.emulator.register_key(other, USER, "no key").is_err());
}

#[tokio::test]
async fn hostile_authorization_headers_are_refused_quietly() {
    let cloud = Cloud::new().await;
    let long = format!("Signature keyId=\"{}\"", "x".repeat(100_000));
    let odd = ["Signature", "Signature ,,,", "Signature keyId=\"\u{1}\"", "\"", long.as_str()];
    for text in odd {
        let answer = cloud.send_raw(ask("GET", "/n").header("authorization", text)).await;
        assert!([400, 401, 431].contains(&answer.status), "{answer:?}");
    }
}
