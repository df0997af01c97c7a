//! `oci fn`: listing and invoking functions.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use causeway_oci_emulator::{FunctionCall, FunctionInfo, FunctionReply, InvokeFailure, Invoker, Options};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::harness::{Cloud, check, each, printed, program, refusal, text};

/// Three functions: one gives back what it gets, one gives back bytes that are no text, one fails.
#[derive(Default)]
struct Three {
    calls: Mutex<Vec<FunctionCall>>,
}

impl Three {
    fn last(&self) -> FunctionCall {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).last().expect("a call").clone()
    }

    fn count(&self) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Invoker for Three {
    fn functions(&self) -> Vec<FunctionInfo> {
        let info = |name: &str| FunctionInfo {
            name: name.to_owned(),
            image: format!("iad.ocir.io/example/{name}:1"),
            memory_mb: 128,
            timeout_seconds: 30,
            config: BTreeMap::from([("MODE".to_owned(), "test".to_owned())]),
        };
        ["echo", "bytes", "broken"].map(info).to_vec()
    }

    fn invoke(&self, call: FunctionCall) -> BoxFuture<'_, Result<FunctionReply, InvokeFailure>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call.clone());
        Box::pin(async move {
            let body = match call.function.as_str() {
                "echo" => call.body,
                "bytes" => (0..=255).collect::<Vec<u8>>().into(),
                _ => return Err(InvokeFailure::ExecutionFailed),
            };
            Ok(FunctionReply {
                body,
                content_type: call.content_type,
                status: None,
                call_id: Some("call-1".to_owned()),
            })
        })
    }
}

/// Invokes a function by the SDK with a body that is no text.
const SCRIPT: &str = r#"
import json, oci, os, sys
config = oci.config.from_file(os.environ["OCI_CLI_CONFIG_FILE"])
client = oci.functions.FunctionsInvokeClient(config, service_endpoint=sys.argv[1])
body = bytes(range(256)) * 16
answer = client.invoke_function(sys.argv[2], invoke_function_body=body, fn_intent="httprequest")
print(json.dumps({"same": answer.data.content == body, "status": answer.status, "call": answer.headers["fn-call-id"]}))
"#;

#[test]
fn functions() {
    let three = Arc::new(Three::default());
    let options = Options { invoker: Some(three.clone()), ..Options::default() };
    let Some(cloud) = Cloud::with("functions", options) else { return };
    let compartment = cloud.compartment();
    let applications = cloud.oci("fn application list -c", &[&compartment]);
    let application = text(&applications, "/data/0/id");
    let found = cloud.oci("fn application get --application-id", &[&application]);
    check(&found, [("/data/lifecycle-state", json!("ACTIVE")), ("/data/compartment-id", json!(compartment))]);
    let listed = cloud.oci("fn function list --all --application-id", &[&application]);
    assert_eq!(each(&listed, "display-name"), ["echo", "bytes", "broken"]);
    let echo = text(&listed, "/data/0/id");
    let named = cloud.oci("fn function list --display-name bytes --application-id", &[&application]);
    let (bytes, broken) = (text(&named, "/data/0/id"), text(&listed, "/data/2/id"));
    let found = cloud.oci("fn function get --function-id", &[&echo]);
    check(
        &found,
        [
            ("/data/display-name", json!("echo")),
            ("/data/memory-in-mbs", json!(128)),
            ("/data/timeout-in-seconds", json!(30)),
            ("/data/config/MODE", json!("test")),
            ("/data/invoke-endpoint", json!(cloud.url)),
        ],
    );
    let invoke = |id: &str, more: &[&str]| {
        let output = cloud.command("fn function invoke --function-id", &[&[id], more].concat()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    let asked = r#"{"name":"Zoe"}"#;
    assert_eq!(invoke(&echo, &["--body", asked, "--file", "-"]), asked.as_bytes());
    let call = three.last();
    assert_eq!((call.function.as_str(), call.detached, call.body.as_ref()), ("echo", false, asked.as_bytes()));
    invoke(&bytes, &["--body", "", "--file", "out"]);
    assert_eq!(fs::read(cloud.file("out")).unwrap(), (0..=255).collect::<Vec<u8>>());
    assert!(invoke(&echo, &["--body", asked, "--file", "-", "--fn-invoke-type", "detached"]).is_empty());
    assert!(three.last().detached);
    let calls = three.count();
    invoke(&echo, &["--body", asked, "--file", "-", "--is-dry-run", "true"]);
    assert_eq!(three.count(), calls, "a dry run calls nothing");
    let invoke = "fn function invoke --body x --file - --function-id";
    cloud.fails((502, "FunctionInvokeExecutionFailed"), invoke, &[&broken]);
    cloud.fails((404, "NotAuthorizedOrNotFound"), invoke, &["ocid1.fnfunc.oc1.iad.aaaanobody"]);
    the_sdk_sends_bytes(&cloud, &echo);
    assert_eq!(three.last().intent.as_deref(), Some("httprequest"));
}

fn the_sdk_sends_bytes(cloud: &Cloud, echo: &str) {
    let python = program("python").expect("it is beside the command line");
    let mut command = cloud.bare(&python);
    command.env("OCI_CLI_CONFIG_FILE", cloud.file("config")).args(["-c", SCRIPT, &cloud.url, echo]);
    let answer = printed(&command.output().expect("Python runs"), "the script");
    check(&answer, [("/same", json!(true)), ("/status", json!(200)), ("/call", json!("call-1"))]);
}

#[test]
fn there_are_no_functions_without_an_invoker() {
    let Some(cloud) = Cloud::start("no functions") else { return };
    let application = text(&cloud.oci("fn application list -c", &[&cloud.compartment()]), "/data/0/id");
    assert_eq!(cloud.oci("fn function list --application-id", &[&application]), Value::Null);
    let invoke = "fn function invoke --body x --file - --no-retry --function-id";
    let output = cloud.command(invoke, &[&cloud.emulator.function_ocid("echo")]).output().unwrap();
    assert_eq!(refusal(&output)["code"], "NotAuthorizedOrNotFound");
}
