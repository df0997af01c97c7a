//! Circuit breakers of the deployment: orders from the command line and by a call, and what a tick shows of them.

use std::time::Duration;

use causeway_cloud::breaker::{Breakers, Dependency, NewOrder};
use causeway_resilience::Deadline;
use causeway_resilience::breaker::{Config, Mode, Outcome, Phase, Settings};
use serde_json::{Value, json};

use crate::cloud::{Cloud, tick};
use crate::target::{Way, check};

const NO: Deadline = Deadline::NONE;

fn storage() -> Dependency {
    Dependency::new("object-storage", "").unwrap()
}

/// A breaker that another function has used.
fn used(cloud: &Cloud) -> Breakers {
    let breakers = cloud.breakers(Config::shared());
    cloud.runtime().block_on(async {
        let breaker = breakers.of(&storage());
        breaker.enter(NO).await.map_err(drop).unwrap().report(Outcome::Failed, NO).await;
    });
    breakers
}

/// Whether a process that has just started lets calls through.
fn lets_through(cloud: &Cloud) -> bool {
    cloud.runtime().block_on(async { cloud.breakers(Config::shared()).of(&storage()).enter(NO).await.is_ok() })
}

fn command(cloud: &Cloud, arguments: &[&str]) -> (Option<i32>, String) {
    let output = cloud.command(&[&["breaker"], arguments].concat()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

#[test]
fn an_order_of_the_command_line_holds_for_all_processes_and_is_shown() {
    let mut cloud = Cloud::start();
    cloud.settings(&json!({}));
    used(&cloud);
    assert!(lets_through(&cloud));
    let (status, text) = command(
        &cloud,
        &["force-open", "object-storage", "--author", "oncall", "--expires", "2h", "--reason", "a drill"],
    );
    assert!(status == Some(0) && text.contains("forced open by oncall until") && text.contains("a drill"), "{text}");
    assert!(!lets_through(&cloud));
    let reply = tick(&cloud.process());
    let shown = &reply["breakers"][0];
    assert_eq!((&shown["name"], &shown["order"]["mode"]), (&json!("object-storage"), &json!("forced_open")), "{shown}");
    assert!(cloud.object("health-checker/status.html").contains("forced open by oncall until"));
    let (status, text) = command(&cloud, &["clear", "object-storage", "--author", "bob"]);
    assert!(status == Some(0), "{text}");
    assert!(lets_through(&cloud));
    let titles: Vec<Value> = cloud.messages().iter().map(|message| message["title"].clone()).collect();
    let about = |part: &str| titles.iter().filter(|title| title.as_str().unwrap().contains(part)).count();
    assert_eq!((about("is held by an order"), about("is released")), (1, 1), "{titles:?}");
}

#[test]
fn the_same_by_a_call() {
    let mut cloud = Cloud::start();
    cloud.settings(&json!({}));
    used(&cloud);
    let process = cloud.process();
    let order = json!({
        "kind": "breaker", "action": "disable", "name": "object-storage", "author": "oncall", "expires": "30m",
    });
    let reply = process.answer(&order, 60);
    assert_eq!((&reply["changed"], &reply["breakers"][0]["order"]["mode"]), (&json!(true), &json!("disabled")));
    let listed = process.answer(&json!({"kind": "breaker"}), 60);
    assert_eq!(listed["breakers"][0]["order"]["author"], "oncall", "{listed}");
    // What makes no sense is an answer, and changes nothing.
    let wrong = process.answer(&json!({"kind": "breaker", "action": "force_open", "name": "object-storage"}), 60);
    assert!(wrong.to_string().contains("author"), "{wrong}");
    let (status, text) = command(&cloud, &["force-open", "nobody", "--author", "oncall", "--expires", "2h"]);
    assert!(status == Some(65) && text.contains("no circuit breaker"), "{text}");
}

/// Ticks of one process, at most, until something is so; they are counted, and time is not.
const MOST_TICKS: usize = 120;

/// Replies of ticks up to the first of which this is so.
pub(crate) fn ticks_until(cloud: &Cloud, is_so: impl Fn(&Value) -> bool) -> Vec<Value> {
    let process = cloud.process();
    let mut replies = Vec::new();
    while replies.len() < MOST_TICKS {
        replies.push(tick(&process));
        if replies.last().is_some_and(&is_so) {
            return replies;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    panic!("it was not so after {MOST_TICKS} ticks: {}", replies[MOST_TICKS - 1]);
}

/// How a breaker stands, and the probes of it that have passed.
pub(crate) fn shown(reply: &Value, name: &str) -> (Value, u64) {
    let all = reply["breakers"].as_array().unwrap();
    let one = all.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("no {name} in {reply}"));
    (one["standing"].clone(), one["probed"]["passed"].as_u64().unwrap_or(0))
}

/// Rules of breakers that need no patience.
pub(crate) fn hasty() -> (Value, Config) {
    let rules = json!({ "open_seconds": 1, "open_cap_seconds": 1, "idle_probe_seconds": 0 });
    let config = serde_json::from_value::<Settings>(rules.clone()).unwrap().config().unwrap();
    (rules, config)
}

/// Five calls of it have failed.
pub(crate) fn left_open(cloud: &Cloud, breakers: &Breakers, dependency: &Dependency) {
    cloud.runtime().block_on(async {
        let breaker = breakers.of(dependency);
        breaker.enter(NO).await.map_err(drop).unwrap().report(Outcome::Failed, NO).await;
        // A new document only counts for a minute; an order that is taken back ends that.
        let order = NewOrder { mode: Mode::Closed, author: "oncall", reason: None, lasts: Duration::from_secs(60) };
        breakers.order(dependency, order, NO).await.unwrap();
        breakers.release(dependency, "oncall", NO).await.unwrap();
        for _ in 0..5 {
            breaker.enter(NO).await.map_err(drop).unwrap().report(Outcome::Failed, NO).await;
        }
        // What is written down, and not what a call would get: by then its time may be over.
        let state = breaker.last_known().unwrap();
        assert!(matches!(state.phase(), Phase::Open { .. }), "{state:?}");
    });
}

#[test]
fn an_open_breaker_that_nobody_calls_is_closed_by_the_looks_of_a_tick() {
    let mut cloud = Cloud::start();
    let (rules, config) = hasty();
    left_open(&cloud, &cloud.breakers(config), &storage());
    let server = cloud.serve(Way::Says(200, json!({})));
    let mut check = check("storage", &server.url("127.0.0.1"));
    check["breaker"] = json!("object-storage");
    let folder = json!({ "folder": "breakers", "rules": rules });
    cloud.settings(&json!({ "allowed_hosts": ["127.0.0.1"], "checks": [check], "breakers": [folder] }));
    let replies = ticks_until(&cloud, |reply| shown(reply, "object-storage").0 == "closed");
    let passed: u64 = replies.iter().map(|reply| shown(reply, "object-storage").1).sum();
    assert_eq!(passed, 5, "{replies:?}");
    assert_eq!(server.seen(), 6, "the check's own look, and five probes");
}

#[test]
fn settings_are_checked_and_their_schema_is_printed() {
    let cloud = Cloud::start();
    let run = |arguments: &[&str]| cloud.command(arguments).env_clear().output().unwrap();
    let schema: Value = serde_json::from_slice(&run(&["settings", "--schema"]).stdout).unwrap();
    assert!(schema["properties"]["breakers"].is_object(), "{schema}");
    let file = cloud.files().join("settings.yaml");
    std::fs::write(&file, "checks:\n  - { id: a, probe: { dns: { nme: h } } }\n").unwrap();
    let wrong = run(&["settings", "-f", file.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(65) && told.contains("line 2"), "{told}");
}
