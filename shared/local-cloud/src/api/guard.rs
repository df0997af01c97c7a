//! Who may call what: pages of other sites nothing, other machines nothing that administers this one.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::uri::Authority;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::server::Peer;

/// Routes that ask nobody who he is and tell or change more than a call of a function does: the emulator's
/// administration, its metadata service, which hands out the keys of an instance, the functions' logs and the status
/// page.
const PRIVATE: [&str; 4] = ["/_causeway/", "/opc/", "/logs/", "/status"];

/// A page of some other site, open in a browser on this machine, must not be able to start functions.
pub(super) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    let mut sites = request.headers().get_all("sec-fetch-site").iter();
    if !sites.all(|site| site == "none" || site == "same-origin") {
        return refused("calls from other sites' pages are refused");
    }
    next.run(request).await
}

/// Neither must a site whose name has been made to point at this machine (DNS rebinding): its pages are of
/// the same origin, but the browser still says the name.
pub(super) async fn refuse_other_names(State(loopback): State<bool>, request: Request, next: Next) -> Response {
    if loopback && !names_this_machine(&request) {
        return refused("the Host header must name localhost, 127.0.0.1 or [::1]");
    }
    next.run(request).await
}

/// A server that listens to the network lets only this machine administer it.
pub(super) async fn refuse_other_machines(State(loopback): State<bool>, request: Request, next: Next) -> Response {
    let private = PRIVATE.iter().any(|prefix| request.uri().path().starts_with(prefix));
    if private && !loopback && !comes_from_here(&request) {
        return refused("this route answers calls from the same machine alone, to 127.0.0.1, [::1] or localhost");
    }
    next.run(request).await
}

/// A proxy on this machine speaks for others.
fn comes_from_here(request: &Request) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "via"];
    let direct = !forwarded.iter().any(|name| request.headers().contains_key(*name));
    let peer = request.extensions().get::<Peer>();
    direct && names_this_machine(request) && peer.is_some_and(|Peer(peer)| is_loopback(peer.ip()))
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Browsers always send the header; what comes without it is no page.
fn names_this_machine(request: &Request) -> bool {
    request.headers().get_all("host").iter().all(is_this_machine)
}

fn is_this_machine(host: &HeaderValue) -> bool {
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    authority.is_some_and(|authority| {
        let host = authority.host();
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| host.eq_ignore_ascii_case(name))
    })
}

/// In the form of Fn and in that of OCI.
fn refused(message: &str) -> Response {
    (StatusCode::FORBIDDEN, Json(json!({ "code": "NotAllowed", "message": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_this_machine_administers() {
        let check = |peer: Option<&str>, headers: &[(&str, &str)], expected: bool| {
            let mut request = Request::get("/_causeway/about");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let mut request = request.body(Body::empty()).unwrap();
            if let Some(peer) = peer {
                request.extensions_mut().insert(Peer(peer.parse().unwrap()));
            }
            assert_eq!(comes_from_here(&request), expected, "{peer:?} {headers:?}");
        };
        let local = ("host", "127.0.0.1:8080");
        check(Some("127.0.0.1:999"), &[local], true);
        check(Some("127.0.0.1:999"), &[("host", "LocalHost")], true);
        check(Some("[::1]:999"), &[("host", "[::1]:80")], true);
        check(Some("[::ffff:127.0.0.1]:999"), &[local], true);
        check(Some("192.0.2.7:999"), &[local], false);
        check(Some("[::ffff:192.0.2.7]:999"), &[local], false);
        check(Some("127.0.0.1:999"), &[("host", "rebound.example")], false);
        check(Some("127.0.0.1:999"), &[local, ("host", "rebound.example")], false);
        check(Some("127.0.0.1:999"), &[local, ("x-forwarded-for", "192.0.2.7")], false);
        check(Some("127.0.0.1:999"), &[local, ("via", "1.1 proxy")], false);
        check(None, &[local], false);
    }
}
