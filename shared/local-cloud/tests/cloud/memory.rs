//! A memory limit that is looked after: a function that holds more is killed, with a reason.

use causeway_local_cloud::Limits;
use serde_json::json;

use super::support::{Local, header, is_running, probe, until, value};

fn limited(memory_mb: u32) -> Limits {
    Limits { memory_mb, enforce_memory: true, ..Limits::default() }
}

#[tokio::test]
async fn a_function_over_its_memory_is_killed_on_fn() {
    let local = Local::start(vec![probe()], limited(100)).await;
    let pid = local.pid().await;
    let within = local.invoke(json!({ "op": "hold", "mb": 40, "ms": 200 })).await;
    assert_eq!((within.status().as_u16(), &value(&within)["held_mb"]), (200, &json!(40)));
    assert_eq!(local.pid().await, pid, "memory that is given back does no harm");
    let over = local.invoke(json!({ "op": "hold", "mb": 300, "ms": 20_000 })).await;
    assert_eq!((over.status().as_u16(), &value(&over)["message"]), (502, &json!("error receiving function response")));
    let detail = value(&over)["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("signal: killed") && detail.contains("memory.exceeded"), "{detail}");
    until("its end", || !is_running(pid)).await;
    assert_ne!(local.pid().await, pid);
    let line = &local.told("memory.exceeded").await[0];
    assert_eq!((&line["level"], &line["limit_mb"], &line["process_id"]), (&json!("ERROR"), &json!(100), &json!(pid)));
    assert!(line["used_mb"].as_u64().unwrap() > 100, "{line}");
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_function_over_its_memory_is_killed_on_lambda() {
    let local = Local::start(vec![probe()], limited(100)).await;
    let path = "/2015-03-31/functions/probe/invocations";
    let over = local.post(path, json!({ "op": "hold", "mb": 300, "ms": 20_000 }).to_string()).await;
    assert_eq!((over.status().as_u16(), header(&over, "x-amz-function-error")), (200, "Unhandled"));
    assert_eq!(value(&over)["errorType"], "Runtime.ExitError");
    let message = value(&over)["errorMessage"].as_str().unwrap().to_owned();
    assert!(message.ends_with("Runtime exited with error: signal: killed"), "{message}");
    assert_eq!(local.told("memory.exceeded").await.len(), 1);
    assert_eq!(local.post(path, r#"{"op":"pid"}"#).await.status(), 200);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn without_a_wish_for_it_nothing_is_killed() {
    let local = Local::start(vec![probe()], Limits { memory_mb: 64, ..Limits::default() }).await;
    let held = local.invoke(json!({ "op": "hold", "mb": 120, "ms": 300 })).await;
    assert_eq!(held.status(), 200, "{held:?}");
    assert!(local.told("memory.exceeded").await.is_empty());
    local.cloud.shutdown().await;
}

/// The options reach the functions.
#[test]
fn the_command_line_sets_the_memory() {
    let run = |options: &[&str]| {
        let directory = tempfile::tempdir().unwrap();
        let rows: String = (0..150_000).map(|row| format!("{row},some text that is different {row}\n")).collect();
        std::fs::write(directory.path().join("big.csv"), format!("id,text\n{rows}")).unwrap();
        let mut command = std::process::Command::new(super::support::CAUSEWAY);
        command.args(["invoke", "discovery-agent", "--root", ".", "--timeout", "120", "-d", "{}"]).args(options);
        command.current_dir(directory.path()).env_remove("CAUSEWAY_LOCAL_ROOT").output().unwrap()
    };
    // The smallest size that can be asked for is enough for the agent's start and not for this table.
    let small = run(&["--memory", "16", "--enforce-memory", "--log-dir", "logs"]);
    let shown = String::from_utf8_lossy(&small.stderr).into_owned();
    assert!(small.status.code() == Some(70) && shown.contains("memory.exceeded"), "{:?} {shown}", small.status);
    let large = run(&["--memory", "2048", "--enforce-memory"]);
    assert!(large.status.success(), "{}", String::from_utf8_lossy(&large.stderr));
}
