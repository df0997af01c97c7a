//! Cases 54 to 60: through an agent, inside the platform's sandbox.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::programs::Program;
use tests::harness::{Agent, Outcome, Request, Spec, confine, programs};

/// An agent for this program; `None` where there is no sandbox to run it in.
fn agent(case: &str, program: &Program) -> Option<Agent> {
    confine(case).then(|| Agent::new(Spec::new(program).confined(true)))
}

fn agents(case: &str) -> Vec<(Program, Agent)> {
    let agents = programs::all().into_iter().map(|program| Some((program.clone(), agent(case, &program)?)));
    agents.collect::<Option<_>>().unwrap_or_default()
}

fn ok(what: &str, outcome: &Outcome) -> u32 {
    assert_eq!((outcome.status, outcome.kept), (200, true), "{what}: {outcome:?}");
    outcome.pid
}

#[test]
fn case_54_no_status_of_a_handler_costs_the_container() {
    let Some(mut agent) = agent("case_54", &programs::probe()) else { return };
    let first = ok("first", &agent.call(&Request::call("")));
    for status in 200..=599 {
        let plain = Request::probe(&json!({"op": "status", "status": status}));
        let wrapped = agent.call(&plain.clone().gateway("GET", "/"));
        assert_eq!((wrapped.status, wrapped.kept, wrapped.pid), (status, true, first), "{wrapped:?}");
        assert_eq!(ok("plain", &agent.call(&plain)), first, "{status}");
    }
}

#[test]
fn case_54_no_failure_of_a_handler_costs_the_container() {
    let Some(mut agent) = agent("case_54", &programs::probe()) else { return };
    let first = ok("first", &agent.call(&Request::call("")));
    let commands = [
        json!({"op": "error", "text": "e"}),
        json!({"op": "panic", "text": "p"}),
        json!({"op": "status", "status": 1000}),
        json!({"op": "headers", "headers": [["A", "b\r\nc: d"]]}),
        json!({"op": "no-such-op"}),
    ];
    for command in commands {
        let outcome = agent.call(&Request::probe(&command));
        assert_eq!((outcome.status, outcome.message), (502, Some("function failed")), "{outcome:?}");
        assert_eq!((outcome.kept, outcome.pid), (true, first), "{command}");
    }
    let late = agent.call(&Request::call("").deadline("2020-01-01T00:00:00Z"));
    assert_eq!((late.status, late.kept, late.pid), (504, true, first), "{late:?}");
}

#[test]
fn case_54_no_input_of_a_caller_costs_a_functions_container() {
    for (program, mut agent) in agents("case_54") {
        let first = ok(program.name, &agent.call(&program.request()));
        let bodies: [&[u8]; 7] = [b"", b"null", b"[]", b"{", b"\xff\xfe", b"{\"test_type\":7}", b"not json"];
        for body in bodies {
            for request in [Request::call(body), Request::call(body).gateway("POST", "/")] {
                let outcome = agent.call(&request);
                assert_eq!((outcome.kept, outcome.pid), (true, first), "{program}: {body:?}: {outcome:?}");
            }
        }
    }
}

#[test]
fn case_55_agent_accepts_the_publication() {
    // The agent itself checks name, target and kind, and connects without another try.
    for (program, mut agent) in agents("case_55") {
        ok(program.name, &agent.call(&program.request()));
    }
}

#[test]
fn case_56_four_parallel_calls_take_four_containers() {
    for (program, mut agent) in agents("case_56") {
        let calls: Vec<_> = (0..4).map(|_| agent.begin(&program.request())).collect();
        let mut pids: Vec<_> = calls.into_iter().map(|call| ok(program.name, &agent.finish(call))).collect();
        pids.sort_unstable();
        pids.dedup();
        assert_eq!((pids.len(), agent.idle()), (4, 4), "{program}");
        let next = ok(program.name, &agent.call(&program.request()));
        assert!(pids.contains(&next), "{program}: an idle container should have had the call");
    }
}

/// What a command in the sandbox gave, or the number of its error.
fn tell(agent: &mut Agent, command: &Value) -> Value {
    let outcome = agent.call(&Request::probe(command));
    ok("probe", &outcome);
    outcome.reply.expect("a reply").json()
}

#[test]
fn case_57_sandbox_is_what_it_says() {
    let Some(mut agent) = agent("case_57", &programs::probe()) else { return };
    let status = tell(&mut agent, &json!({"op": "read", "path": "/proc/self/status"}));
    let status = status["ok"].as_str().expect("status");
    for line in ["Uid:\t1000\t1000\t1000\t1000", "Gid:\t1000\t1000\t1000\t1000", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
    let denied =
        |agent: &mut Agent, path: &str| tell(agent, &json!({"op": "write", "path": path, "text": ""}))["code"].as_i64();
    const READ_ONLY_FILE_SYSTEM: i64 = 30;
    for path in ["/x", "/usr/x", "/function/x"] {
        assert_eq!(denied(&mut agent, path), Some(READ_ONLY_FILE_SYSTEM), "{path}");
    }
    assert_eq!(tell(&mut agent, &json!({"op": "list", "path": "/tmp"}))["ok"], "iofs");
}

#[test]
fn case_57_handler_works_with_tmp_alone() {
    let Some(mut agent) = agent("case_57", &programs::probe()) else { return };
    let text = "kept between calls";
    let written = tell(&mut agent, &json!({"op": "write", "path": "/tmp/state", "text": text}));
    assert_eq!(written["ok"], "written");
    assert_eq!(tell(&mut agent, &json!({"op": "read", "path": "/tmp/state"}))["ok"], text);
    const PERMISSION_DENIED: i64 = 13;
    let executed = tell(&mut agent, &json!({"op": "execute", "path": "/tmp/program"}));
    assert_eq!(executed["code"], PERMISSION_DENIED, "{executed}");
}

#[test]
fn case_57_functions_work_in_the_sandbox() {
    for (program, mut agent) in agents("case_57") {
        for _ in 0..3 {
            ok(program.name, &agent.call(&program.request()));
        }
        ok(program.name, &agent.call(&program.request().gateway("POST", "/")));
    }
}

#[test]
fn case_58_freeze_then_call() {
    for (program, mut agent) in agents("case_58") {
        let first = ok(program.name, &agent.call(&program.request()));
        for _ in 0..5 {
            agent.freeze_idle();
            std::thread::sleep(Duration::from_millis(100));
            let start = Instant::now();
            assert_eq!(ok(program.name, &agent.call(&program.request())), first, "{program}");
            // No measurement: a sign that the call did not wait for some timeout, on however busy a machine.
            assert!(start.elapsed() < Duration::from_secs(20), "{program}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn case_59_exit_in_the_handler_costs_its_own_container() {
    let Some(mut agent) = agent("case_59", &programs::probe()) else { return };
    let first = ok("first", &agent.call(&Request::call("")));
    let outcome = agent.call(&Request::probe(&json!({"op": "exit", "code": 3})));
    assert_eq!((outcome.status, outcome.message), (502, Some("error receiving function response")), "{outcome:?}");
    assert_eq!((outcome.pid, outcome.kept), (first, false));
    assert_eq!(outcome.exit.and_then(|status| status.code()), Some(3));
    assert_ne!(ok("next", &agent.call(&Request::call(""))), first);
}

#[test]
fn case_60_blocking_overrun_costs_its_own_container() {
    let Some(agent) = agent("case_60", &programs::probe()) else { return };
    let mut agent = agent.timeout(Duration::from_secs(2));
    let first = ok("first", &agent.call(&Request::call("").deadline_in(2)));
    let outcome = agent.call(&Request::probe(&json!({"op": "block", "ms": 600_000})).deadline_in(2));
    assert_eq!((outcome.status, outcome.message), (504, Some("Timed out")), "{outcome:?}");
    assert_eq!((outcome.pid, outcome.kept), (first, false));
    assert_ne!(ok("next", &agent.call(&Request::call("").deadline_in(2))), first);
}

#[test]
fn case_60_async_overrun_keeps_the_container() {
    let Some(agent) = agent("case_60", &programs::probe()) else { return };
    let mut agent = agent.timeout(Duration::from_secs(4));
    let first = ok("first", &agent.call(&Request::call("").deadline_in(3)));
    let outcome = agent.call(&Request::probe(&json!({"op": "sleep", "ms": 600_000})).deadline_in(3));
    assert_eq!((outcome.status, outcome.kept, outcome.pid), (504, true, first), "{outcome:?}");
    assert_eq!(ok("next", &agent.call(&Request::call("").deadline_in(3))), first);
}
