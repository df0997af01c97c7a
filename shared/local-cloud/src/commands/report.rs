//! The discovery agent's result as text. It reads whatever is there: a figure that is absent shows as `-`.

use serde_json::Value;

use crate::terminal::{Align, Table, Terminal, clean, shorten, thousands, wrap};

const ABSENT: &str = "-";
/// Alerts and links beyond this are counted only.
const MAX_LINES: usize = 12;
/// Narrower terminals get one column less.
const ROOM_FOR_ALL_COLUMNS: usize = 100;

/// All of it.
pub(super) fn text(result: &Value, terminal: &Terminal) -> String {
    let data = &result["data"];
    let mut out = String::new();
    for table in list(&data["tables"]) {
        out += &table_text(table, terminal);
    }
    out += &ecosystem(result, terminal);
    for (title, items) in [("Insights", &result["insights"]), ("Recommendations", &result["recommendations"])] {
        out += &bullets(title, &texts(items), terminal);
    }
    out
}

fn table_text(table: &Value, terminal: &Terminal) -> String {
    let facts = format!(
        "{} rows x {} columns, {}",
        count(&table["row_count"]),
        count(&table["column_count"]),
        table["object"].as_str().unwrap_or(ABSENT)
    );
    let title = format!(
        "\n{}  {}\n",
        terminal.bold(&clean(table["name"].as_str().unwrap_or("table"))),
        terminal.dim(&clean(&facts))
    );
    let right = Align::Right;
    let mut heads = vec![
        ("COLUMN", Align::Left),
        ("TYPE", Align::Left),
        ("NULLS", right),
        ("DISTINCT", right),
        ("MIN", right),
        ("MAX", right),
        ("MEAN", right),
        ("MOST FREQUENT", Align::Left),
        ("PII", Align::Left),
    ];
    if terminal.width < ROOM_FOR_ALL_COLUMNS {
        // Personal data stands in the summary as well.
        heads.pop();
    }
    let mut columns = Table::new(&heads);
    list(&table["columns"]).iter().for_each(|column| columns.row(column_cells(column)));
    title + &columns.render(terminal)
}

fn column_cells(column: &Value) -> [String; 9] {
    let numeric = &column["numeric"];
    let dates = &column["dates"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let bound =
        |number: &Value, date: &Value| text(date).or_else(|| figure(number)).unwrap_or_else(|| ABSENT.to_owned());
    let exact = column["distinct"]["exact"].as_bool().unwrap_or(true);
    [
        text(&column["name"]).unwrap_or_default(),
        text(&column["logical_type"]).unwrap_or_default(),
        count(&column["null_count"]),
        format!("{}{}", if exact { "" } else { "~" }, count(&column["distinct"]["value"])),
        bound(&numeric["min"], &dates["first"]),
        bound(&numeric["max"], &dates["last"]),
        figure(&numeric["mean"]).unwrap_or_else(|| ABSENT.to_owned()),
        top(column),
        pii(column),
    ]
}

fn top(column: &Value) -> String {
    let first = &column["top"]["values"][0];
    let times = first["count"].as_u64().unwrap_or(0);
    let value = match &first["value"] {
        Value::Null => return ABSENT.to_owned(),
        Value::String(text) => shorten(text, 24),
        other => other.to_string(),
    };
    if times > 1 { format!("{value} ({})", thousands(times)) } else { ABSENT.to_owned() }
}

fn pii(column: &Value) -> String {
    let names: Vec<_> = list(&column["pii"]).iter().filter_map(|flag| flag["entity"].as_str()).collect();
    names.join(", ")
}

fn ecosystem(result: &Value, terminal: &Terminal) -> String {
    let data = &result["data"];
    let whole = &data["data_ecosystem"];
    let rows: u64 = list(&data["tables"]).iter().filter_map(|table| table["row_count"].as_u64()).sum();
    let number = |value: &Value| value.as_f64().map_or(ABSENT.to_owned(), |number| format!("{number:.3}"));
    let mut lines = vec![
        ("status", result["status"].as_str().unwrap_or(ABSENT).to_owned()),
        ("tables", format!("{} with {} rows", count(&whole["total_entities"]), thousands(rows))),
        ("quality score", format!("{} of 1", number(&whole["data_quality_score"]))),
        ("confidence", format!("{} of 1", number(&result["confidence_score"]))),
        ("domains", joined(&texts(&whole["business_domains"]))),
        ("keys", joined(&keys(data))),
        ("links", joined(&links(data))),
        ("personal data", joined(&personal(data))),
        ("alerts", joined(&alerts(data))),
    ];
    let deferred = texts(&data["coverage"]["deferred"]);
    if !deferred.is_empty() {
        let count = data["coverage"]["deferred_count"].as_u64().and_then(|count| usize::try_from(count).ok());
        lines.push(("not read", joined_of(&deferred, count.unwrap_or(deferred.len()))));
    }
    let drift = drift(data);
    if !drift.is_empty() {
        lines.push(("drift", joined(&drift)));
    }
    let omitted = omitted(data);
    if !omitted.is_empty() {
        lines.push(("left out", joined(&omitted)));
    }
    let line = |(name, text): &(&str, String)| {
        let text = wrap(text, terminal.width, &" ".repeat(17));
        let text = if *name == "status" { status(&text, terminal) } else { text };
        format!("  {name:<15}{text}\n")
    };
    format!("\n{}\n{}", terminal.bold("Ecosystem"), lines.iter().map(line).collect::<String>())
}

fn status(text: &str, terminal: &Terminal) -> String {
    if text == "success" { terminal.good(text) } else { terminal.warn(text) }
}

/// A key may be of several columns.
fn keys(data: &Value) -> Vec<String> {
    let of_table = |table: &Value| {
        let name = table["name"].as_str().unwrap_or_default().to_owned();
        let keys = list(&table["candidate_keys"]).iter();
        keys.map(move |key| format!("{name}.{}", texts(&key["columns"]).join(" + "))).collect::<Vec<_>>()
    };
    list(&data["tables"]).iter().flat_map(of_table).collect()
}

fn links(data: &Value) -> Vec<String> {
    let all = list(&data["data_relationships"]["links"]).iter();
    let accepted = all.filter(|link| link["accepted"].as_bool() == Some(true));
    let name = |link: &Value, side: &str| {
        let part = |what: &str| link[format!("{side}_{what}")].as_str().unwrap_or_default().to_owned();
        format!("{}.{}", part("table"), part("column"))
    };
    accepted.map(|link| format!("{} -> {}", name(link, "from"), name(link, "to"))).collect()
}

fn personal(data: &Value) -> Vec<String> {
    let columns = list(&data["tables"]).iter().flat_map(|table| list(&table["columns"]));
    let flagged = columns.filter(|column| !list(&column["pii"]).is_empty());
    flagged.map(|column| format!("{} ({})", column["name"].as_str().unwrap_or_default(), pii(column))).collect()
}

/// `skewed: Sales, Profit`, one entry for each kind.
fn alerts(data: &Value) -> Vec<String> {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    for alert in list(&data["tables"]).iter().flat_map(|table| list(&table["alerts"])) {
        let kind = alert["kind"].as_str().unwrap_or("other");
        let columns = texts(&alert["columns"]).join(" ~ ");
        match kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, list)) => list.push(columns),
            None => kinds.push((kind.to_owned(), vec![columns])),
        }
    }
    let shown = |(kind, columns): (String, Vec<String>)| {
        let named: Vec<_> = columns.into_iter().filter(|columns| !columns.is_empty()).collect();
        let kind = kind.replace('_', " ");
        if named.is_empty() { kind } else { format!("{kind} ({})", named.join(", ")) }
    };
    kinds.into_iter().map(shown).collect()
}

/// How much of each table has moved since the result that it was compared with.
fn drift(data: &Value) -> Vec<String> {
    let of_table = |table: &Value| {
        let name = table["table"].as_str().unwrap_or(ABSENT);
        format!("{name}: {} of {} columns", count(&table["drifted_columns"]), list(&table["columns"]).len())
    };
    list(&data["drift"]["tables"]).iter().map(of_table).collect()
}

/// Lists that the reply had no room for.
fn omitted(data: &Value) -> Vec<String> {
    let entry = |list: &Value| {
        let name = list["list"].as_str().unwrap_or(ABSENT);
        format!("{name} ({} of {} shown)", count(&list["shown"]), count(&list["total"]))
    };
    list(&data["coverage"]["omitted"]).iter().map(entry).collect()
}

fn bullets(title: &str, items: &[String], terminal: &Terminal) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut out = format!("\n{}\n", terminal.bold(title));
    for item in items.iter().take(MAX_LINES) {
        out += &format!("  - {}\n", wrap(item, terminal.width, "    "));
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

fn joined(items: &[String]) -> String {
    joined_of(items, items.len())
}

/// The first of `total` items, not all of which are given.
fn joined_of(items: &[String], total: usize) -> String {
    let shown = &items[..items.len().min(MAX_LINES)];
    match total.saturating_sub(shown.len()) {
        0 if shown.is_empty() => "none".to_owned(),
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

fn count(value: &Value) -> String {
    value.as_u64().map_or(ABSENT.to_owned(), thousands)
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
    Some(text.to_owned())
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
        check(9994.0, "9994");
        check(-6599.978, "-6599.98");
        check(0.156_202_721, "0.1562");
        check(229.858_000_8, "229.86");
        check(2_297_200.860_3, "2297201");
        check(1e15, "1.000e15");
        check(0.0, "0");
        assert_eq!(figure(&Value::Null), None);
    }

    #[test]
    fn what_is_not_named_is_counted() {
        let names: Vec<String> = (0..20).map(|n| format!("n{n}")).collect();
        assert_eq!(joined_of(&names[..2], 2), "n0; n1");
        assert_eq!(joined_of(&names[..2], 1_000), "n0; n1; and 998 more");
        assert!(joined_of(&names, 1_000_000).ends_with("n11; and 999988 more"));
        assert_eq!(joined(&[]), "none");
        let terminal = Terminal { colour: false, width: 200, is_terminal: false };
        let result = json!({"data": {
            "coverage": {"deferred": ["a"], "deferred_count": 7, "omitted": [{"list": "/issues", "shown": 1, "total": 9}]},
            "drift": {"tables": [{"table": "t", "drifted_columns": 1, "columns": [{}, {}]}]},
        }});
        let shown = text(&result, &terminal);
        for line in ["a; and 6 more", "t: 1 of 2 columns", "/issues (1 of 9 shown)"] {
            assert!(shown.contains(line), "{line} in {shown}");
        }
    }

    #[test]
    fn an_unexpected_result_still_prints() {
        let terminal = Terminal { colour: false, width: 80, is_terminal: false };
        for result in
            [json!({}), json!([1]), json!({"data": {"tables": [{}], "data_ecosystem": 7}, "insights": [1, "x"]})]
        {
            assert!(text(&result, &terminal).contains("Ecosystem"));
        }
    }
}
