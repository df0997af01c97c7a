//! Functions, with an invoker of the tests', and the exchange of certificates for tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker, Options};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::json;

use crate::support::{Cloud, ask};

/// Says back what it gets; fails when asked to.
struct Echo;

impl Invoker for Echo {
    fn functions(&self) -> Vec<FunctionInfo> {
        let (name, image) = ("echo".to_owned(), "local/echo:1".to_owned());
        vec![FunctionInfo { name, image, memory_mb: 128, timeout_seconds: 30, config: BTreeMap::new() }]
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        async move {
            match call.body.as_ref() {
                b"fail" => Err(InvokeFailure::ExecutionFailed),
                b"slow" => Err(InvokeFailure::Timeout),
                _ => Ok(FunctionReply {
                    body: call.body,
                    content_type: call.content_type,
                    status: Some(201),
                    call_id: None,
                }),
            }
        }
        .boxed()
    }
}

#[tokio::test]
async fn functions_are_listed_and_invoked() {
    let cloud = Cloud::start(Options { invoker: Some(Arc::new(Echo)), ..Options::default() }).await;
    for version in ["20181201", "20260325"] {
        let compartment = cloud.emulator.default_compartment();
        let apps = cloud.get(&format!("/{version}/applications?compartmentId={compartment}")).await.ok().json();
        let app = apps[0]["id"].as_str().unwrap();
        let listed = cloud.get(&format!("/{version}/functions?applicationId={app}")).await.ok().json();
        let id = cloud.emulator.function_ocid("echo");
        assert_eq!(
            (&listed[0]["id"], &listed[0]["invokeEndpoint"]),
            (&json!(id), &json!(format!("http://{}", cloud.address)))
        );
        let invoke = format!("/{version}/functions/{id}/actions/invoke");
        let call = |body: &str| ask("POST", &invoke).body(body).header("content-type", "text/plain");
        let answer = cloud.send(call("hello")).await.ok();
        assert_eq!(
            (answer.status, answer.body.as_slice(), answer.header("fn-http-status")),
            (200, b"hello".as_slice(), "201")
        );
        let detached = cloud.send(call("hello").header("fn-invoke-type", "detached")).await;
        assert_eq!((detached.status, detached.body.len()), (202, 0));
        cloud.send(call("fail")).await.refused(502, "FunctionInvokeExecutionFailed");
        cloud.send(call("slow")).await.refused(504, "FunctionInvokeTimeout");
        cloud.send(call("fail").header("is-dry-run", "true")).await.ok();
        let large = ask("POST", &invoke).body(vec![0; 6 * 1024 * 1024 + 1]);
        cloud.send(large).await.refused(413, "FunctionInvokeRequestContentTooLarge");
        let unknown = format!("/{version}/functions/ocid1.fnfunc.oc1.iad.none/actions/invoke");
        cloud.post(&unknown, &json!({})).await.refused(404, "NotAuthorizedOrNotFound");
    }
}

#[tokio::test]
async fn a_host_name_selects_its_service() {
    let cloud = Cloud::new().await;
    let regions = |host: &str| cloud.send(ask("GET", "/20160918/regions").header("host", host));
    regions("identity.us-ashburn-1.oci.oraclecloud.com").await.ok();
    regions("localhost").await.ok();
    regions("iaas.us-ashburn-1.oraclecloud.com").await.refused(404, "NotFound");
}

#[tokio::test]
async fn metadata_is_for_the_instance_alone() {
    let cloud = Cloud::new().await;
    let get = |path: &str| ask("GET", &format!("/opc/v2/{path}"));
    cloud.send_raw(get("instance/region")).await.refused(401, "NotAuthenticated");
    let authorised = |path: &str| get(path).header("authorization", "Bearer Oracle");
    assert_eq!(cloud.send_raw(authorised("instance/region")).await.ok().body, b"iad");
    let info = cloud.send_raw(authorised("instance/regionInfo")).await.ok().json();
    assert_eq!(info["regionIdentifier"], "us-ashburn-1");
    cloud.send_raw(authorised("instance/colour")).await.refused(404, "NotFound");
    let forwarded = authorised("instance/region").header("x-forwarded-for", "192.0.2.1");
    cloud.send_raw(forwarded).await.refused(403, "NotAllowed");
}

#[tokio::test]
async fn only_the_issued_certificate_gets_a_token() {
    let cloud = Cloud::new().await;
    let body = json!({ "certificate": "AAAA", "publicKey": "AAAA", "intermediateCertificates": ["AAAA"] });
    cloud.send_raw(ask("POST", "/v1/x509").json(&body)).await.refused(401, "NotAuthenticated");
    // A user's key is no certificate.
    cloud.post("/v1/x509", &body).await.refused(401, "NotAuthenticated");
}
