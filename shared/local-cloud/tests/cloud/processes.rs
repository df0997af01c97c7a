//! Life and death of processes.

use causeway_local_cloud::Limits;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::support::{Local, PATIENCE, header, is_running, kill, probe, seconds, spoiled, until, value};

#[tokio::test]
async fn one_process_serves_call_after_call() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    assert_eq!(local.pid().await, pid);
    local.cloud.shutdown().await;
    assert!(!is_running(pid));
}

#[tokio::test]
async fn the_idle_connection_is_closed_and_the_process_kept() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    let sockets = || {
        let links = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
        links
            .filter(|fd| std::fs::read_link(fd.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket")))
            .count()
    };
    let busy = sockets();
    until("one connection less", || sockets() == busy - 1).await;
    assert_eq!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_killed_process_is_replaced() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    kill("-9", pid);
    until("its end", || !is_running(pid)).await;
    tokio::time::sleep(seconds(0.1)).await;
    let next = local.pid().await;
    assert_ne!(next, pid);
    local.cloud.shutdown().await;
    assert!(!is_running(next));
}

#[tokio::test]
async fn an_overrunning_process_is_stopped() {
    let limits = Limits { call_timeout: seconds(1.0), ..Limits::default() };
    let local = Local::start(vec![probe()], limits).await;
    let pid = local.pid().await;
    let started = std::time::Instant::now();
    let response = local.invoke(json!({ "op": "block", "ms": 60_000 })).await;
    assert_eq!((response.status().as_u16(), &value(&response)["message"]), (504, &json!("Timed out")));
    assert!(started.elapsed() < seconds(10.0));
    until("its end", || !is_running(pid)).await;
    assert_ne!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_panic_fails_the_call_and_not_the_process() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    for op in ["panic", "fail"] {
        let response = local.invoke(json!({ "op": op })).await;
        assert_eq!((response.status().as_u16(), value(&response)), (502, json!({ "message": "function failed" })));
    }
    assert_eq!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn an_exit_in_the_middle_says_how() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    let response = local.invoke(json!({ "op": "exit", "code": 3 })).await;
    assert_eq!(
        (response.status().as_u16(), &value(&response)["message"]),
        (502, &json!("error receiving function response"))
    );
    assert!(value(&response)["detail"].as_str().unwrap().starts_with("exit status 3"), "{response:?}");
    assert_ne!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn what_a_process_has_started_ends_with_it() {
    let local = Local::probe().await;
    for ends_itself in [true, false] {
        let spawned = value(&local.invoke(json!({ "op": "spawn" })).await)["pid"].as_u64().unwrap();
        assert!(is_running(spawned));
        if ends_itself {
            assert_eq!(local.invoke(json!({ "op": "exit", "code": 0 })).await.status(), 502);
        } else {
            local.cloud.shutdown().await;
        }
        until("its end", || !is_running(spawned)).await;
    }
}

#[tokio::test]
async fn a_crash_at_the_start_says_how() {
    let local = Local::start(vec![spoiled("fail-at-start")], Limits::default()).await;
    let response = local.invoke(json!({ "op": "pid" })).await;
    assert_eq!(response.status(), 502);
    assert!(value(&response)["message"].as_str().unwrap().starts_with("Container failed to initialize"));
    let detail = value(&response)["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("exit status 64") && detail.contains("no configuration, no service"), "{detail}");
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_start_that_takes_too_long_is_given_up() {
    let limits = Limits { fn_init_timeout: seconds(0.3), ..Limits::default() };
    let local = Local::start(vec![spoiled("never-ready")], limits).await;
    let response = local.invoke(json!({ "op": "pid" })).await;
    assert_eq!(response.status(), 504);
    assert!(value(&response)["message"].as_str().unwrap().starts_with("Container initialization timed out"));
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn parallel_calls_get_a_process_each_up_to_the_limit() {
    let limits = Limits { max_processes: 3, queue_timeout: seconds(0.4), ..Limits::default() };
    let local = Local::start(vec![probe()], limits).await;
    let long = || local.invoke(json!({ "op": "sleep", "ms": 3000 }));
    let fourth = async {
        tokio::time::sleep(seconds(1.0)).await;
        local.invoke(json!({ "op": "pid" })).await
    };
    let (a, b, c, busy) = tokio::join!(long(), long(), long(), fourth);
    let mut pids: Vec<_> = [a, b, c].iter().map(|response| value(response)["pid"].as_u64().unwrap()).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3);
    assert_eq!((busy.status().as_u16(), header(&busy, "retry-after")), (503, "15"));
    assert!(pids.contains(&local.pid().await), "a waiting process is used before a new one");
    local.cloud.shutdown().await;
    assert!(!pids.into_iter().any(is_running));
}

#[tokio::test]
async fn calls_wait_for_their_turn() {
    let local = Local::start(vec![probe()], Limits { max_processes: 1, ..Limits::default() }).await;
    let pid = local.pid().await;
    let call = || local.invoke(json!({ "op": "sleep", "ms": 50 }));
    let (a, b, c) = tokio::join!(call(), call(), call());
    assert!([a, b, c].iter().all(|response| value(response)["pid"].as_u64() == Some(pid)));
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn idle_processes_end() {
    let local = Local::start(vec![probe()], Limits { idle_timeout: seconds(0.3), ..Limits::default() }).await;
    let pid = local.pid().await;
    until("its end", || !is_running(pid)).await;
    assert_ne!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn a_client_that_goes_away_takes_its_process_with_it() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    let body = json!({ "op": "sleep", "ms": 25_000 }).to_string();
    let mut client = TcpStream::connect(local.address).await.unwrap();
    let head = format!("POST /invoke/probe HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    client.write_all((head + &body).as_bytes()).await.unwrap();
    tokio::time::sleep(seconds(0.3)).await;
    assert!(is_running(pid));
    drop(client);
    let started = std::time::Instant::now();
    until("its end", || !is_running(pid)).await;
    assert!(started.elapsed() < PATIENCE);
    assert_ne!(local.pid().await, pid);
    local.cloud.shutdown().await;
}

#[tokio::test]
async fn shutdown_ends_calls_under_way() {
    let local = Local::probe().await;
    let pid = local.pid().await;
    let stop = async {
        tokio::time::sleep(seconds(0.3)).await;
        local.cloud.shutdown().await;
    };
    let (response, ()) = tokio::join!(local.invoke(json!({ "op": "sleep", "ms": 20_000 })), stop);
    assert_eq!(response.status(), 502);
    assert!(!is_running(pid));
    assert_eq!(local.invoke(json!({ "op": "pid" })).await.status(), 503);
}
