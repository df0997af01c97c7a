//! Operations without a signature, for the admin routes: any of OCI's, as an administrator of the home tenancy.
//!
//! Whoever reaches the admin routes can register a key and sign with it, so this opens nothing that is not
//! open already. Faults do not apply: seeds have to arrive.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::request::Parts;

use crate::Emulator;
use crate::auth::{Principal, PrincipalKind};
use crate::call::Call;
use crate::dispatch::read_whole;
use crate::pending::Pending;
use crate::reply::Reply;
use crate::route::{self, Handler};
use crate::services;

/// Carries out the operation at a path of OCI's.
pub(crate) async fn answer(emulator: &Emulator, path: &str, parts: &Parts, body: Body) -> Reply {
    let found = route::find(services::ALL, None, &parts.method, path)?;
    emulator.settle(emulator.clock.now());
    let query = parts.uri.query().unwrap_or_default();
    let host = parts.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let mut call = Call {
        route: found.route,
        params: found.params,
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers: parts.headers.clone(),
        principal: Arc::new(administrator(emulator)),
        now: emulator.clock.now(),
        body: Bytes::new(),
        base_url: format!("http://{host}"),
        signed_sha256: None,
    };
    match found.route.handler {
        Handler::Streamed(run) => run(emulator.clone(), call, Pending::new(body)).await,
        Handler::Whole(run) => {
            call.body = read_whole(body, found.route.max_body).await?;
            run(emulator, &call)
        }
    }
}

fn administrator(emulator: &Emulator) -> Principal {
    Principal { kind: PrincipalKind::User, tenancy: emulator.tenancy().to_owned(), id: emulator.developer() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use http::{Method, Request};

    use super::*;
    use crate::{Fault, Options};

    #[tokio::test]
    async fn operations_need_no_signature_here_and_suffer_no_faults() {
        let emulator = Emulator::open(Options::default()).unwrap();
        emulator.add_fault(Fault::parse("service=objectstorage,status=503").unwrap());
        let namespace = emulator.namespace_of(emulator.tenancy());
        let bucket = format!(r#"{{"name":"bk","compartmentId":"{}"}}"#, emulator.default_compartment());
        let check = async |method: Method, path: String, body: String, expected: u16| {
            let request = Request::builder().method(method).uri(&path).body(Body::from(body)).unwrap();
            assert_eq!(emulator.handle(request).await.status().as_u16(), expected, "{path}");
        };
        let buckets = format!("/n/{namespace}/b");
        check(Method::POST, buckets.clone(), bucket.clone(), 503).await;
        check(Method::POST, format!("/_causeway/oci{buckets}"), bucket, 200).await;
        check(Method::PUT, format!("/_causeway/oci{buckets}/bk/o/a%2Fb"), "hello".to_owned(), 200).await;
        check(Method::GET, format!("/_causeway/oci{buckets}/bk/o/a/b"), String::new(), 200).await;
        check(Method::GET, format!("/_causeway/oci{buckets}/other"), String::new(), 404).await;
        check(Method::GET, "/_causeway/oci/nowhere".to_owned(), String::new(), 404).await;
        check(Method::GET, "/_causeway/oci".to_owned(), String::new(), 404).await;
    }
}
