//! The Lambda host against a Runtime API that hands out given events one after another.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tests::harness::programs;

/// What the function sent for an event: to which of the API's resources, and the body.
struct Sent {
    resource: String,
    body: Value,
}

/// One request of the function: method, path, body.
struct Asked {
    is_next: bool,
    path: String,
    body: Vec<u8>,
}

fn ask(stream: &mut BufReader<TcpStream>) -> Asked {
    let mut line = String::new();
    stream.read_line(&mut line).expect("request line");
    let (mut length, mut header) = (0, String::new());
    while stream.read_line(&mut header).expect("header") > 2 {
        if let Some((name, value)) =
            header.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        {
            length = value.trim().parse().unwrap_or_else(|_| panic!("{name}: {value}"));
        }
        header.clear();
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("body");
    let mut words = line.split(' ');
    Asked { is_next: words.next() == Some("GET"), path: words.next().expect("path").to_owned(), body }
}

fn hand_out(stream: &mut TcpStream, number: usize, event: &Value) {
    let event = event.to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: request-{number}\r\n\
         Lambda-Runtime-Deadline-Ms: {}\r\nLambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:x:0:function:f\r\n\
         Lambda-Runtime-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793\r\nContent-Length: {}\r\n\r\n",
        jiff::Timestamp::now().as_millisecond() + 30_000,
        event.len()
    );
    stream.write_all([head.as_bytes(), event.as_bytes()].concat().as_slice()).expect("event");
}

fn start(api: &TcpListener, settings: &[(&str, &str)]) -> Child {
    let mut command = Command::new(programs::divider().path);
    command.env_clear().envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("AWS_LAMBDA_RUNTIME_API", api.local_addr().expect("address").to_string());
    let given = [("FUNCTION_NAME", "divider"), ("FUNCTION_MEMORY_SIZE", "128"), ("FUNCTION_VERSION", "1")];
    command.envs(given.map(|(name, value)| (format!("AWS_LAMBDA_{name}"), value)));
    command.spawn().expect("start")
}

/// Serves all events; gives what the function sent for them, and all that it logged.
fn serve(events: &[Value], settings: &[(&str, &str)]) -> (Vec<Sent>, Output) {
    let api = TcpListener::bind("127.0.0.1:0").expect("listen");
    let mut function = start(&api, settings);
    let (stream, _) = api.accept().expect("the function asks for work");
    let (mut writer, mut reader) = (stream.try_clone().expect("stream"), BufReader::new(stream));
    let mut sent = Vec::new();
    for (number, event) in events.iter().enumerate() {
        assert!(ask(&mut reader).is_next);
        hand_out(&mut writer, number, event);
        let Asked { path, body, .. } = ask(&mut reader);
        let resource = path.rsplit('/').next().expect("resource").to_owned();
        assert!(path.contains(&format!("/request-{number}/")), "{path}");
        sent.push(Sent { resource, body: serde_json::from_slice(&body).expect("JSON") });
        writer.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").expect("answer");
    }
    // It waits for more work, so all that it had to say is said.
    assert!(ask(&mut reader).is_next);
    function.kill().expect("kill");
    (sent, function.wait_with_output().expect("end"))
}

fn log(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(output.stdout, b"");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn each_call_writes_one_embedded_metric_line() {
    let bad = json!({"dividend": 7, "divisor": 1, "fail": "upstream"});
    let (sent, output) = serve(&[json!({"dividend": 7, "divisor": 2}), bad], &[]);
    assert_eq!((sent[0].resource.as_str(), &sent[0].body), ("response", &json!({"quotient": 3.5})));
    assert_eq!((sent[1].resource.as_str(), &sent[1].body["errorType"]), ("error", &json!("calculator_unavailable")));
    let lines: Vec<_> = log(&output).into_iter().filter(|line| line.get("_aws").is_some()).collect();
    let [first, second] = <[Value; 2]>::try_from(lines).expect("one line for each call");
    let expected = json!({"service": "divider", "Invocations": 1, "ColdStart": 1, "Divisions": 1, "operands": "whole",
        "function_request_id": "request-0", "call_id": "request-0", "cold_start": true,
        "xray_trace_id": "Root=1-5759e988-bd862e3fe1be46a994272793"});
    for (name, value) in expected.as_object().expect("object") {
        assert_eq!(&first[name], value, "{name} in {first}");
    }
    let directives = json!([
        {"Namespace": "causeway", "Dimensions": [["service"]], "Metrics": [
            {"Name": "Invocations", "Unit": "Count"}, {"Name": "Duration", "Unit": "Milliseconds"},
            {"Name": "ColdStart", "Unit": "Count"}]},
        {"Namespace": "causeway", "Dimensions": [["service", "operands"]], "Metrics": [{"Name": "Divisions", "Unit": "Count"}]}
    ]);
    assert_eq!(first["_aws"]["CloudWatchMetrics"], directives);
    assert!(first["_aws"]["Timestamp"].as_i64().expect("milliseconds") > 1_600_000_000_000);
    assert_eq!((&second["Errors"], &second["error_kind"]), (&json!(1), &json!("upstream")));
    assert_eq!((second.get("ColdStart"), second.get("Divisions")), (None, None));
}

#[test]
fn metrics_can_be_named_and_turned_off() {
    let event = json!({"dividend": 7, "divisor": 2});
    let (_, output) = serve(std::slice::from_ref(&event), &[("CAUSEWAY_METRICS_NAMESPACE", "Shop")]);
    let namespaces: Vec<_> = log(&output)
        .iter()
        .filter_map(|line| line["_aws"]["CloudWatchMetrics"][0]["Namespace"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(namespaces, ["Shop"]);
    let (_, output) = serve(&[event], &[("CAUSEWAY_METRICS", "off")]);
    assert!(log(&output).iter().all(|line| line.get("_aws").is_none()));
}

#[test]
fn a_web_socket_is_opened_and_its_messages_answered() {
    let socket = |route: &str, id: Value, body: &str| {
        let context = json!({"routeKey": route, "connectionId": "c1=", "messageId": id, "stage": "prod"});
        json!({"requestContext": context, "body": body, "isBase64Encoded": false})
    };
    let events = [
        socket("$connect", json!(null), ""),
        socket("$default", json!("m1="), "{\"dividend\":7,\"divisor\":2}"),
        socket("divide", json!("m2="), "{\"dividend\":7,\"divisor\":0}"),
        socket("$default", json!("m3="), "ping"),
        socket("$disconnect", json!(null), ""),
    ];
    let (sent, output) = serve(&events, &[]);
    let replies: Vec<_> = sent.iter().map(|sent| (sent.resource.as_str(), sent.body["statusCode"].as_u64())).collect();
    let statuses = [200, 200, 422, 400, 200];
    assert_eq!(replies, statuses.map(|status| ("response", Some(status))));
    assert_eq!(sent[1].body["body"], "{\"quotient\":3.5}");
    let problem: Value = serde_json::from_str(sent[2].body["body"].as_str().expect("text")).expect("JSON");
    assert_eq!((&problem["code"], &problem["status"]), (&json!("division_by_zero"), &json!(422)));
    let ends: Vec<_> = log(&output).into_iter().filter(|line| line["message"] == "invocation.end").collect();
    let ids: Vec<_> = ends.iter().map(|line| (line["kind"].as_str(), line["message_id"].as_str())).collect();
    let ids_sent = [None, Some("m1="), Some("m2="), Some("m3="), None];
    assert_eq!(ids, ids_sent.map(|id| (Some("http"), id)));
}

#[test]
fn a_load_balancers_query_is_read_as_a_form() {
    let query = json!({"dividend": "+7.5", "divisor": "%32"});
    let event = json!({"requestContext": {"elb": {"targetGroupArn": "arn"}}, "httpMethod": "GET", "path": "/",
        "queryStringParameters": query, "headers": {"x-request-id": "mine"}, "body": "", "isBase64Encoded": false});
    let (sent, _) = serve(&[event], &[]);
    // The plus sign is a blank before the number, not a sign, which a number cannot have.
    let reply = &sent[0].body;
    assert_eq!((&reply["statusCode"], &reply["statusDescription"]), (&json!(200), &json!("200 OK")), "{reply}");
    assert_eq!(reply["body"], "{\"quotient\":3.75}");
}
