//! A Usage API that is late, refuses, breaks off or never ends: what is not known is not zero.

use std::sync::atomic::{AtomicUsize, Ordering};

use causeway_oci_emulator::Fault;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cloud::{Cloud, claims_nothing, codes, tick};
use crate::rows::{day_of, days, later, midnight, until_yesterday};
use crate::script::Answer;

/// Seconds of a call: what is tried again has to come to an end.
const SECONDS: u32 = 10;

/// A month that goes well, twelve days old.
fn cloud() -> Cloud {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.usage(&until_yesterday(&[100.0; 40]));
    cloud
}

fn is_unknown(reply: &Value, code: &str) {
    claims_nothing(reply);
    assert_eq!(codes(reply), [code], "{}", reply["reasons"]);
    assert_eq!((&reply["partial"], reply["deferred"][0].as_str()), (&json!(true), Some("usage")), "{reply}");
}

#[test]
fn a_service_that_refuses_is_told_with_its_status() {
    for (fault, part) in [
        ("status=429", "429"),
        ("status=500", "500"),
        ("status=503", "503"),
        ("status=404", "404"),
        ("status=401", "401"),
        ("cutBodyAfter=40", "broken"),
        ("latencyMs=30000", "no answer|no more time"),
    ] {
        let cloud = cloud();
        let process = cloud.process();
        let rule = Fault::parse(&format!("operation=RequestSummarizedUsages,{fault}")).unwrap();
        let rule = cloud.emulator.add_fault(rule);
        let ill = tick(&process, SECONDS);
        is_unknown(&ill, "service");
        let told = ill["reasons"][0]["text"].as_str().unwrap();
        assert!(part.split('|').any(|part| told.contains(part)), "{fault}: {told}");
        assert!(cloud.messages().is_empty(), "{fault}");
        cloud.emulator.end_fault(rule);
        let well = tick(&process, 240);
        assert_eq!((&well["status"], well["used_gb"].as_f64()), (&json!("ok"), Some(1_200.0)), "{fault}");
    }
}

#[test]
fn one_refusal_among_answers_is_waited_for() {
    let cloud = cloud();
    cloud.emulator.add_fault(Fault::parse("operation=RequestSummarizedUsages,status=429,times=1").unwrap());
    cloud.emulator.add_fault(Fault::parse("operation=RequestSummarizedUsages,status=503,times=1").unwrap());
    let reply = tick(&cloud.process(), 240);
    assert_eq!((&reply["status"], reply["used_gb"].as_f64()), (&json!("ok"), Some(1_200.0)));
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    for body in [
        "",
        "null",
        "{}",
        "[7]",
        "{\"items\":null}",
        "{\"items\":{}}",
        "{\"items\":[{\"service\":",
        "<html>",
        "{\"items\":[{}]}",
    ] {
        let cloud = cloud();
        let text = body.to_owned();
        cloud.script.set(move |_, _| Some(Answer { status: 200, next: None, body: text.clone() }));
        is_unknown(&tick(&cloud.process(), SECONDS), "service");
        assert!(cloud.script.asked() > 0 && cloud.messages().is_empty(), "{body}");
    }
}

/// Rows without a quantity are counted and in no sum: the month is at least the rest.
#[test]
fn rows_without_a_quantity_are_not_zero() {
    let cloud = cloud();
    let first = later(day_of(Timestamp::now()), -2);
    let item = |offset: i64, quantity: Value| {
        json!({
            "timeUsageStarted": midnight(later(first, offset)), "timeUsageEnded": midnight(later(first, offset + 1)),
            "service": "Networking", "skuPartNumber": "B88327", "unit": "GB Months", "computedQuantity": quantity,
        })
    };
    let items = json!({ "items": [item(0, json!(70.0)), item(1, Value::Null)] });
    cloud.script.set(move |_, _| Some(Answer::of(&items)));
    let some = tick(&cloud.process(), 240);
    assert_eq!((&some["status"], some["used_gb"].as_f64()), (&json!("partial"), Some(70.0)));
    assert!(codes(&some).contains(&"rows_without_quantity"));
    let items = json!({ "items": [item(0, Value::Null), item(1, Value::Null)] });
    cloud.script.set(move |_, _| Some(Answer::of(&items)));
    let none = tick(&cloud.process(), 240);
    claims_nothing(&none);
    assert!(codes(&none).contains(&"nothing_countable"), "{:?}", codes(&none));
}

#[test]
fn pages_that_name_each_other_are_an_error_soon() {
    let cloud = cloud();
    let first = later(day_of(Timestamp::now()), -3);
    let page = |offset: i64| {
        let from = later(first, offset);
        let item = json!({
            "timeUsageStarted": midnight(from), "timeUsageEnded": midnight(later(from, 1)), "service": "Networking",
            "skuPartNumber": "B88327", "skuName": "x", "unit": "GB Months", "computedQuantity": 10.0,
        });
        Answer::of(&json!({ "items": [item] }))
    };
    let (a, b) = (page(0).then("B"), page(1).then("A"));
    cloud.script.set(move |_, page| Some(if page == Some("B") { b.clone() } else { a.clone() }));
    let reply = tick(&cloud.process(), 240);
    is_unknown(&reply, "service");
    let told = reply["reasons"][0]["text"].as_str().unwrap();
    assert!(told.contains("answered before"), "{told}");
    assert!(cloud.script.asked() <= 4, "{} pages", cloud.script.asked());
}

/// Whoever takes it for the end has half of a month.
#[test]
fn a_page_token_that_is_no_text_is_not_the_last_page() {
    let cloud = cloud();
    let items = json!({ "items": until_yesterday(&[100.0; 5]) });
    cloud.script.set(move |_, _| Some(Answer::of(&items).then("Seite zwei: ä")));
    let reply = tick(&cloud.process(), 240);
    is_unknown(&reply, "service");
    let told = reply["reasons"][0]["text"].as_str().unwrap();
    assert!(told.contains("is no text") && cloud.script.asked() == 1, "{told}");
}

/// Tokens that are always new, and rows that come again: the walk sees nothing, the rows tell.
#[test]
fn rows_that_go_round_under_new_tokens_are_an_error() {
    let cloud = cloud();
    let first = later(day_of(Timestamp::now()), -3);
    let items: Vec<Value> = (0..50)
        .map(|number| {
            json!({
                "timeUsageStarted": midnight(first), "timeUsageEnded": midnight(later(first, 1)),
                "service": format!("service {number}"), "skuPartNumber": "B88327", "unit": "GB Months",
                "computedQuantity": 10.0,
            })
        })
        .collect();
    let page = Answer::of(&json!({ "items": items }));
    let number = AtomicUsize::new(0);
    cloud.script.set(move |_, _| Some(page.clone().then(&number.fetch_add(1, Ordering::SeqCst).to_string())));
    let reply = tick(&cloud.process(), 240);
    is_unknown(&reply, "service");
    let told = reply["reasons"][0]["text"].as_str().unwrap();
    assert!(told.contains("go round"), "{told}");
    assert!(cloud.script.asked() < 100, "{} pages", cloud.script.asked());
}

#[test]
fn usage_that_is_days_behind_is_known_and_called_late() {
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    let today = day_of(Timestamp::now());
    cloud.usage(&days(&later(today, -40).to_string(), &[100.0; 36]));
    let late = tick(&cloud.process(), 240);
    assert_eq!((&late["status"], late["used_gb"].as_f64()), (&json!("ok"), Some(800.0)));
    assert_eq!(late["billed"]["as_of"], json!(midnight(later(today, -4))));
    assert!(codes(&late).contains(&"late") && late["confidence"] == "low", "{late}");
    assert!(late["lag_hours"].as_f64().unwrap() >= 96.0);
    // Of this month there is nothing, and there should be.
    let mut cloud = Cloud::start();
    cloud.begin_before(12);
    cloud.usage(&days(&later(today, -40).to_string(), &[100.0; 27]));
    let missing = tick(&cloud.process(), 240);
    claims_nothing(&missing);
    assert!(codes(&missing).contains(&"no_data"), "{:?}", codes(&missing));
}
