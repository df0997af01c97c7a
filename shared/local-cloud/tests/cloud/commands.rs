//! The `causeway` executable itself.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{CAUSEWAY, is_running, kill, post, seconds, send, until, value};

fn causeway(arguments: &[&str]) -> Command {
    let mut command = Command::new(CAUSEWAY);
    command.args(arguments).stdin(Stdio::null()).env_remove("CAUSEWAY_LOCAL_ROOT");
    command
}

fn run(arguments: &[&str], directory: &Path) -> Output {
    causeway(arguments).current_dir(directory).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Processes whose parent this is.
fn children(parent: u32) -> Vec<u64> {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_child = |pid: &u64| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent_field = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parent_field == Some(parent)
    };
    pids.filter(is_child).collect()
}

/// `causeway up` with a temporary directory of its own, in which sockets show.
struct Up {
    child: Child,
    address: SocketAddr,
    temporary: TempDir,
}

/// A failed test must not leave it running.
impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Up {
    fn start() -> Self {
        let temporary = tempfile::Builder::new().prefix("t").tempdir_in("/tmp").unwrap();
        let root = temporary.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("a.csv"), "id,amount\n1,2.5\n2,3.5\n").unwrap();
        let mut child = causeway(&["up", "--port", "0", "--quiet", "--root", root.to_str().unwrap()])
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        // The rest is read too: a full pipe would stop it.
        std::thread::spawn(move || stdout.lines().for_each(drop));
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(',').next()).expect(&line);
        Self { child, address: address.parse().unwrap(), temporary }
    }

    /// Everything that it has put into its temporary directory.
    fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.temporary.path()).unwrap().flatten();
        names.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != "root").collect()
    }

    async fn call(&self) -> Value {
        value(&send(self.address, post("/invoke/discovery-agent", "{}")).await)
    }
}

#[tokio::test]
async fn ctrl_c_leaves_no_process_and_no_socket() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let mut up = Up::start();
        assert!(children(up.child.id()).is_empty(), "nothing starts before the first call");
        assert_eq!(up.call().await["data"]["data_ecosystem"]["total_entities"], 1);
        let lambda = post("/2015-03-31/functions/discovery-agent/invocations", r#"{"test_type":"basic"}"#);
        assert_eq!(value(&send(up.address, lambda).await)["status"], "ok");
        let processes = children(up.child.id());
        // The directory of the sockets and that of the keys.
        assert_eq!((processes.len(), up.leftovers().len()), (2, 2));
        kill(signal, up.child.id().into());
        let status = up.child.wait().unwrap();
        assert!(status.success(), "{signal}: {status}");
        assert!(!processes.iter().any(|pid| is_running(*pid)), "{signal}");
        assert_eq!(up.leftovers(), Vec::<String>::new(), "{signal}");
    }
}

/// A killed supervisor cannot clean up; its functions notice and do.
#[tokio::test]
async fn even_sigkill_leaves_no_process_and_no_socket() {
    let mut up = Up::start();
    up.call().await;
    let processes = children(up.child.id());
    assert_eq!(processes.len(), 1);
    kill("-KILL", up.child.id().into());
    up.child.wait().unwrap();
    until("their end", || !processes.iter().any(|pid| is_running(*pid))).await;
    until("the socket's end", || up.leftovers().is_empty()).await;
}

#[tokio::test]
async fn a_killed_function_comes_back() {
    let mut up = Up::start();
    up.call().await;
    let first = children(up.child.id());
    kill("-KILL", first[0]);
    until("its end", || !is_running(first[0])).await;
    tokio::time::sleep(seconds(0.1)).await;
    assert_eq!(up.call().await["status"], "success");
    assert_ne!(children(up.child.id()), first);
    kill("-INT", up.child.id().into());
    up.child.wait().unwrap();
}

#[test]
fn demo_works_twice_in_the_same_place() {
    let directory = tempfile::tempdir().unwrap();
    let demo = || run(&["demo", "--out", "out"], directory.path());
    let result =
        || -> Value { serde_json::from_slice(&fs::read(directory.path().join("out/result.json")).unwrap()).unwrap() };
    let first = demo();
    assert!(first.status.success(), "{}", text(&first.stderr));
    let before = result();
    let agents = &before["agent_results"];
    assert_eq!(agents["discovery"]["data"]["tables"][0]["row_count"], 9994);
    let revenue = &agents["intelligence"]["data"]["financial_intelligence"]["revenue_analysis"]["total_revenue"];
    assert!((revenue.as_f64().unwrap() - 2_297_200.860_3).abs() < 1e-3, "{revenue}");
    for agent in ["discovery", "intelligence", "strategy", "decision", "visualization"] {
        assert_ne!(before["workflow_run"]["agents"][agent]["status"], "error", "{agent}");
        assert!(text(&first.stderr).contains(&format!("{agent}  answered after")), "{agent}");
    }
    let shown = text(&first.stdout);
    assert!(shown.contains("Executive summary") && shown.contains("Decisions") && !shown.contains('\x1b'), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 110), "{shown}");
    assert!(text(&first.stderr).contains("its socket was ready in"));
    let page = fs::read_to_string(directory.path().join("out/dashboard.html")).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script"));
    let second = demo();
    assert!(second.status.success(), "{}", text(&second.stderr));
    for agent in ["discovery", "intelligence", "strategy", "decision"] {
        assert_eq!(result()["agent_results"][agent]["data"], before["agent_results"][agent]["data"], "{agent}");
    }
    let mut names: Vec<_> =
        fs::read_dir(directory.path().join("out")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["bucket", "dashboard.html", "export.json", "logs", "result.json", "superstore-LICENSE"]);
    assert!(!fs::read_to_string(directory.path().join("out/logs/discovery-agent.log")).unwrap().is_empty());
}

#[test]
fn demo_takes_data_of_its_user() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("own")).unwrap();
    fs::write(directory.path().join("own/orders.csv"), "order_id,date,amount\n1,2024-01-01,5\n2,2024-02-01,7\n")
        .unwrap();
    let output = run(&["demo", "--out", "out", "--data", "own"], directory.path());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let result: Value = serde_json::from_slice(&fs::read(directory.path().join("out/result.json")).unwrap()).unwrap();
    assert_eq!(result["agent_results"]["discovery"]["data"]["tables"][0]["row_count"], 2);
    let missing = run(&["demo", "--out", "out", "--data", "nowhere"], directory.path());
    assert!(!missing.status.success() && text(&missing.stderr).contains("nowhere"), "{}", text(&missing.stderr));
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let output = run(&["demo", "--out", "file/out"], directory.path());
    assert_eq!((output.status.code(), output.stdout.len()), (Some(74), 0));
    assert!(text(&output.stderr).contains("cannot write file/out"), "{}", text(&output.stderr));
}

#[test]
fn invoke_tells_by_its_status() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let invoke = |request: &str| run(&["invoke", "discovery-agent", "--root", "data", "-d", request], directory.path());
    let fine = invoke(r#"{"test_type":"basic"}"#);
    assert_eq!(fine.status.code(), Some(0));
    assert_eq!(serde_json::from_slice::<Value>(&fine.stdout).unwrap()["status"], "ok");
    let refused = invoke(r#"{"no_such_field":1}"#);
    assert_eq!(refused.status.code(), Some(65));
    assert_eq!(serde_json::from_slice::<Value>(&refused.stdout).unwrap()["error"]["kind"], "client");
    assert_eq!(invoke("{").status.code(), Some(65));
    let usage = |arguments: &[&str]| run(arguments, directory.path());
    for (arguments, words) in [
        (&["invoke", "nothing", "--root", "data"][..], "there are: discovery-agent"),
        (&["invoke", "discovery-agent", "--root", "missing"], "there is no directory missing"),
        (&["invoke", "discovery-agent", "--root", "data", "-f", "missing"], "missing: "),
    ] {
        let output = usage(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[test]
fn invoke_reads_standard_input_and_files() {
    let directory = tempfile::tempdir().unwrap();
    let request = json!({ "test_type": "basic" }).to_string();
    fs::write(directory.path().join("request.json"), &request).unwrap();
    let file = run(&["invoke", "discovery-agent", "--root", ".", "-f", "request.json"], directory.path());
    let mut command = causeway(&["invoke", "discovery-agent", "--root", "."]);
    command.current_dir(directory.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, file.stdout);
    assert!(text(&file.stdout).contains("\"ok\""));
}

#[test]
fn a_wrong_setting_is_explained() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = causeway(&["invoke", "discovery-agent", "--root", ".", "-d", "{}"]);
    let output = command.current_dir(directory.path()).env("DISCOVERY_TYPO", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(70));
    let shown = text(&output.stderr);
    assert!(shown.contains("exit status 64") && shown.contains("DISCOVERY_TYPO is not a setting"), "{shown}");
}

/// Whatever platform this process seems to run on, the function's is the one that is made for it.
#[test]
fn platform_variables_do_not_leak_in() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = causeway(&["invoke", "discovery-agent", "--root", ".", "-d", r#"{"test_type":"basic"}"#]);
    let outside =
        [("FN_LISTENER", "unix:/nowhere/x.sock"), ("FN_FORMAT", "json"), ("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1")];
    let output = command.current_dir(directory.path()).envs(outside).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Sockets must not fail for want of room in a path.
#[test]
fn long_temporary_directories_are_no_trouble() {
    let directory = tempfile::tempdir().unwrap();
    let long = directory.path().join("x".repeat(120));
    fs::create_dir(&long).unwrap();
    let mut command = causeway(&["invoke", "discovery-agent", "--root", ".", "-d", r#"{"test_type":"basic"}"#]);
    let output = command.current_dir(directory.path()).env("TMPDIR", &long).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn ctrl_c_ends_an_invocation_too() {
    let temporary = tempfile::Builder::new().prefix("t").tempdir_in("/tmp").unwrap();
    let root = temporary.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut big = "id,text\n".to_owned();
    (0..400_000).for_each(|row| big += &format!("{row},some text that is different {row}\n"));
    fs::write(root.join("big.csv"), big).unwrap();
    let mut command = causeway(&["invoke", "discovery-agent", "--root", "root", "-d", "{}"]);
    command.current_dir(temporary.path()).env("TMPDIR", temporary.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut processes = Vec::new();
    while processes.is_empty() && child.try_wait().unwrap().is_none() {
        std::thread::sleep(seconds(0.005));
        processes = children(child.id());
    }
    kill("-INT", child.id().into());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!processes.into_iter().any(is_running));
    let names: Vec<_> = fs::read_dir(temporary.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(names, ["root"]);
}

#[test]
fn list_shows_every_function() {
    let directory = tempfile::tempdir().unwrap();
    assert!(text(&run(&["list"], directory.path()).stdout).contains("discovery-agent  "));
    let listed: Value = serde_json::from_slice(&run(&["list", "--json"], directory.path()).stdout).unwrap();
    assert_eq!(listed[0]["name"], "discovery-agent");
    assert_eq!(listed[0]["fn_id"].as_str().map(str::len), Some(26));
}

#[test]
fn a_taken_port_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["up", "--root", ".", "--port", &port], directory.path());
    assert_eq!(output.status.code(), Some(74));
    assert!(text(&output.stderr).contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", text(&output.stderr));
}

#[test]
fn the_hidden_command_needs_a_host() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(&["__function", "discovery-agent"], directory.path()).status.code(), Some(64));
    assert!(!text(&run(&["--help"], directory.path()).stdout).contains("__function"));
}
