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
