//! Requests that are signed before the clock starts. A signature holds for five minutes, and may be used again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use causeway_oci_auth::effects::{HttpClient, SystemClock, SystemFiles, SystemRandom};
use causeway_oci_auth::sign::{Body, sign};
use causeway_oci_auth::{Chain, Effects, Provider, Snapshot};
use http::{Method, Request};

use crate::connection::Prepared;

/// The credentials that the variables describe.
pub(crate) async fn credentials(variables: HashMap<String, String>) -> Result<Arc<Snapshot>> {
    let environment = Arc::new(variables);
    let http = Arc::new(HttpClient::new(environment.as_ref(), &SystemFiles)?);
    let (files, clock, random) = (Arc::new(SystemFiles), Arc::new(SystemClock), Arc::new(SystemRandom));
    let chain = Chain::from_environment(Effects { environment, files, http, clock, random })?;
    Ok(chain.snapshot().await?)
}

/// A signed request, ready to be sent. Bodies are those of `PutObject`, which signatures leave out.
pub(crate) fn signed(credentials: &Snapshot, method: &Method, url: &str, body: Option<&[u8]>) -> Result<Prepared> {
    let mut request = Request::builder().method(method.clone()).uri(url).body(())?;
    if let Some(body) = body {
        request.headers_mut().insert("content-length", body.len().into());
        request.headers_mut().insert("content-type", http::HeaderValue::from_static("application/octet-stream"));
    }
    let rule = if body.is_some() { Body::Exempt } else { Body::None };
    sign(&mut request, rule, credentials, SystemTime::now())?;
    Ok(prepared(&request, body.unwrap_or_default()))
}

/// As it travels.
pub(crate) fn prepared(request: &Request<()>, body: &[u8]) -> Prepared {
    let target = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let mut bytes = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Prepared { bytes, is_head: request.method() == Method::HEAD }
}
