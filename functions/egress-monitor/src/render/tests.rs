#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::report::Report;

/// A report in the middle of September, with members replaced.
fn report(changes: &Value) -> Report {
    let day = |day: i32| {
        let (known, ahead) = (f64::from(day) * 300.0, f64::from(day) * 310.0);
        let is_known = day <= 11;
        json!({
            "day": format!("2026-09-{day:02}"),
            "known_gb": is_known.then_some(known),
            "p10_gb": (day >= 11).then_some(ahead * 0.9),
            "p50_gb": (day >= 11).then_some(ahead),
            "p90_gb": (day >= 11).then_some(ahead * 1.1),
        })
    };
    let forecast = json!({
        "as_of": "2026-09-12T12:00:00Z", "method": "weekday_profile", "days": 28, "p50_gb": 9000.0, "p80_gb": 9500.0,
        "p95_gb": 9900.0, "p50_percent": 87.9, "p80_percent": 92.8, "eta_100": {"status": "not_this_period"},
    });
    let mut report = json!({
        "status": "ok", "as_of": "2026-09-12T12:00:00Z", "month": "2026-09",
        "period": {"first": "2026-09-01", "end": "2026-10-01"}, "lag_hours": 12.0, "scope": "tenancy",
        "gb_meaning": "decimal", "allowance_scope": "tenancy",
        "used_gb": 3300.0, "limit_gb": 10240.0, "percent": 32.2, "cost": {"amount": "0", "currency": "USD"},
        "billed_amount": null, "billed": {"as_of": "2026-09-12T00:00:00Z", "gb": 3300.0, "bytes": "3300000000000"},
        "nowcast": null, "forecast": forecast, "eta_100": {"status": "not_this_period"}, "scopes": [],
        "contributors": [{"by": "compartment", "attributed_percent": 100.0, "error_gb": 0.0, "top": [
            {"id": "ocid1.compartment.oc1..a", "name": "<b>shop\u{1b}[2J</b>", "gb": 3300.0, "percent": 100.0},
        ]}],
        "alerts": [], "held_back": [], "confidence": "medium",
        "reasons": [{"code": "nowcast_not_measured", "text": "no nowcast: nothing was measured"}],
        "days": (1..=30).map(day).collect::<Vec<_>>(),
    });
    for (member, value) in changes.as_object().unwrap() {
        report[member] = value.clone();
    }
    serde_json::from_value(report).unwrap()
}

fn unknown() -> Report {
    report(&json!({
        "status": "error", "lag_hours": null, "used_gb": null, "percent": null, "cost": null, "billed": null,
        "forecast": null, "eta_100": null, "contributors": null, "confidence": "none", "days": [],
    }))
}

#[test]
fn the_table_has_the_three_numbers_with_their_times() {
    let text = table(&report(&json!({})), None);
    for expected in [
        "billed              3,300 GB, as of 2026-09-12T00:00:00Z",
        "measured since      unknown",
        "forecast P50        9,000 GB = 87.9 %, as of 2026-09-12T12:00:00Z",
        "32.2 % of 10,240 GB",
        "100 % is reached    not this month",
        "3,300 GB   100.0 %",
        "note: no nowcast",
    ] {
        assert!(text.contains(expected), "{expected:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "nothing steers the terminal");
}

#[test]
fn what_is_not_known_is_nowhere_zero_or_free() {
    let report = unknown();
    let (table, page) = (table(&report, None), page(&report, None).unwrap());
    for text in [&table, &page] {
        assert!(text.contains("unknown") && text.contains("could not be read"), "{text}");
        assert!(!text.contains("0.0") && !text.contains("100.0 %"), "{text}");
    }
    assert!(svg(&report).unwrap().contains("nothing is known"));
}

#[test]
fn the_last_hours_and_the_month_before_are_told() {
    let check = |changes: &Value, expected: &[&str]| {
        let report = report(changes);
        let (table, page) = (table(&report, None), page(&report, None).unwrap());
        for text in expected {
            assert!(table.contains(text) && page.contains(text), "{text:?} in\n{table}\n{page}");
        }
    };
    let spike = |is_spike: bool, is_upper_bound: bool| json!({ "is_spike": is_spike, "gb": 312.4, "usual_gb": 0.04, "is_upper_bound": is_upper_bound });
    check(
        &json!({ "spike": spike(true, false) }),
        &["far above the usual: 312 GB, usually &lt;0.1 GB"].map(|text| text.split("&lt;").next().unwrap()),
    );
    check(&json!({ "spike": spike(false, true) }), &["no spike: 312 GB, usually", "0.1 GB, billable or not"]);
    check(&json!({}), &["unknown"]);
    let closing = |percent: f64, is_partial: bool| {
        let used = percent * 102.4;
        json!({ "closing": {
            "month": "2026-08", "scope": "tenancy", "used_gb": used, "limit_gb": 10240.0, "percent": percent,
            "is_partial": is_partial,
        }})
    };
    check(&closing(97.0, false), &["2026-08, still open", "9,933 GB = 97.0 % of 10,240 GB"]);
    check(&closing(97.0, true), &["at least 9,933 GB = 97.0 % of 10,240 GB"]);
    let quiet = report(&json!({}));
    assert!(!table(&quiet, None).contains("still open") && !page(&quiet, None).unwrap().contains("still open"));
    assert!(table(&quiet, None).contains("last 6 hours        unknown"), "{}", table(&quiet, None));
}

#[test]
fn contributors_that_nobody_knows_are_told_with_the_reason() {
    let one = json!([{ "by": "region", "top": null, "reason": "AWS has <none>\u{1b}", "attributed_percent": null, "error_gb": null }]);
    let report = report(&json!({ "contributors": one }));
    let (table, page) = (table(&report, None), page(&report, None).unwrap());
    assert!(table.contains("by region: unknown, AWS has <none>"), "{table}");
    assert!(page.contains("By region") && page.contains("Unknown: AWS has &lt;none&gt;"), "{page}");
    assert!(!table.contains('\u{1b}') && !table.contains("attributed"));
}

#[test]
fn the_picture_has_known_forecast_and_limit_and_both_palettes() {
    let picture = svg(&report(&json!({}))).unwrap();
    for class in ["known", "middle", "band", "limit", "grid"] {
        assert!(picture.contains(&format!("class=\"{class}\"")), "{class}");
    }
    assert!(picture.starts_with("<svg role=\"img\"") && picture.contains("prefers-color-scheme:dark"));
    assert!(!picture.contains("#0100"), "no stand-in is left");
    assert_eq!(picture, svg(&report(&json!({}))).unwrap());
    let flat = svg(&report(&json!({"limit_gb": 0.0, "days": []}))).unwrap();
    assert!(flat.contains("<svg"));
}

#[test]
fn the_page_stands_alone() {
    let page = page(&report(&json!({})), None).unwrap();
    assert!(page.contains("<!DOCTYPE html>") && page.contains("</svg>") && page.contains("&lt;b&gt;shop"));
    for foreign in ["<script", "http-equiv", "src=", "url(", "@import", "<b>shop"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_message_has_its_key_and_the_numbers() {
    let alert = |kind: &str, level: Option<u16>, metric: &str| {
        let alert = json!({
            "key": "2026-09/tenancy/k/1", "period": "2026-09", "scope": "tenancy", "metric": metric, "kind": kind,
            "level_percent": level, "severity": "warn", "percent": level.map(|_| 81.25),
        });
        message(&serde_json::from_value(alert).unwrap(), &report(&json!({})))
    };
    let check = |told: causeway_cloud::notifier::Message, title: &str| {
        assert_eq!(told.title, title);
        assert!(told.body.contains("2026-09/tenancy/k/1") && told.body.contains("3,300 GB"), "{}", told.body);
    };
    check(
        alert("raised", Some(80), "month_to_date"),
        "warn: egress of 2026-09 is at 81.25 % of the allowance (level 80 %)",
    );
    check(
        alert("raised", Some(80), "forecast_p50"),
        "warn: egress of 2026-09 will be at 81.25 % of the allowance by forecast P50 (level 80 %)",
    );
    check(
        alert("resolved", Some(80), "month_to_date"),
        "resolved: egress of 2026-09 is at 81.25 % of the allowance (level 80 %)",
    );
    check(alert("raised", None, "spike"), "warn: egress of 2026-09 is far above the usual in the last 6 hours");
    check(alert("resolved", None, "data"), "resolved: usage of 2026-09 is out of date");
}

#[test]
fn what_is_nearly_there_does_not_read_as_there() {
    for (value, expected) in [(79.99, "79.9 %"), (80.0, "80.0 %"), (0.3 * 3.0 * 100.0, "90.0 %"), (0.04, "0.0 %")] {
        assert_eq!(percent(Some(value)), expected);
    }
    for (value, expected) in [(0.0, "0.0 GB"), (0.04, "<0.1 GB"), (0.12, "0.1 GB")] {
        assert_eq!(gb(Some(value)), expected);
    }
}

#[test]
fn numbers_are_grouped() {
    for (value, expected) in [(0.0, "0.0"), (99.94, "99.9"), (99.96, "100"), (1_234.5, "1,234"), (-1e6, "-1,000,000")] {
        assert_eq!(grouped(value), expected);
    }
}

/// A report of AWS, with members replaced.
fn of_aws(changes: &Value) -> Report {
    let mut all = json!({
        "used_gb": 105.0, "limit_gb": 100.0, "cost": {"amount": "0.45", "currency": "USD"},
        "reasons": [{"code": "estimated_rows", "text": "AWS calls all rows estimates"}],
    });
    all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    report(&all)
}

#[test]
fn aws_stands_beside_in_a_line_and_a_section() {
    let check = |changes: Value, expected: &str| {
        let (report, aws) = (report(&json!({})), of_aws(&changes));
        let (text, drawn) = (table(&report, Some(&aws)), page(&report, Some(&aws)).unwrap());
        assert!(text.contains(&format!("  AWS beside          {expected}\n")), "{text}");
        assert!(drawn.contains(&format!("<h2>AWS beside</h2><p>{expected}</p>")), "{drawn}");
        let without: String =
            text.lines().filter(|line| !line.contains("AWS beside")).map(|line| format!("{line}\n")).collect();
        assert_eq!(without, table(&report, None), "nothing else is different");
    };
    check(json!({}), "105 GB of 100 GB, cost 0.45 USD, estimated");
    check(json!({"status": "partial", "reasons": [], "cost": null}), "at least 105 GB of 100 GB, cost unknown");
    let failed = json!([{"code": "usage_failed", "text": "AWS is not\u{1b} connected"}]);
    let nothing = json!({"status": "error", "used_gb": null, "cost": null, "reasons": failed});
    check(nothing, "unknown: AWS is not\u{fffd} connected");
    check(json!({"used_gb": null, "reasons": []}), "unknown: nobody can tell");
}
