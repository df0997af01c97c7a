//! The reply as a whole: its schema, its evidence, the catalogue it may start from.

use serde_json::Value;

use super::data::MetricStatus;
use super::*;

fn sample() -> String {
    let rows = (0..400).map(|i| {
        let (year, month) = (2021 + i / 200, 1 + i % 12);
        format!(
            "O{i},C{},{year}-{month:02}-{:02},{}.5,{},cat{},{}\n",
            i % 37,
            1 + i % 28,
            i % 90,
            i % 7,
            i % 3,
            i % 11 - 3
        )
    });
    format!("order_id,customer_id,order_date,amount,quantity,category,profit\n{}", rows.collect::<String>())
}

#[test]
fn every_statement_points_to_something() {
    let answer = run(&sample(), "{}");
    for (list, statements) in [("evidence", &answer.insights), ("recommendation_evidence", &answer.recommendations)] {
        let evidence = answer.data[list].as_array().unwrap();
        assert_eq!(evidence.len(), statements.len());
        assert!(!evidence.is_empty());
        for (evidence, statement) in evidence.iter().zip(statements) {
            let pointers = evidence["pointers"].as_array().unwrap();
            assert!(!pointers.is_empty(), "{statement}");
            for pointer in pointers {
                let found = answer.data.pointer(pointer.as_str().unwrap());
                assert!(found.is_some_and(|value| !value.is_null()), "{statement} {pointer}");
            }
            assert!(list != "evidence" || !evidence["formula"].as_str().unwrap().is_empty(), "{statement}");
        }
    }
}

#[test]
fn every_computed_figure_is_where_it_is_said_to_be() {
    let answer = run(&sample(), "{}");
    let found = data(&answer);
    assert!(found.coverage.computed > 15, "{}", found.coverage.computed);
    for record in &found.coverage.metrics {
        let value = answer.data.pointer(&record.pointer);
        let is_empty = |value: &Value| {
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(serde_json::Map::is_empty)
        };
        let is_there = value.is_some_and(|value| !value.is_null() && !is_empty(value));
        if record.metric != "loss_making_members" {
            assert_eq!(is_there, record.status == MetricStatus::Computed, "{}", record.metric);
        }
        assert_eq!(record.reason.is_none(), record.status == MetricStatus::Computed, "{}", record.metric);
    }
    let names: Vec<&str> = found.coverage.metrics.iter().map(|record| record.metric.as_str()).collect();
    for definition in &METRICS {
        assert!(names.contains(&definition.metric), "{}", definition.metric);
    }
}

#[test]
fn the_schema_describes_the_data() {
    let schema = serde_json::to_value(schemars::schema_for!(Answer)).unwrap();
    let place = schema["properties"]["data"]["$ref"].as_str().unwrap();
    let described = &schema.pointer(place.trim_start_matches('#')).unwrap()["properties"];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(keys(described), keys(&run(&sample(), "{}").data));
}

#[test]
fn only_what_is_asked_for_is_computed() {
    let answer = run(&sample(), r#"{"analysis_type":"financial_health"}"#);
    let found = data(&answer);
    assert!(found.customer_intelligence.rfm.is_none() && found.operational_intelligence.lead_time.is_none());
    assert!(found.coverage.metrics.iter().all(|record| record.group == Some(Group::FinancialHealth)));
    let all_there = run(&sample(), r#"{"metrics":["customer_analytics"],"roles":{"orders":{"discount":null}}}"#);
    assert_eq!(all_there.status, Status::Partial, "37 customers are too few for a model");
}

#[test]
fn a_catalogue_spares_the_look() {
    let content = sample();
    let objects = store(&[("orders.csv", content.as_bytes())]);
    let (request, limits) = (crate::discovery::Request::default(), crate::discovery::Limits::default());
    let survey = block_on(crate::discovery::survey(&objects, &request, &limits, &clock, None)).unwrap();
    let survey = serde_json::to_value(survey).unwrap();
    let request = serde_json::json!({ "catalogue": { "result": survey } });
    let with = run(&content, &request.to_string());
    assert_eq!(data(&with), data(&run(&content, "{}")));
    let stored = store(&[("orders.csv", content.as_bytes()), ("results/survey.json", survey.to_string().as_bytes())]);
    let request = r#"{"catalogue":{"object":"results/survey.json"}}"#;
    let from_object = run_with(&stored, &serde_json::from_str(request).unwrap(), &Limits::default());
    assert_eq!(from_object.data, with.data);
}

#[test]
fn unusable_catalogues_are_the_callers_mistake() {
    let objects = store(&[("orders.csv", b"a,b\n1,2\n"), ("bad.json", b"{\"data\":3}")]);
    let path = |request: &str| {
        let request: Request = serde_json::from_str(request).unwrap();
        block_on(analyse(&objects, &request, &Limits::default(), &clock, None)).unwrap_err().path
    };
    assert_eq!(path(r#"{"catalogue":{"object":"bad.json"}}"#), "catalogue.object");
    assert_eq!(path(r#"{"catalogue":{"object":"none.json"}}"#), "catalogue.object");
    assert_eq!(path(r#"{"roles":{"none":{}}}"#), "roles.none");
}

#[test]
fn a_catalogue_of_other_objects_reads_nothing_outside() {
    let catalogue = r#"{"catalogue":{"result":{"data":{"tables":[
        {"name":"x","object":"../../etc/passwd","columns":[],"roles":{"amount":["a"]}},
        {"name":"y","object":"gone.csv","columns":[],"roles":{"amount":["a"]}}]}}}}"#;
    let answer = run("a,b\n1,2\n", catalogue);
    assert_eq!(answer.status, Status::Error);
    let found = data(&answer);
    assert_eq!(
        found.issues.iter().map(|i| (i.object.as_str(), i.code.as_str())).collect::<Vec<_>>(),
        [("gone.csv", "object_not_found")]
    );
}

#[test]
fn names_of_persons_are_not_shown() {
    let rows = (0..300).map(|i| format!("O{i},user{}@secret.example,2024-01-{:02},{i}\n", i % 40, 1 + i % 28));
    let content = format!("order_id,customer_email,order_date,amount\n{}", rows.collect::<String>());
    let request = r#"{"roles":{"orders":{"customer":"customer_email","category":"customer_email"}}}"#;
    let answer = run(&content, request);
    assert_eq!(answer.data["customer_intelligence"]["customers"], 40);
    assert!(!serde_json::to_string(&answer).unwrap().contains("secret.example"));
}

#[test]
fn a_deadline_already_past_reads_nothing_and_says_so() {
    let content = sample();
    let objects = store(&[("orders.csv", content.as_bytes())]);
    let past = Some(Timestamp::from_second(1).unwrap());
    let answer = block_on(analyse(&objects, &Request::default(), &Limits::default(), &clock, past)).unwrap();
    assert_eq!(answer.status, Status::Error);
}

#[test]
fn a_small_reply_is_shortened_and_says_so() {
    let rows = (0..3000).map(|i| format!("2{:03}-{:02}-{:02},{}.5\n", i / 336, 1 + i / 28 % 12, 1 + i % 28, i % 97));
    let content = format!("order_date,amount\n{}", rows.collect::<String>());
    let objects = store(&[("orders.csv", content.as_bytes())]);
    let limits = Limits { max_reply_bytes: 100_000, ..Limits::default() };
    let answer = run_with(&objects, &Request::default(), &limits);
    assert_eq!(answer.data["coverage"]["shortened"][0], "/series");
    assert!(serde_json::to_string(&answer).unwrap().len() < 120_000);
}

/// A table with a column for every figure that is asked for, so that nothing else makes the result partial.
#[test]
fn a_shortened_reply_is_no_success() {
    const COLUMNS: [&str; 15] = [
        "order_id",
        "order_date",
        "ship_date",
        "promised_date",
        "quantity",
        "delivered_quantity",
        "amount",
        "returned",
        "start_date",
        "end_date",
        "budget",
        "actual",
        "used",
        "capacity",
        "status",
    ];
    let row = |i: i32| {
        let day = format!("2{:03}-{:02}-{:02}", i / 336, 1 + i / 28 % 12, 1 + i % 28);
        format!("O{i},{day},{day},{day},5,5,{}.5,no,{day},{day},9,8,3,4,Done\n", i % 97)
    };
    let content = format!("{}\n{}", COLUMNS.join(","), (0..3000).map(row).collect::<String>());
    let objects = store(&[("orders.csv", content.as_bytes())]);
    let roles: serde_json::Map<String, Value> =
        COLUMNS.iter().map(|name| ((*name).to_owned(), (*name).into())).collect();
    let request = serde_json::json!({"metrics": ["operational_efficiency"], "roles": {"orders": roles}});
    let request: Request = serde_json::from_value(request).unwrap();
    for (max_reply_bytes, expected, is_too_large) in
        [(4 << 20, Status::Success, false), (100_000, Status::Partial, false), (1_000, Status::Partial, true)]
    {
        let answer = run_with(&objects, &request, &Limits { max_reply_bytes, ..Limits::default() });
        let found = data(&answer);
        assert_eq!(answer.status, expected, "{max_reply_bytes} {:?}", found.coverage);
        assert_eq!(found.coverage.shortened.is_empty(), expected == Status::Success);
        let has_note = found.issues.iter().any(|issue| issue.code == "reply_too_large");
        assert_eq!(has_note, is_too_large, "{max_reply_bytes}");
    }
}
