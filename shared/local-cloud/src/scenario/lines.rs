//! The table that scrolls: a line for each machine about which there is news.

use serde_json::Value;

use super::account::{is_short, per_hour};
use super::fleet::{Fleet, Machine};
use crate::terminal::{Align, clean, pad, shorten};

/// Name, width, edge.
const COLUMNS: [(&str, usize, Align); 8] = [
    ("TIME", 12, Align::Left),
    ("MACHINE", 14, Align::Left),
    ("DEMAND", 6, Align::Right),
    ("BUSY", 5, Align::Right),
    ("DECISION", 13, Align::Left),
    ("OCPUS", 9, Align::Left),
    ("$/H", 5, Align::Right),
    ("RULE", 34, Align::Left),
];
const HOLD: &str = "HOLD";
/// Answers of the cloud that need no word.
const DONE: [&str; 2] = ["accepted", "changed"];

/// What was said of each machine last; the same is not said again.
#[derive(Debug, Default)]
pub(super) struct Lines {
    said: Vec<String>,
    warned: String,
}

impl Lines {
    pub(super) fn head() -> String {
        line(&COLUMNS.map(|(name, ..)| name.to_owned()))
    }

    /// The news of a tick.
    pub(super) fn of(&mut self, fleet: &Fleet, reply: &Value) -> Vec<String> {
        self.said.resize(fleet.machines.len(), String::new());
        let time = fleet.now.strftime("%a %d %H:%M").to_string();
        let mut lines: Vec<String> = self.warning(reply).map(|text| format!("{time}  {text}")).into_iter().collect();
        if reply["decisions"].is_array() {
            let machines = fleet.machines.iter().zip(&mut self.said);
            lines.extend(machines.filter_map(|(machine, said)| news(&time, machine, said, reply)));
        }
        lines
    }

    /// What was not as it should be, unless it was the same before.
    fn warning(&mut self, reply: &Value) -> Option<String> {
        let mut texts: Vec<&str> =
            reply["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let nothing = format!("no decisions: {}", reply["status"].as_str().unwrap_or("?"));
        if !reply["decisions"].is_array() {
            texts.push(&nothing);
        }
        let text = clean(&texts.join("; "));
        let is_news = !text.is_empty() && text != self.warned;
        self.warned.clone_from(&text);
        is_news.then_some(text)
    }
}

fn news(time: &str, machine: &Machine, said: &mut String, reply: &Value) -> Option<String> {
    let of_machine = |list: &Value| {
        list.as_array().into_iter().flatten().find(|one| one["id"] == machine.id.as_str()).cloned().unwrap_or_default()
    };
    let (decision, resize) = (of_machine(&reply["decisions"]), of_machine(&reply["resizes"]));
    let kind = decision["decision"].as_str().unwrap_or("UNKNOWN");
    let rule = rule(&decision, &resize);
    let is_plain = kind == HOLD && resize.is_null() && machine.seen.running && !is_short(&machine.seen);
    let now = if is_plain { String::new() } else { format!("{kind} {rule}") };
    let is_news = !now.is_empty() && (now != *said || resize["answer"].is_string());
    *said = now;
    is_news.then(|| line(&cells(time, machine, kind, &decision, rule)))
}

/// The main rule, and what the cloud said when it did not simply do it.
fn rule(decision: &Value, resize: &Value) -> String {
    let text = |value: &Value| clean(value.as_str().unwrap_or("?"));
    let main = &decision["reasons"][0];
    let rule = format!("{} {}", text(&main["rule"]), text(&main["code"]));
    match resize["answer"].as_str().filter(|answer| !DONE.contains(answer)) {
        Some(answer) => format!("{rule} ({})", clean(answer)),
        None => rule,
    }
}

fn cells(time: &str, machine: &Machine, kind: &str, decision: &Value, rule: String) -> [String; 8] {
    let seen = &machine.seen;
    let (from, to) = (decision["from"]["ocpus"].as_f64(), decision["to"]["ocpus"].as_f64());
    let sizes = match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
        (Some(from), _) => from.to_string(),
        (None, _) => "?".to_owned(),
    };
    let unknown = || "?".to_owned();
    [
        time.to_owned(),
        machine.name.clone(),
        seen.demand.map_or_else(unknown, |demand| format!("{demand:.1}")),
        match seen.running {
            true => seen.busy().map_or_else(unknown, |busy| format!("{busy:.0} %")),
            false => "down".to_owned(),
        },
        clean(kind),
        sizes,
        to.or(from).map_or_else(unknown, |ocpus| format!("{:.2}", per_hour(ocpus))),
        rule,
    ]
}

fn line(cells: &[String; 8]) -> String {
    let cell =
        |(text, (_, width, align)): (&String, &(&str, usize, Align))| pad(&shorten(text, *width), *width, *align);
    let cells: Vec<String> = cells.iter().zip(&COLUMNS).map(cell).collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_warning_is_not_said_twice() {
        let mut lines = Lines::default();
        let mut check = |reply: Value, expected: Option<&str>| assert_eq!(lines.warning(&reply).as_deref(), expected);
        check(json!({ "status": "ok", "decisions": [] }), None);
        check(json!({ "status": "busy" }), Some("no decisions: busy"));
        check(json!({ "status": "busy" }), None);
        check(json!({ "status": "partial", "decisions": [], "warnings": ["a\u{1b}", "b"] }), Some("a·; b"));
        check(json!({ "status": "ok", "decisions": [] }), None);
        check(json!({ "status": "busy" }), Some("no decisions: busy"));
    }

    #[test]
    fn rules_tell_what_the_cloud_refused() {
        let decision = json!({ "reasons": [{ "rule": "R4", "code": "cpu_hot" }] });
        let check = |resize: Value, expected: &str| assert_eq!(rule(&decision, &resize), expected);
        check(Value::Null, "R4 cpu_hot");
        check(json!({ "answer": "accepted" }), "R4 cpu_hot");
        check(json!({ "answer": "no_capacity" }), "R4 cpu_hot (no_capacity)");
        assert_eq!(rule(&Value::Null, &Value::Null), "? ?");
    }
}
