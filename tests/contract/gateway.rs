//! Cases 24 to 35: calls behind an HTTP gateway, and what may leave in either mode.

use serde_json::{Value, json};
use tests::harness::{Reply, Request};

use crate::{assert_failure, assert_success, each, probe};

fn behind_gateway(command: &Value) -> Request {
    Request::probe(command).gateway("GET", "/")
}

/// The HTTP view of a gateway call.
fn view(request: &Request) -> Value {
    let reply = probe().call(&request.clone().header("Probe", r#"{"op":"context"}"#));
    reply.json()["gateway"].take()
}

fn status_of(status: u16, gateway: bool) -> Reply {
    let request = Request::probe(&json!({"op": "status", "status": status}));
    probe().call(&if gateway { request.gateway("GET", "/") } else { request })
}

#[test]
fn case_24_status_of_a_plain_call_is_not_sent() {
    let reply = status_of(404, false);
    assert_eq!((reply.status, reply.text().as_str()), (200, "status 404"));
    assert_eq!(reply.value("fn-http-status"), None);
}

#[test]
fn case_25_status_of_a_gateway_call_is_wrapped() {
    for status in [200, 204, 304, 404, 420, 599] {
        let reply = status_of(status, true);
        assert_eq!(reply.status, 200, "{status}");
        assert_eq!(reply.value("fn-http-status"), Some(status.to_string().as_str()));
        assert_eq!(reply.text(), format!("status {status}"));
    }
}

#[test]
fn case_25_functions_send_a_status_on_gateway_calls_only() {
    each(|program, function| {
        let plain = function.call(&program.request());
        assert_success(program, &plain);
        assert_eq!(plain.value("fn-http-status"), None, "{program}");
        let wrapped = function.call(&program.request().gateway("POST", "/call"));
        assert_success(program, &wrapped);
        assert_eq!(wrapped.value("fn-http-status"), Some("200"), "{program}: {wrapped:?}");
        for (name, _) in &wrapped.headers {
            let known = ["content-type", "content-length"].contains(&name.as_str());
            assert!(known || name.starts_with("fn-"), "{program} sends {name}, which a gateway drops");
        }
    });
}

#[test]
fn case_26_failure_statuses_of_the_user_are_wrapped_too() {
    for status in [502, 504] {
        let reply = status_of(status, true);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.value("fn-http-status"), Some(status.to_string().as_str()));
    }
}

#[test]
fn case_27_statuses_that_break_the_front_end_are_refused() {
    for status in [0, 99, 100, 101, 103, 199, 600, 999, 1000] {
        assert_failure(&status_of(status, true), 502);
        assert_failure(&status_of(status, false), 502);
    }
}

#[test]
fn case_28_gateway_headers_lose_their_prefix() {
    let request = Request::call("").gateway("GET", "/").header("Fn-Http-H-Yo", "dawg");
    let request = request.header("Content-Type", "text/plain").header("fn-http-h-X-Dup", "1");
    let view = view(&request.header("FN-HTTP-H-x-dup", "2"));
    assert_eq!(view["headers"]["yo"], json!(["dawg"]));
    assert_eq!(view["headers"]["x-dup"], json!(["1", "2"]));
    assert_eq!(view["headers"]["content-type"], json!(["text/plain"]));
}

#[test]
fn case_28_only_the_exact_intent_is_a_gateway_call() {
    for intent in ["cloudevent", "HTTPREQUEST", "httprequest2"] {
        let request = Request::call("").header("Fn-Intent", intent).header("Fn-Http-Method", "GET");
        assert_eq!(view(&request), Value::Null, "{intent}");
    }
}

#[test]
fn case_29_headers_of_the_call_are_not_in_the_http_view() {
    let request = Request::call("").gateway("GET", "/").header("Yo", "platform").header("Fn-Http-H-Mine", "1");
    assert_eq!(view(&request)["headers"], json!({"mine": ["1"]}));
}

#[test]
fn case_30_header_that_is_only_the_prefix_is_ignored() {
    let request = Request::call("").gateway("GET", "/").header("Fn-Http-H-", "nothing");
    assert_eq!(view(&request)["headers"], json!({}));
    each(|program, function| {
        let request = program.request().gateway("POST", "/").header("Fn-Http-H-", "nothing");
        assert_success(program, &function.call(&request));
    });
}

#[test]
fn case_31_url_absolute_and_path_only() {
    let query = json!([["q", "1"], ["q", "2"], ["e", "a b"]]);
    for url in ["http://my.host/t/app/hello?q=1&q=2&e=a%20b", "/t/app/hello?q=1&q=2&e=a+b"] {
        let view = view(&Request::call("").gateway("GET", url));
        assert_eq!(view["url"], url);
        assert_eq!((&view["path"], &view["query"]), (&json!("/t/app/hello"), &query), "{url}");
    }
}

#[test]
fn case_32_any_method() {
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        assert_eq!(view(&Request::call("").gateway(method, "/"))["method"], method);
    }
    each(|program, function| {
        for method in ["GET", "POST", "PUT"] {
            let reply = function.call(&program.request().gateway(method, "/v1/x?a=b"));
            assert_eq!(reply.status, 200, "{program}: {method}");
            assert!(reply.value("fn-http-status").is_some(), "{program}: {method}");
        }
        function.assert_serves(&program.request());
    });
}

#[test]
fn case_33_two_values_are_two_lines() {
    let command = json!({"op": "headers", "headers": [["Set-Cookie", "a=1"], ["Set-Cookie", "b=2, c"]]});
    let reply = probe().call(&behind_gateway(&command));
    assert_eq!(reply.values("fn-http-h-set-cookie"), ["a=1", "b=2, c"]);
    assert_eq!(reply.value("set-cookie"), None);
    let plain = probe().call(&Request::probe(&command));
    assert_eq!(plain.values("set-cookie"), ["a=1", "b=2, c"]);
}

#[test]
fn case_34_content_type_goes_out_once_and_unprefixed() {
    let twice = json!([["Content-Type", "a/b"], ["Fn-Http-H-Content-Type", "x/y"], ["content-type", "c/d"]]);
    let reply = probe().call(&behind_gateway(&json!({"op": "headers", "headers": twice})));
    assert_eq!(reply.value("content-type"), Some("c/d"));
    assert_eq!(reply.value("fn-http-h-content-type"), None);
}

#[test]
fn case_35_headers_of_the_transport_are_not_emitted() {
    let names = [
        "Connection",
        "Content-Length",
        "Fn-Call-Id",
        "Fn-Http-Status",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
    ];
    for prefix in ["", "Fn-Http-H-"] {
        let headers: Vec<_> = names.iter().map(|name| [format!("{prefix}{name}"), "7".to_owned()]).collect();
        let command = json!({"op": "headers", "headers": headers});
        for request in [Request::probe(&command), behind_gateway(&command)] {
            let function = probe();
            let mut connection = function.connect();
            let reply = connection.call(&request);
            assert_eq!((reply.status, reply.text().as_str()), (200, "headers"), "{prefix}");
            assert_no_transport_headers(&reply, &names);
            assert_eq!(connection.call(&Request::call("next")).text(), "next", "{prefix}");
        }
    }
}

fn assert_no_transport_headers(reply: &Reply, names: &[&str]) {
    assert_eq!(reply.value("content-length"), Some("7"));
    for name in names.iter().filter(|name| **name != "Content-Length") {
        let own = reply.values(name).into_iter().filter(|value| *value == "7").count();
        assert_eq!(own, 0, "{name}: {reply:?}");
        assert_eq!(reply.value(&format!("fn-http-h-{name}")), None, "{reply:?}");
    }
}

#[test]
fn case_35_identity_of_the_kit_cannot_be_forged() {
    let headers = json!([["Fn-Fdk-Version", "fdk-go/1"], ["Fn-Fdk-Runtime", "go/1"]]);
    for request in [
        Request::probe(&json!({"op": "headers", "headers": headers})),
        behind_gateway(&json!({"op": "headers", "headers": headers})),
    ] {
        let reply = probe().call(&request);
        assert!(reply.value("fn-fdk-version").is_some_and(|value| value.starts_with("fdk-rust/")), "{reply:?}");
        assert!(reply.value("fn-fdk-runtime").is_some_and(|value| value.starts_with("rust/")), "{reply:?}");
    }
}
