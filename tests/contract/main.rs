//! The Fn contract, case by case, as raw bytes on the socket of release binaries.
//!
//! The number in a test's name is that of the case. Cases about framing and statuses run against every
//! function too; those that need a handler's cooperation against the kit's probe alone. Cases 52 and 54
//! to 60 run inside a sandbox like the platform's. `TEST_SLOW=1` waits as long as the contract
//! says where the default is shorter; `TEST_BIN_DIR` names binaries that are built already.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a broken assumption should stop the test that made it")]

mod agent;
mod calls;
mod connections;
mod failures;
mod gateway;
mod hostile;
mod limits;
mod logs;
mod mutations;
mod start;

use tests::harness::programs::Program;
use tests::harness::{Function, Reply, Spec, programs};

/// The probe with the usual environment.
fn probe() -> Function {
    Spec::new(&programs::probe()).start()
}

/// Every program with the usual environment.
fn each(mut check: impl FnMut(&Program, &mut Function)) {
    for program in programs::all() {
        check(&program, &mut Spec::new(&program).start());
    }
}

/// What every successful reply has, whatever the function.
fn assert_success(who: &Program, reply: &Reply) {
    assert_eq!(reply.status, 200, "{who}: {reply:?}");
    assert_eq!(reply.version, "HTTP/1.1", "{who}");
    assert_eq!(reply.value("content-length"), Some(reply.body.len().to_string().as_str()), "{who}");
    assert!(reply.value("content-type").is_some(), "{who}: {reply:?}");
    let version = reply.value("fn-fdk-version").expect("Fn-Fdk-Version");
    assert!(version.starts_with("fdk-rust/"), "{who}: {version}");
    let runtime = reply.value("fn-fdk-runtime").expect("Fn-Fdk-Runtime");
    assert!(runtime.starts_with("rust/1."), "{who}: {runtime}");
    for name in ["connection", "transfer-encoding", "fn-call-id", "date", "server"] {
        assert_eq!(reply.value(name), None, "{who} sends {name}");
    }
}

/// A failure that the agent keeps both the container and the connection for.
fn assert_failure(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert_eq!(reply.value("content-length"), Some("0"), "{reply:?}");
    assert_eq!(reply.value("connection"), None, "{reply:?}");
    assert_eq!(reply.body, b"");
}
