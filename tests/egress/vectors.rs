//! What is said of a month: rows of the service, at moments of September 2026.

use serde_json::{Value, json};
use tests::harness::published;

use crate::cloud::{Cloud, claims_nothing, codes};
use crate::rows::{ASIA, NORTH_AMERICA, at, days, later, row, with};
use crate::script::Answer;

const NOON: &str = "2026-09-12T12:00:00Z";

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[track_caller]
fn is_near(value: &Value, expected: f64, error: f64) {
    assert!((number(value) - expected).abs() <= error, "{value}, not {expected}");
}

/// Money is text; its digits behind the point may differ.
fn money(value: &Value) -> f64 {
    value["amount"].as_str().unwrap_or_else(|| panic!("{value} is no money")).parse().unwrap()
}

#[test]
fn e_09_a_month_is_one_of_utc() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-02-20", &[100.0; 8]));
    let reply = cloud.run_at("2026-03-01T00:30:00+02:00");
    assert_eq!(reply["month"], "2026-02");
    is_near(&reply["used_gb"], 800.0, 1e-9);
}

#[test]
fn e_10_rows_of_different_units_are_added_exactly() {
    let cloud = Cloud::start();
    let small = with(row("2026-09-11".parse().unwrap(), NORTH_AMERICA, 2.0), &json!({ "unit": "MiB" }));
    cloud.usage(&[row("2026-09-11".parse().unwrap(), NORTH_AMERICA, 1.5), small]);
    assert_eq!(cloud.run_at(NOON)["billed"]["bytes"], "1502097152");
}

#[test]
fn e_11_a_unit_that_is_none_of_data_is_an_error() {
    for unit in ["GB-MONTH", "GB/s"] {
        let cloud = Cloud::start();
        cloud.usage(&days("2026-09-01", &[100.0; 10]));
        cloud.usage(&[with(row("2026-09-11".parse().unwrap(), NORTH_AMERICA, 1.0), &json!({ "unit": unit }))]);
        let reply = cloud.run_at(NOON);
        claims_nothing(&reply);
        assert_eq!(codes(&reply), ["unit"], "{unit}");
        assert!(reply["reasons"][0]["text"].as_str().unwrap().contains(unit), "{}", reply["reasons"]);
    }
}

#[test]
fn e_12_no_rows_are_no_zero_and_told_after_36_hours() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-08-01", &[100.0; 40]));
    let good = cloud.run_at("2026-09-08T12:00:00Z");
    assert_eq!(good["status"], "ok");
    cloud.script.set(|_, _| Some(Answer::of(&json!({ "groupBy": [], "items": [] }))));
    let empty = cloud.run_at("2026-09-09T23:59:00Z");
    claims_nothing(&empty);
    assert_eq!((codes(&empty), published(&empty).len()), (vec!["no_data"], 0));
    cloud.script.set(|_, _| Some(Answer::of(&json!({ "groupBy": [], "items": null }))));
    let none = cloud.run_at("2026-09-09T23:59:59Z");
    claims_nothing(&none);
    assert_eq!((codes(&none), published(&none).len()), (vec!["service"], 0));
    let stale = cloud.run_at("2026-09-10T00:00:00Z");
    claims_nothing(&stale);
    assert_eq!((&stale["alerts"][0]["metric"], cloud.messages().len()), (&json!("data"), 1), "{}", stale["alerts"]);
    cloud.script.end();
    let again = cloud.run_at("2026-09-10T13:00:00Z");
    assert!(number(&again["used_gb"]) > number(&good["used_gb"]));
    assert!(!codes(&again).contains(&"dropped"), "the state of the last good run was kept");
    assert_eq!(again["alerts"][0]["kind"], "resolved", "{}", again["alerts"]);
}

#[test]
fn e_14_the_allowance_is_the_tenancys_or_each_skus() {
    let mut cloud = Cloud::start();
    let day = "2026-09-11".parse().unwrap();
    cloud.usage(&[row(day, NORTH_AMERICA, 6_000.0), row(day, ASIA, 6_000.0)]);
    let tenancy = cloud.run_at(NOON);
    assert_eq!((&tenancy["allowance_scope"], tenancy["scopes"].as_array().unwrap().len()), (&json!("tenancy"), 1));
    is_near(&tenancy["percent"], 117.19, 0.01);
    cloud.set("EGRESS_MONITOR_ALLOWANCE_SCOPE", "sku");
    let skus = cloud.run_at(NOON);
    assert_eq!(skus["allowance_scope"], "sku");
    for scope in skus["scopes"].as_array().unwrap() {
        is_near(&scope["percent"], 58.59, 0.01);
    }
    assert_eq!(skus["scopes"].as_array().unwrap().len(), 2);
}

#[test]
fn e_15_a_steady_month_will_be_at_88_percent() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-08-01", &[300.0; 42]));
    let reply = cloud.run_at(NOON);
    is_near(&reply["used_gb"], 3_300.0, 1e-9);
    is_near(&reply["percent"], 32.2, 0.05);
    is_near(&reply["forecast"]["p50_gb"], 9_000.0, 90.0);
    is_near(&reply["forecast"]["p50_percent"], 88.0, 1.0);
    let told: Vec<_> = published(&reply).into_iter().map(|(key, _)| key).collect();
    assert!(told.contains(&"2026-09/tenancy/forecast_p50/80/raised/1".to_owned()), "{told:?}");
    assert!(told.iter().all(|key| !key.contains("month_to_date")), "{told:?}");
    assert_eq!(reply["eta_100"], json!({ "status": "not_this_period" }));
    is_near(&reply["lag_hours"], 12.0, 1e-9);
}

/// The interfaces tell within six hours; the forecast follows when the profile believes it.
#[test]
fn e_16_a_jump_is_told_within_six_hours_and_the_forecast_follows() {
    let cloud = Cloud::start();
    let calm = [100.0; 39];
    cloud.usage(&days("2026-08-01", &calm));
    cloud.usage(&days("2026-09-09", &[2_000.0; 3]));
    cloud.stand_at(at("2026-09-08T00:00:00Z"));
    let hourly = |gb: f64| gb * 1e9 / 24.0 * 2.0;
    let before = [hourly(100.0); 28 * 24];
    cloud.interface("vnic1", at("2026-08-12T00:00:00Z"), &before);
    cloud.interface("vnic1", at("2026-09-09T00:00:00Z"), &[hourly(2_000.0); 90]);
    let quiet = cloud.run_at("2026-09-08T23:10:00Z");
    assert!(published(&quiet).iter().all(|(key, _)| !key.contains("spike")), "{:?}", published(&quiet));
    let early = cloud.run_at("2026-09-09T06:10:00Z");
    let spike = published(&early).into_iter().find(|(key, _)| key.contains("spike"));
    assert_eq!(spike.map(|(_, outcome)| outcome).as_deref(), Some("sent"), "{early}");
    let day_11 = cloud.run_at("2026-09-11T12:00:00Z");
    let day_12 = cloud.run_at("2026-09-12T12:00:00Z");
    assert!(number(&day_11["forecast"]["p95_gb"]) >= 10_240.0, "{}", day_11["forecast"]);
    assert!(number(&day_12["forecast"]["p50_percent"]) >= 100.0, "{}", day_12["forecast"]);
    assert!(!day_12["nowcast"].is_null() && number(&day_12["nowcast"]["ratio"]) > 0.4, "{}", day_12["nowcast"]);
}

/// Only a service whose clock is ahead has such rows.
#[test]
fn e_23_rows_of_the_future_are_left_out_and_told() {
    let cloud = Cloud::start();
    let item = |from: &str, to: &str, gb: f64| {
        json!({
            "timeUsageStarted": from, "timeUsageEnded": to, "service": "Networking", "skuPartNumber": "B88327",
            "skuName": "Outbound Data Transfer Zone 1", "unit": "GB Months", "computedQuantity": gb,
        })
    };
    let items = json!({ "items": [
        item("2026-09-11T00:00:00Z", "2026-09-12T00:00:00Z", 300.0),
        item("2026-09-12T16:00:00Z", "2026-09-12T17:00:00Z", 700.0),
    ] });
    cloud.script.set(move |_, _| Some(Answer::of(&items)));
    let reply = cloud.run_at(NOON);
    is_near(&reply["used_gb"], 300.0, 1e-9);
    assert!(codes(&reply).contains(&"future_rows"), "{:?}", codes(&reply));
}

#[test]
fn e_02_and_e_03_what_is_beyond_has_its_price() {
    for (gb, percent, cost, level) in
        [(10_240.0, 100.0, 0.0, 100), (10_241.0, 100.01, 0.0085, 100), (12_240.0, 119.53, 17.0, 100)]
    {
        let cloud = Cloud::start();
        // Two days are too little for a forecast, which would be told as well.
        cloud.usage(&days("2026-09-02", &[gb]));
        let reply = cloud.run_at("2026-09-03T12:00:00Z");
        is_near(&reply["percent"], percent, 0.01);
        assert!((money(&reply["cost"]) - cost).abs() < 1e-12, "{}", reply["cost"]);
        let key = format!("2026-09/tenancy/month_to_date/{level}/raised/1");
        assert_eq!(published(&reply), [(key, "sent".to_owned())], "{gb}");
    }
}

/// What is beyond has the price of who came last, or of who was chosen to come last.
#[test]
fn the_allowance_is_used_up_in_time_or_in_a_chosen_order() {
    let mut cloud = Cloud::start();
    cloud.usage(&days("2026-09-10", &[6_120.0]));
    cloud.usage(&[row("2026-09-11".parse().unwrap(), ASIA, 6_120.0)]);
    for (order, cost) in [
        ("[]", 50.0),
        ("[asia_pacific_south_america]", 17.0),
        ("[north_america_europe, asia_pacific_south_america]", 50.0),
    ] {
        cloud.set("EGRESS_MONITOR_SETTINGS", &format!("tariff:\n  consumption_order: {order}\n"));
        let reply = cloud.run_at(NOON);
        is_near(&reply["scopes"][0]["over_gb"], 2_000.0, 1e-9);
        assert!((money(&reply["cost"]) - cost).abs() < 1e-12, "{order}: {}", reply["cost"]);
    }
}

/// Rows of other SKUs tell how far the record has come.
#[test]
fn e_17_traffic_of_week_ends_is_forecast_on_a_friday() {
    let cloud = Cloud::start();
    let compute = json!({ "skuName": "Standard - E4 - OCPU", "unit": "OCPU Hours" });
    for offset in 0..32 {
        let day = later("2026-05-04".parse().unwrap(), offset);
        cloud.usage(&[with(row(day, "B93297", 24.0), &compute)]);
        if day.weekday().to_monday_zero_offset() >= 5 {
            cloud.usage(&[row(day, NORTH_AMERICA, 500.0)]);
        }
    }
    // June 1 was a Monday: four days without traffic, of which a straight line makes a month without any.
    let reply = cloud.run_at("2026-06-05T12:00:00Z");
    let actual = 8.0 * 500.0;
    is_near(&reply["forecast"]["p50_gb"], actual, 0.15 * actual);
    assert_eq!(reply["forecast"]["method"], "weekday_profile");
    assert_eq!((&reply["used_gb"], &reply["cost"]), (&Value::Null, &Value::Null), "{reply}");
    assert_eq!(
        (&reply["lag_hours"], &reply["partial"]),
        (&json!(36.0), &json!(true)),
        "days of silence are usual here"
    );
}

/// Rows of other SKUs go on: the month to date is at least what it was, and nobody is told that all is well.
#[test]
fn outbound_rows_that_stop_are_told_and_nothing_is_resolved() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-08-11", &[330.0; 30]));
    let compute = json!({ "skuName": "Standard - E4 - OCPU", "unit": "OCPU Hours" });
    let others =
        (0..34).map(|offset| with(row(later("2026-08-11".parse().unwrap(), offset), "B93297", 24.0), &compute));
    cloud.usage(&others.collect::<Vec<_>>());
    let first = cloud.run_at("2026-09-10T12:00:00Z");
    assert_eq!((&first["status"], published(&first).len()), (&json!("ok"), 2), "both forecasts are at 96 %");
    for day in 11..=14 {
        let reply = cloud.run_at(&format!("2026-09-{day}T12:00:00Z"));
        let kinds: Vec<_> = reply["alerts"].as_array().unwrap().iter().map(|alert| &alert["kind"]).collect();
        assert!(!kinds.contains(&&json!("resolved")), "{}", reply["alerts"]);
        is_near(&reply["forecast"]["p50_gb"], 9_900.0, 1.0);
        assert_eq!(reply["billed"]["as_of"], "2026-09-10T00:00:00Z");
    }
    let last = cloud.run_at("2026-09-14T13:00:00Z");
    assert_eq!((&last["status"], &last["partial"], &last["cost"]), (&json!("partial"), &json!(true), &Value::Null));
    assert!(codes(&last).contains(&"outbound_stopped"), "{:?}", codes(&last));
    let bodies: Vec<String> = cloud.messages().iter().map(ToString::to_string).collect();
    assert_eq!(bodies.iter().filter(|body| body.contains("/data/raised/1")).count(), 1, "{bodies:?}");
}

#[test]
fn e_18_two_days_and_no_month_before_are_no_forecast() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-01", &[100.0; 2]));
    let reply = cloud.run_at("2026-09-03T12:00:00Z");
    is_near(&reply["used_gb"], 200.0, 1e-9);
    assert_eq!((&reply["forecast"], &reply["eta_100"]), (&Value::Null, &Value::Null));
    assert!(codes(&reply).contains(&"forecast_insufficient"), "{:?}", codes(&reply));
}

#[test]
fn e_20_every_day_of_a_month_is_forecast() {
    for (month, length) in [("2026-02", 28_u8), ("2028-02", 29), ("2026-04", 30), ("2026-03", 31)] {
        let cloud = Cloud::start();
        let first = format!("{month}-01").parse().unwrap();
        cloud.usage(&days(&later(first, -28).to_string(), &[100.0; 28 + 9]));
        let reply = cloud.run_at(&format!("{month}-10T12:00:00Z"));
        is_near(&reply["forecast"]["p50_gb"], 100.0 * f64::from(length), 1e-6);
        assert_eq!(reply["days"].as_array().unwrap().len(), usize::from(length), "{month}");
    }
}

/// Rows of usage by what they are of, through the service's own grouping.
#[test]
fn contributors_are_told_by_compartment_region_and_service() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-01", &[300.0; 11]));
    let lab = json!({ "compartmentName": "lab", "region": "me-jeddah-1", "service": "Object Storage" });
    cloud.usage(&[with(row("2026-09-02".parse().unwrap(), "B93456", 50.0), &lab)]);
    let foreign = json!({ "skuName": "Standard - E4 - OCPU", "unit": "OCPU Hours" });
    cloud.usage(&[with(row("2026-09-02".parse().unwrap(), "B93297", 9_000.0), &foreign)]);
    let reply = cloud.run_at(NOON);
    let by = |dimension: &str| {
        let all = reply["contributors"].as_array().unwrap();
        let found = all.iter().find(|one| one["by"] == dimension).unwrap_or_else(|| panic!("none by {dimension}"));
        is_near(&found["attributed_percent"], 100.0, 1e-9);
        let pair = |one: &Value| (one["id"].as_str().unwrap().to_owned(), number(&one["gb"]).round() as i64);
        found["top"].as_array().unwrap().iter().map(pair).collect::<Vec<_>>()
    };
    let pairs = |first: &str, second: &str| [(first.to_owned(), 3_300), (second.to_owned(), 50)];
    assert_eq!(by("compartment"), pairs("shop", "lab"));
    assert_eq!(by("region"), pairs("us-ashburn-1", "me-jeddah-1"));
    assert_eq!(by("service"), pairs("Networking", "Object Storage"));
}

#[test]
fn a_request_about_the_past_writes_and_tells_nothing() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    let reply = cloud.run_by(at("2026-09-20T12:00:00Z"), &json!({ "as_of": "2026-09-03T12:00:00Z" }));
    assert_eq!((&reply["dry_run"], reply["alerts"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(cloud.messages().is_empty() && cloud.objects("").is_empty());
    // The day itself went on after the moment, and its row has all of it.
    let on_the_day = cloud.run_by(at("2026-09-20T12:00:00Z"), &json!({ "as_of": "2026-09-02T18:00:00Z" }));
    assert_eq!((&on_the_day["used_gb"], &on_the_day["alerts"]), (&Value::Null, &json!([])), "{on_the_day}");
}
