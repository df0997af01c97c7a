//! The command line: what a person or a script sees.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tests::harness::programs;

fn divider(args: &[&str], settings: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(programs::divider().path);
    command.args(args).env_clear().envs(settings.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start");
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("end")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

fn json_of(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn invoke_takes_data_a_file_or_input() {
    let body = "{\"dividend\":7,\"divisor\":2}";
    let file = tempfile::NamedTempFile::new().expect("file");
    std::fs::write(file.path(), body).expect("write");
    let path = file.path().to_str().expect("text");
    for (args, input) in [(vec!["invoke", "-d", body], ""), (vec!["invoke", "-f", path], ""), (vec!["invoke"], body)] {
        let output = divider(&args, &[], input);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "{\"quotient\":3.5}\n"));
        assert_eq!(output.stderr, b"");
    }
}

#[test]
fn exit_statuses_tell_who_has_to_act() {
    let check = |body: &str, code: i32, kind: &str| {
        let output = divider(&["invoke", "-d", body], &[], "");
        assert_eq!(
            (output.status.code(), json_of(&output)["error"]["kind"].as_str()),
            (Some(code), Some(kind)),
            "{body}"
        );
    };
    check("{\"dividend\":7,\"divisor\":0}", 65, "client");
    check("nonsense", 65, "client");
    check("", 65, "client");
    check("{\"dividend\":1,\"divisor\":1,\"fail\":\"upstream\"}", 69, "upstream");
    check("{\"dividend\":1,\"divisor\":1,\"fail\":\"timeout\"}", 75, "timeout");
    check("{\"dividend\":1,\"divisor\":1,\"fail\":\"panic\"}", 70, "internal");
}

#[test]
fn a_missing_file_is_named() {
    let output = divider(&["invoke", "-f", "/nonexistent/request.json"], &[], "");
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/request.json"));
}

#[test]
fn config_shows_every_setting_and_refuses_wrong_ones() {
    let output = divider(&["config", "--json"], &[("DIVIDER_DECIMALS", "5")], "");
    let settings = json_of(&output);
    let decimals = settings.as_array().expect("list").iter().find(|one| one["name"] == "DIVIDER_DECIMALS");
    let decimals = decimals.expect("declared");
    assert_eq!(
        (&decimals["value"], &decimals["default"], &decimals["is_set"]),
        (&json!("5"), &json!("3"), &json!(true))
    );
    assert!(stdout(&divider(&["config"], &[], "")).contains("digits after the point, 0 to 12"));
    let output = divider(&["config"], &[("DIVIDER_DECIMALS", "13"), ("CAUSEWAY_TYPO", "1")], "");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(64));
    assert!(text.contains("DIVIDER_DECIMALS") && text.contains("CAUSEWAY_TYPO"), "{text}");
}

#[test]
fn schema_describes_request_and_reply() {
    let schema = json_of(&divider(&["schema"], &[], ""));
    assert_eq!(schema["request"]["required"], json!(["dividend", "divisor"]));
    assert_eq!(schema["reply"]["properties"]["quotient"]["type"], "number");
}

#[test]
fn invoke_writes_metrics_only_when_asked() {
    let body = "{\"dividend\":7,\"divisor\":2}";
    let metrics = |setting: &str| {
        let output = divider(&["invoke", "-d", body], &[("CAUSEWAY_METRICS", setting)], "");
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), "{\"quotient\":3.5}\n"));
        String::from_utf8(output.stderr).expect("text")
    };
    assert_eq!((metrics("auto"), metrics("off")), (String::new(), String::new()));
    let logged: Value = serde_json::from_str(&metrics("log")).expect("one line");
    assert_eq!((&logged["message"], &logged["metrics"][0]["name"]), (&json!("metrics"), &json!("Invocations")));
    let emf: Value = serde_json::from_str(&metrics("emf")).expect("one line");
    assert_eq!(
        (&emf["_aws"]["CloudWatchMetrics"][0]["Namespace"], &emf["Invocations"]),
        (&json!("causeway"), &json!(1))
    );
}
