use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::Instant;

use super::*;
use crate::{Context, Error, Settings, Vars};

/// How long the tests' checks may take; those that answer do so at once.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(30);

struct NoConfig;

impl Settings for NoConfig {
    const PREFIX: &'static str = "DEMO_";

    fn read(_: &mut Vars) -> Self {
        Self
    }
}

enum Check {
    Answers(PrincipalCheck),
    /// Needs the runtime's clock and its tasks.
    Waits,
    /// Gives no way to stop it.
    Blocks(StdMutex<Receiver<()>>),
    NeverEnds,
    Panics,
}

struct Demo(Check);

impl Handler for Demo {
    const NAME: &'static str = "demo";
    const ABOUT: &'static str = "Checks its principal";
    type Config = NoConfig;
    type Request = Value;
    type Reply = Value;

    async fn handle(&self, request: Value, _: &Context) -> Result<Value, Error> {
        Ok(request)
    }

    fn configured(&self) -> Value {
        if matches!(self.0, Check::NeverEnds) { Value::Null } else { json!({ "model": "m" }) }
    }

    async fn check_auth(&self) -> PrincipalCheck {
        match &self.0 {
            Check::Answers(answer) => return answer.clone(),
            Check::Waits => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                tokio::spawn(async {}).await.expect("task");
            }
            Check::Blocks(release) => {
                // Ends by itself should the test be gone.
                let _ = release.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(LONG);
            }
            Check::NeverEnds => std::future::pending().await,
            Check::Panics => panic!("asked to"),
        }
        PrincipalCheck::Works { principal: "instance_principal".to_owned(), detail: Value::Null }
    }
}

/// Runs on the kind of runtime that the hosts use.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build_local(Default::default());
    runtime.expect("runtime").block_on(work)
}

fn prober(check: Check) -> Prober<Demo> {
    Prober::new(Arc::new(Demo(check)))
}

fn reply(check: Check, limit: Duration) -> Value {
    let prober = prober(check);
    run(async { prober.auth(limit).await })
}

#[test]
fn a_basic_answer_shows_what_is_configured() {
    assert_eq!(prober(Check::Panics).basic()["configured"], json!({ "model": "m" }));
    assert_eq!(prober(Check::NeverEnds).basic().get("configured"), None);
}

fn detail(check: PrincipalCheck) -> (Value, Value) {
    let mut reply = reply(Check::Answers(check), LONG);
    (reply["status"].take(), reply["detail"].take())
}

#[test]
fn findings_are_merged() {
    let ok = |detail| PrincipalCheck::Works { principal: "instance_principal".to_owned(), detail };
    let principal = json!({"principal": "instance_principal"});
    assert_eq!(detail(ok(Value::Null)), (json!("ok"), principal.clone()));
    assert_eq!(detail(ok(json!({}))), (json!("ok"), principal));
    let known = json!({"provider": "imds", "region": "eu-frankfurt-1", "tenancy": "ocid1.tenancy.oc1..t",
        "compartment": "ocid1.compartment.oc1..c", "seconds_to_expiry": 1200, "clock_skew_seconds": -2,
        "chain": ["resource principal: no OCI_RESOURCE_PRINCIPAL_VERSION", "instance principal: ok"]});
    let (status, found) = detail(ok(known.clone()));
    assert_eq!((status, &found["principal"]), (json!("ok"), &json!("instance_principal")));
    for (name, value) in known.as_object().expect("object") {
        assert_eq!(&found[name], value, "{name}");
    }
    assert_eq!(detail(ok(json!({"principal": "other"}))).1["principal"], "instance_principal");
    assert_eq!(detail(ok(json!([1]))).1, json!({"principal": "instance_principal", "detail": [1]}));
    let failure = PrincipalCheck::Fails { reason: "refused".to_owned(), detail: json!({"chain": ["config file"]}) };
    assert_eq!(detail(failure), (json!("failed"), json!({"reason": "refused", "chain": ["config file"]})));
    let absent = json!("no credentials are configured");
    let unused = |detail| PrincipalCheck::NotUsed { detail };
    assert_eq!(detail(unused(Value::Null)), (json!("not_used"), json!({"reason": absent})));
    let looked = detail(unused(json!({"chain": ["config file: none"]})));
    assert_eq!(looked, (json!("not_used"), json!({"reason": absent, "chain": ["config file: none"]})));
}

#[test]
fn a_check_has_the_runtime_at_hand() {
    assert_eq!(reply(Check::Waits, LONG)["status"], "ok");
}

#[test]
fn the_bound_holds_whatever_the_check_does() {
    let (release, blocked) = channel();
    for check in [Check::NeverEnds, Check::Blocks(StdMutex::new(blocked))] {
        let reply = reply(check, SHORT);
        assert_eq!(
            (&reply["status"], &reply["detail"]["reason"]),
            (&json!("failed"), &json!("no answer within 30 ms"))
        );
    }
    drop(release);
}

#[test]
fn a_blocked_check_keeps_one_thread_and_the_next_one_waits_for_it() {
    let (release, blocked): (Sender<()>, _) = channel();
    let prober = prober(Check::Blocks(StdMutex::new(blocked)));
    run(async {
        for _ in 0..3 {
            assert_eq!(prober.auth(SHORT).await["status"], "failed");
        }
        // One answer would not do for two checks.
        release.send(()).expect("the check waits");
        release.send(()).expect("the check waits");
        assert_eq!(prober.auth(LONG).await["status"], "ok");
    });
}

#[test]
fn a_panic_is_a_failed_check() {
    let reply = reply(Check::Panics, LONG);
    assert_eq!(
        (&reply["status"], &reply["test_type"], &reply["function"]),
        (&json!("failed"), &json!("auth"), &json!("demo"))
    );
    assert!(reply["detail"]["reason"].as_str().expect("text").contains("panicked"), "{reply}");
}

#[test]
fn a_check_ends_before_the_call_has_to() {
    let now = Instant::now();
    assert_eq!(time_for_check(Budget::unlimited(now)), AUTH_TIMEOUT);
    assert_eq!(time_for_check(Budget::of(now, Duration::from_secs(300))), AUTH_TIMEOUT);
    let short = time_for_check(Budget::of(now, Duration::from_secs(2)));
    assert!(short <= Duration::from_millis(1600), "{short:?}");
    assert_eq!(time_for_check(Budget::of(now - Duration::from_secs(9), Duration::from_secs(3))), Duration::ZERO);
}
