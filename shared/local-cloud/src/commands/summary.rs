//! The result of the flow as text. It reads whatever is there: a figure that is absent shows as `-`.

use serde_json::Value;

use crate::terminal::{Align, Table, Terminal, clean, wrap};

const ABSENT: &str = "-";
/// Decisions, recommendations and absent figures beyond this are counted only.
const MAX_LINES: usize = 6;

/// All of it.
pub(super) fn text(result: &Value, terminal: &Terminal) -> String {
    let summary = &result["executive_summary"];
    let mut out = agents(result, terminal);
    out += &situation(summary, &result["workflow_run"], terminal);
    out += &bullets("Decisions", &decisions(summary), terminal);
    out += &bullets("Recommendations", &texts(&summary["strategic_recommendations"]), terminal);
    out += &bullets("Not known", &unknown(summary), terminal);
    out
}

/// What became of each agent, in the order in which they were called.
fn agents(result: &Value, terminal: &Terminal) -> String {
    let right = Align::Right;
    let heads = [
        ("AGENT", Align::Left),
        ("STATUS", Align::Left),
        ("SECONDS", right),
        ("CONFIDENCE", right),
        ("INSIGHTS", right),
    ];
    let mut table = Table::new(&heads);
    for name in texts(&result["workflow_run"]["agents_deployed"]) {
        let (end, answer) = (&result["workflow_run"]["agents"][&name], &result["agent_results"][&name]);
        let number = |value: &Value| figure(value).unwrap_or_else(|| ABSENT.to_owned());
        let insights = answer["insights"].as_array().map_or(ABSENT.to_owned(), |insights| insights.len().to_string());
        table.row([
            clean(&name),
            end["status"].as_str().unwrap_or(ABSENT).to_owned(),
            number(&answer["execution_time"]),
            number(&answer["confidence_score"]),
            insights,
        ]);
    }
    format!("\n{}", table.render(terminal))
}

fn situation(summary: &Value, run: &Value, terminal: &Terminal) -> String {
    let (at, money) = (&summary["situation_assessment"], &summary["financial_projections"]);
    let detail = &money["current_state_detail"];
    let word = |value: &Value| value.as_str().map_or(ABSENT.to_owned(), clean);
    let number = |value: &Value, unit: &str| figure(value).map_or(ABSENT.to_owned(), |text| text + unit);
    let health = match (&at["business_health"], number(&at["business_health_numeric"], " of 100")) {
        (Value::String(label), score) => format!("{score}, {}", clean(label)),
        (_, score) => score,
    };
    let lines = [
        ("status", word(&run["status"])),
        ("health", health),
        ("state", word(&money["current_state"])),
        ("revenue", number(&detail["total_revenue"], "")),
        ("gross margin", number(&detail["gross_margin"], " %")),
        ("position", word(&at["strategic_position"])),
        ("urgency", word(&at["urgency_level"])),
        ("immediate risk", word(&at["immediate_risk"])),
    ];
    let mut out = format!("\n{}\n", terminal.bold("Executive summary"));
    for (name, text) in lines {
        let room = terminal.width.saturating_sub(18);
        out += &format!("  {name:<15} {}\n", wrap(&text, room, &" ".repeat(18)));
    }
    out
}

fn decisions(summary: &Value) -> Vec<String> {
    let decision = |decision: &Value| {
        let text = |name: &str| decision[name].as_str().unwrap_or(ABSENT);
        format!("{}: {} ({}, {})", text("decision"), text("action"), text("owner"), text("timeline"))
    };
    list(&summary["key_decisions_required"]).iter().map(decision).collect()
}

fn unknown(summary: &Value) -> Vec<String> {
    let reasons = summary["coverage"].as_object().into_iter().flatten();
    reasons.map(|(figure, reason)| format!("{figure}: {}", reason.as_str().unwrap_or(ABSENT))).collect()
}

fn bullets(title: &str, items: &[String], terminal: &Terminal) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", terminal.bold(title));
    for item in items.iter().take(MAX_LINES) {
        out += &format!("  - {}\n", wrap(&clean(item), terminal.width, "    "));
    }
    if items.len() > MAX_LINES {
        out += &format!("  and {} more in result.json\n", items.len() - MAX_LINES);
    }
    out
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Six significant digits are enough to recognise a figure; the file has them all.
fn figure(value: &Value) -> Option<String> {
    let number = value.as_f64()?;
    let text = match number.abs() {
        size if size >= 1e12 || (size > 0.0 && size < 1e-4) => format!("{number:.3e}"),
        size if number.fract() == 0.0 || size >= 1e5 => format!("{number:.0}"),
        size if size >= 100.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    };
    let text = if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    Some(grouped(text))
}

/// With commas between thousands.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, rest) = digits.split_at(digits.find(['.', 'e']).unwrap_or(digits.len()));
    let first = whole.len() % 3;
    let mut groups: Vec<&str> = (first..whole.len()).step_by(3).map(|at| &whole[at..at + 3]).collect();
    if first > 0 {
        groups.insert(0, &whole[..first]);
    }
    format!("{sign}{}{rest}", groups.join(","))
}

/// JSON with line breaks, without reading its numbers: writing them anew could change their last digit,
/// and reading objects anew their order.
pub(super) fn indented(json: &str) -> String {
    let (mut out, mut depth, mut in_text, mut escaped) = (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        if in_text {
            out.push(character);
            in_text = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '{' | '[' if characters.peek().is_some_and(|next| matches!(next, '}' | ']')) => {
                out.push(character);
                out.extend(characters.next());
            }
            '{' | '[' => {
                depth += 1;
                out.push(character);
                line_break(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line_break(&mut out, depth);
                out.push(character);
            }
            ',' => {
                out.push(',');
                line_break(&mut out, depth);
            }
            ':' => out += ": ",
            blank if blank.is_ascii_whitespace() => {}
            other => {
                in_text = other == '"';
                out.push(other);
            }
        }
    }
    out + "\n"
}

fn line_break(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_indented_and_otherwise_the_same() {
        let text = r#"{"b":1.10,"a":["x, {y}: \"z\\",{},[],[0.1,-1e5]],"c":"\\"}"#;
        let pretty = indented(text);
        let (before, after): (Value, Value) =
            (serde_json::from_str(text).unwrap(), serde_json::from_str(&pretty).unwrap());
        assert_eq!(before, after);
        assert!(pretty.starts_with("{\n  \"b\": 1.10,\n  \"a\": [\n    \"x, {y}: \\\"z\\\\\",\n    {},"), "{pretty}");
    }

    #[test]
    fn figures_are_short() {
        let check = |number: f64, text: &str| assert_eq!(figure(&json!(number)).as_deref(), Some(text));
        check(9994.0, "9,994");
        check(-6599.978, "-6,599.98");
        check(0.156_202_721, "0.1562");
        check(229.858_000_8, "229.86");
        check(2_297_200.860_3, "2,297,201");
        check(1e15, "1.000e15");
        check(0.0, "0");
        assert_eq!(figure(&Value::Null), None);
    }

    #[test]
    fn an_unexpected_result_still_prints() {
        let terminal = Terminal { colour: false, width: 80, is_terminal: false };
        for result in
            [json!({}), json!([1]), json!({ "executive_summary": 7, "workflow_run": { "agents_deployed": [1, "x"] } })]
        {
            assert!(text(&result, &terminal).contains("Executive summary"));
        }
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let terminal = Terminal { colour: false, width: 100, is_terminal: false };
        let recommendations: Vec<_> = (0..20).map(|n| format!("r{n}\u{1b}[31m")).collect();
        let shown = text(&json!({ "executive_summary": { "strategic_recommendations": recommendations } }), &terminal);
        assert!(shown.contains("and 14 more in result.json") && !shown.contains('\u{1b}'), "{shown}");
    }
}
