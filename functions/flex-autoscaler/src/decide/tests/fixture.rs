//! Inputs as JSON, made from few words, and what came out.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::decide::{Outcome, decide};
use crate::forecast::Profile;
use crate::input::Inputs;
use crate::state::State;

/// The moment of most tests: a Wednesday.
pub(super) const NOW: &str = "2026-03-11T12:00:00Z";

/// A moment so many minutes before another.
pub(super) fn before(now: &str, minutes: f64) -> Timestamp {
    let now: Timestamp = now.parse().unwrap();
    now - SignedDuration::from_secs((minutes * 60.0) as i64)
}

/// Points, the last one a minute before `now`, one a minute; the values are in order of time.
pub(super) fn points(now: &str, values: &[f64]) -> Value {
    let count = values.len();
    let point = |(index, value): (usize, &f64)| json!({"at": before(now, (count - index) as f64), "value": value});
    values.iter().enumerate().map(point).collect()
}

/// Three hours at one value.
pub(super) fn flat(value: f64) -> Vec<f64> {
    vec![value; 180]
}

/// Three hours at one value, with other values at the end.
pub(super) fn ending(value: f64, last: &[f64]) -> Vec<f64> {
    let mut values = flat(value);
    let from = values.len() - last.len();
    values[from..].copy_from_slice(last);
    values
}

/// The shape of most tests.
pub(super) fn shape() -> Value {
    json!({
        "name": "VM.Standard.E5.Flex", "is_flexible": true, "min_ocpus": 1.0, "max_ocpus": 94.0,
        "min_memory_gb": 1.0, "max_memory_gb": 1049.0, "min_memory_per_ocpu_gb": 1.0, "max_memory_per_ocpu_gb": 64.0,
    })
}

/// Inputs in the making: one machine `vm` of 16 OCPUs and 256 GB that has been watched for two days, is at 65 % CPU
/// and 40 % memory, which fits, with a day of little memory behind it, and a policy that enforces.
#[derive(Debug, Clone)]
pub(super) struct Fixture(pub(super) Value);

impl Fixture {
    pub(super) fn new() -> Self {
        Self::at(NOW)
    }

    pub(super) fn at(now: &str) -> Self {
        let mut made = Self(json!({
            "now": now, "epoch": 7, "policy": {"mode": "enforce"}, "shapes": [shape()], "instances": [machine("vm")],
        }));
        made.state(json!({"version": 1, "since": before(now, 2880.0), "epoch": 6, "instances": {}}));
        made.entry(json!({"since": before(now, 2880.0), "seen_at": before(now, 5.0), "size": {"ocpus": 16.0, "memory_gb": 256.0}}));
        made.cpu(&flat(65.0)).memory(&flat(40.0));
        let day = memory_of_a_day(now, 10.0);
        made.profile(&day);
        made
    }

    pub(super) fn now(&self) -> String {
        self.0["now"].as_str().unwrap().to_owned()
    }

    pub(super) fn machine(&mut self) -> &mut Value {
        &mut self.0["instances"][0]
    }

    pub(super) fn set(&mut self, member: &str, value: Value) -> &mut Self {
        self.machine()[member] = value;
        self
    }

    pub(super) fn cpu(&mut self, values: &[f64]) -> &mut Self {
        let points = points(&self.now(), values);
        self.set("cpu", points)
    }

    pub(super) fn memory(&mut self, values: &[f64]) -> &mut Self {
        let points = points(&self.now(), values);
        self.set("memory", points)
    }

    /// Another size, now and in the memory.
    pub(super) fn size(&mut self, ocpus: f64, memory_gb: f64) -> &mut Self {
        let size = json!({"ocpus": ocpus, "memory_gb": memory_gb});
        self.machine()["size"] = size.clone();
        self.known()["size"] = size;
        self
    }

    /// Sets a member of the policy by its path.
    pub(super) fn policy(&mut self, path: &str, value: Value) -> &mut Self {
        let mut at = &mut self.0["policy"];
        for member in path.split('.') {
            at = &mut at[member];
        }
        *at = value;
        self
    }

    /// Sets a member of the shape.
    pub(super) fn shape(&mut self, member: &str, value: Value) -> &mut Self {
        self.0["shapes"][0][member] = value;
        self
    }

    pub(super) fn state(&mut self, state: Value) -> &mut Self {
        self.0["state"] = state;
        self
    }

    fn entry(&mut self, entry: Value) -> &mut Self {
        self.0["state"]["instances"]["vm"] = entry;
        self
    }

    /// What is remembered of the machine.
    pub(super) fn known(&mut self) -> &mut Value {
        &mut self.0["state"]["instances"]["vm"]
    }

    /// A change that was seen so many minutes ago.
    pub(super) fn changed(&mut self, minutes: f64, kind: &str, from: f64, to: f64) -> &mut Self {
        let now = self.now();
        let size = |ocpus: f64| json!({"ocpus": ocpus, "memory_gb": ocpus * 16.0});
        let change = json!({
            "begun": before(&now, minutes + 4.0), "at": before(&now, minutes), "kind": kind,
            "from": size(from), "to": size(to),
        });
        self.known()["changes"] = json!([change]);
        self
    }

    /// A change that was asked for so many minutes ago.
    pub(super) fn commanded(&mut self, minutes: f64, status: &str, from: f64, to: f64) -> &mut Self {
        let size = |ocpus: f64| json!({"ocpus": ocpus, "memory_gb": ocpus * 16.0});
        self.known()["commanded"] = json!({
            "at": before(&self.now(), minutes), "epoch": 6, "kind": "UP", "from": size(from), "to": size(to),
            "token": "t", "if_match": "etag-vm", "may_restart": false, "status": status,
        });
        self
    }

    /// A day of memory before the points, at this share of 256 GB.
    pub(super) fn memory_of_the_day(&mut self, percent: f64) -> &mut Self {
        let day = memory_of_a_day(&self.now(), percent);
        self.profile(&day)
    }

    /// A day at 100 GB, and before the points at so many OCPUs: the expected costs are known.
    pub(super) fn day_at(&mut self, ocpus: f64) -> &mut Self {
        let mut profile = Profile::default();
        for minutes in (1..=1440).rev() {
            let ocpus = (minutes >= 180).then_some(ocpus);
            profile.record(before(&self.now(), f64::from(minutes)), ocpus, Some(100.0));
        }
        self.profile(&profile)
    }

    /// What is remembered of its use.
    pub(super) fn profile(&mut self, profile: &Profile) -> &mut Self {
        self.known()["profile"] = serde_json::to_value(profile).unwrap();
        self
    }

    pub(super) fn inputs(&self) -> Inputs {
        serde_json::from_value(self.0.clone()).unwrap()
    }

    /// Decides, in a dry run as well: the same decisions, nothing to do. Only what is off decides otherwise.
    #[track_caller]
    pub(super) fn decide(&self) -> Outcome {
        let outcome = decide(&self.inputs());
        if self.0["policy"]["mode"] == "off" {
            return outcome;
        }
        let mut dry = self.clone();
        dry.policy("mode", json!("dry_run"));
        let dry = decide(&dry.inputs());
        let written = |outcome: &Outcome| serde_json::to_string(&outcome.record.decisions).unwrap();
        assert_eq!(written(&dry), written(&outcome), "a dry run decides the same");
        assert!(dry.actions.is_empty(), "{:#?}", dry.actions);
        outcome
    }

    /// The next tick, with what this one has left.
    pub(super) fn after(&self, state: &State, now: &str) -> Self {
        let mut next = self.clone();
        next.0["state"] = serde_json::to_value(state).unwrap();
        next.0["now"] = json!(now);
        next
    }
}

/// A day of memory at this share of 256 GB, of which the last three hours are not known yet.
fn memory_of_a_day(now: &str, percent: f64) -> Profile {
    let mut profile = Profile::default();
    for minutes in (185..=1440).rev().step_by(5) {
        profile.record(before(now, f64::from(minutes)), None, Some(percent / 100.0 * 256.0));
    }
    profile
}

/// A machine of 16 OCPUs and 256 GB without points.
pub(super) fn machine(id: &str) -> Value {
    json!({
        "id": id, "state": "RUNNING", "shape": "VM.Standard.E5.Flex", "size": {"ocpus": 16.0, "memory_gb": 256.0},
        "availability_domain": "AD-1", "compartment": "c", "etag": format!("etag-{id}"),
        "baseline": "BASELINE_1_1", "on_dedicated_host": false, "preemptible": false, "cpu": [], "memory": [],
    })
}

/// What came out, in one line: `UP 22/352` or `HOLD(cooldown) 16/256`.
pub(super) fn said(outcome: &Outcome) -> String {
    said_of(outcome, "vm")
}

/// The same of one of several machines.
pub(super) fn said_of(outcome: &Outcome, id: &str) -> String {
    let decision = outcome.record.decisions.iter().find(|decision| decision.id == id).expect("a decision");
    let size = decision.to.map_or_else(|| "?".to_owned(), |to| format!("{}/{}", to.ocpus, to.memory_gb));
    let name = decision.decision.name();
    if decision.decision.is_resize() { format!("{name} {size}") } else { format!("{name}({}) {size}", decision.reason) }
}

/// The codes of the alerts.
pub(super) fn alerts(outcome: &Outcome) -> Vec<&'static str> {
    outcome.record.alerts.iter().map(|alert| alert.code).collect()
}

/// The codes of the clamps.
pub(super) fn clamps(outcome: &Outcome) -> Vec<&'static str> {
    outcome.record.decisions[0].clamps.iter().map(|clamp| clamp.code).collect()
}

/// Decides, and compares the line.
#[track_caller]
pub(super) fn check(fixture: &Fixture, expected: &str) -> Outcome {
    let outcome = fixture.decide();
    assert_eq!(said(&outcome), expected, "{:#?}", outcome.record.decisions[0]);
    let decision = &outcome.record.decisions[0];
    assert_eq!(outcome.actions.len(), usize::from(decision.decision.is_resize()), "actions follow decisions");
    outcome
}
