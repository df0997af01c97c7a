//! Who is told what, once: the state is in the bucket, the messages are in the topic.

use causeway_oci_emulator::Fault;
use serde_json::{Value, json};
use tests::harness::published;

use crate::cloud::Cloud;
use crate::rows::{NORTH_AMERICA, days, row, with};

/// Two days of the month are known, which is too little for a forecast: only the month to date is told.
const NOON: &str = "2026-09-03T12:00:00Z";

/// Keys of what was sent, without the month and the scope.
fn sent(reply: &Value) -> Vec<String> {
    let all = published(reply).into_iter();
    let sent = all.inspect(|(key, outcome)| assert_eq!(outcome, "sent", "{key}"));
    sent.map(|(key, _)| key.strip_prefix("2026-09/tenancy/").unwrap_or(&key).to_owned()).collect()
}

#[test]
fn e_01_a_level_is_reached_inclusively_and_once() {
    let cloud = Cloud::start();
    let day = "2026-09-02".parse().unwrap();
    let more =
        |service: &str, gb: f64| cloud.usage(&[with(row(day, NORTH_AMERICA, gb), &json!({ "service": service }))]);
    more("Networking", 8_191.0);
    assert_eq!(sent(&cloud.run_at(NOON)), ["month_to_date/50/raised/1"]);
    more("Object Storage", 1.0);
    assert_eq!(sent(&cloud.run_at(NOON)), ["month_to_date/80/raised/1"]);
    more("Load Balancer", 1.0);
    let third = cloud.run_at(NOON);
    assert_eq!((sent(&third).len(), cloud.messages().len()), (0, 2));
    assert_eq!(third["used_gb"], 8_193.0);
}

#[test]
fn e_05_the_same_run_twice_tells_once() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    assert_eq!(sent(&cloud.run_at(NOON)), ["month_to_date/80/raised/1"]);
    let second = cloud.run_at(NOON);
    assert!(sent(&second).is_empty() && second["alerts"] == json!([]), "{}", second["alerts"]);
    let messages = cloud.messages();
    assert_eq!(messages.len(), 1);
    let body = messages[0]["body"].as_str().unwrap();
    assert!(body.contains("key: 2026-09/tenancy/month_to_date/80/raised/1"), "{body}");
}

/// The service corrects the same row twice.
#[test]
fn e_07_a_correction_resolves_and_a_second_crossing_waits_a_day() {
    let cloud = Cloud::start();
    let corrections = json!([
        { "afterHours": 10, "computedQuantity": 7_168.0 }, { "afterHours": 12, "computedQuantity": 8_295.0 },
    ]);
    let row = row("2026-09-02".parse().unwrap(), NORTH_AMERICA, 8_397.0);
    cloud.usage(&[with(row, &json!({ "corrections": corrections }))]);
    assert_eq!(sent(&cloud.run_at("2026-09-03T09:00:00Z")), ["month_to_date/80/raised/1"]);
    let fallen = cloud.run_at("2026-09-03T10:00:00Z");
    assert_eq!(
        (fallen["used_gb"].as_f64(), sent(&fallen)),
        (Some(7_168.0), vec!["month_to_date/80/resolved/2".into()])
    );
    let reasons = fallen["reasons"].to_string();
    assert!(reasons.contains("dropped"), "a fall by more than 5 % is reported: {reasons}");
    let again = cloud.run_at("2026-09-03T12:00:00Z");
    assert!(sent(&again).is_empty(), "{:?}", sent(&again));
    assert_eq!(again["held_back"][0]["level_percent"], 80, "{}", again["held_back"]);
    assert!(sent(&cloud.run_at("2026-09-04T08:59:00Z")).is_empty());
    assert_eq!(sent(&cloud.run_at("2026-09-04T09:00:00Z")), ["month_to_date/80/raised/3"]);
    assert_eq!(cloud.messages().len(), 3);
}

#[test]
fn e_19_a_topic_that_throttles_is_waited_for() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    cloud.emulator.add_fault(Fault::parse("operation=PublishMessage,status=429,times=4").unwrap());
    let reply = cloud.run_at(NOON);
    assert_eq!((sent(&reply).len(), cloud.messages().len(), &reply["partial"]), (1, 1, &json!(false)));
}

#[test]
fn e_19_a_topic_that_answers_503_twice_gets_one_message() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    cloud.emulator.add_fault(Fault::parse("operation=PublishMessage,status=503,times=2").unwrap());
    let reply = cloud.run_at(NOON);
    assert_eq!((sent(&reply).len(), cloud.messages().len(), &reply["partial"]), (1, 1, &json!(false)));
}

#[test]
fn e_19_a_topic_that_stays_ill_leaves_the_claim_to_a_later_run() {
    // What was refused is certainly not out; after a failure of the server nobody knows.
    for (fault, outcome, next) in
        [("status=429", "failed", "2026-09-03T12:01:00Z"), ("status=503", "unknown", "2026-09-03T12:10:00Z")]
    {
        let cloud = Cloud::start();
        cloud.usage(&days("2026-09-02", &[8_400.0]));
        let fault = cloud.emulator.add_fault(Fault::parse(&format!("operation=PublishMessage,{fault}")).unwrap());
        let reply = cloud.run_at(NOON);
        let key = "2026-09/tenancy/month_to_date/80/raised/1".to_owned();
        assert_eq!(published(&reply), [(key.clone(), outcome.to_owned())], "{reply}");
        assert_eq!((&reply["partial"], &reply["deferred"]), (&json!(true), &json!([format!("alert {key}")])));
        assert_eq!(reply["status"], "ok", "the numbers are known all the same");
        cloud.emulator.end_fault(fault);
        assert_eq!(published(&cloud.run_at(next)), [(key, "sent".to_owned())]);
        assert_eq!(cloud.messages().len(), 1);
    }
}

#[test]
fn e_21_a_larger_limit_resolves_and_a_smaller_one_is_told_anew() {
    let mut cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    assert_eq!(sent(&cloud.run_at(NOON)), ["month_to_date/80/raised/1"]);
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "20480");
    let larger = cloud.run_at("2026-09-03T13:00:00Z");
    assert!((larger["percent"].as_f64().unwrap() - 41.02).abs() < 0.01, "{}", larger["percent"]);
    assert_eq!(sent(&larger), ["month_to_date/80/resolved/2"]);
    cloud.set("EGRESS_MONITOR_ALLOWANCE_GB", "10240");
    assert_eq!(sent(&cloud.run_at("2026-09-04T12:00:00Z")), ["month_to_date/80/raised/3"]);
}

#[test]
fn a_new_month_begins_anew() {
    let cloud = Cloud::start();
    cloud.usage(&days("2026-09-02", &[8_400.0]));
    assert_eq!(sent(&cloud.run_at(NOON)).len(), 1);
    cloud.usage(&days("2026-10-02", &[8_400.0]));
    let october = cloud.run_at("2026-10-03T12:00:00Z");
    let keys: Vec<String> = published(&october).into_iter().map(|(key, _)| key).collect();
    assert!(keys.contains(&"2026-10/tenancy/month_to_date/80/raised/1".to_owned()), "{keys:?}");
}
