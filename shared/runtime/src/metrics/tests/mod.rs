mod laws;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::*;
use crate::{Error, Reply};

/// Units of CloudWatch's `MetricDatum`.
const CLOUDWATCH_UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
const UNITS: [Unit; 13] = [
    Unit::Count,
    Unit::Percent,
    Unit::Seconds,
    Unit::Milliseconds,
    Unit::Microseconds,
    Unit::Bytes,
    Unit::Kilobytes,
    Unit::Megabytes,
    Unit::Gigabytes,
    Unit::Terabytes,
    Unit::BytesPerSecond,
    Unit::CountPerSecond,
    Unit::None,
];
const AT: &str = "2026-11-21T07:30:00.25Z";

fn ok() -> Result<Reply, Error> {
    Ok(Reply::json(&json!({})).unwrap())
}

fn lines(format: Format, metrics: &Metrics, cold_start: bool, outcome: &Result<Reply, Error>) -> Vec<Value> {
    let emitter = Emitter::new("demo", format, "causeway".to_owned());
    let head = Map::from_iter([("function_request_id".to_owned(), json!("r1"))]);
    let end = End { elapsed: Duration::from_micros(12_345), cold_start, outcome };
    let lines = emitter.lines(metrics, &end, head, AT.parse::<Timestamp>().unwrap());
    lines.into_iter().map(Value::Object).collect()
}

fn emf(metrics: &Metrics) -> Vec<Value> {
    let lines = lines(Format::Emf, metrics, false, &ok());
    lines.iter().for_each(check_emf);
    lines
}

/// The rules of the embedded metric format's specification.
fn check_emf(line: &Value) {
    let aws = line["_aws"].as_object().expect("_aws");
    assert_eq!(aws.keys().collect::<Vec<_>>(), ["CloudWatchMetrics", "Timestamp"]);
    assert!(aws["Timestamp"].is_i64());
    let directives = aws["CloudWatchMetrics"].as_array().expect("directives");
    let mut members = Vec::new();
    for directive in directives {
        assert_eq!(directive.as_object().unwrap().keys().collect::<Vec<_>>(), ["Dimensions", "Metrics", "Namespace"]);
        assert!((1..=255).contains(&directive["Namespace"].as_str().unwrap().len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let keys = set.as_array().unwrap();
            assert!(keys.len() <= 20, "{keys:?}");
            keys.iter().for_each(|key| check_dimension(key.as_str().unwrap(), &line[key.as_str().unwrap()]));
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            check_metric(metric, line);
            members.push(metric["Name"].as_str().unwrap());
        }
    }
    assert!((1..=100).contains(&members.len()), "{} metrics", members.len());
    let count = members.len();
    members.sort_unstable();
    members.dedup();
    assert_eq!(members.len(), count, "a member can be one metric only");
    assert!(line.to_string().len() < 256 * 1024);
}

fn check_dimension(key: &str, value: &Value) {
    let value = value.as_str().unwrap_or_else(|| panic!("{key} is no text"));
    assert!((1..=250).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()), "{key}");
    assert!((1..=256).contains(&value.len()) && !value.trim().is_empty(), "{value:?}");
    assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value:?}");
}

fn check_metric(metric: &Value, line: &Value) {
    assert_eq!(metric.as_object().unwrap().keys().collect::<Vec<_>>(), ["Name", "Unit"]);
    assert!(CLOUDWATCH_UNITS.contains(&metric["Unit"].as_str().unwrap()), "{metric}");
    let name = metric["Name"].as_str().unwrap();
    assert!((1..=255).contains(&name.len()));
    match &line[name] {
        Value::Array(values) => {
            assert!((2..=100).contains(&values.len()) && values.iter().all(Value::is_number), "{name}");
        }
        value => assert!(value.is_number(), "{name} is {value}"),
    }
}

/// Every value under a name, over all lines.
fn values(lines: &[Value], name: &str) -> Vec<f64> {
    let of_line = |line: &Value| match line.get(name) {
        None => Vec::new(),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_f64).collect(),
        Some(value) => vec![value.as_f64().unwrap()],
    };
    lines.iter().flat_map(of_line).collect()
}

#[test]
fn units_are_cloudwatchs() {
    for unit in UNITS {
        assert!(CLOUDWATCH_UNITS.contains(&unit.name()), "{unit:?}");
    }
}

#[test]
fn a_plain_call_is_one_embedded_metric_line() {
    let metrics = Metrics::recording();
    metrics.counter("ObjectsRead", 3, Unit::Count, &[]);
    metrics.counter("ObjectsRead", 4, Unit::Count, &[]);
    metrics.gauge("Score", 0.5, Unit::None, &[]);
    metrics.gauge("Score", 0.25, Unit::None, &[]);
    let expected = json!({
        "_aws": {"Timestamp": 1_795_246_200_250_i64, "CloudWatchMetrics": [{
            "Namespace": "causeway", "Dimensions": [["service"]], "Metrics": [
                {"Name": "Invocations", "Unit": "Count"}, {"Name": "Duration", "Unit": "Milliseconds"},
                {"Name": "ObjectsRead", "Unit": "Count"}, {"Name": "Score", "Unit": "None"}]}]},
        "service": "demo", "function_request_id": "r1",
        "Invocations": 1, "Duration": 12.345, "ObjectsRead": 7, "Score": 0.25,
    });
    assert_eq!(emf(&metrics), [expected]);
}

#[test]
fn a_plain_call_is_one_log_line() {
    let metrics = Metrics::recording();
    metrics.duration("ReadTime", Duration::from_micros(1_500), &[("store", "oci")]);
    metrics.duration("ReadTime", Duration::from_millis(2), &[("store", "oci")]);
    let service = json!({"service": "demo"});
    let expected = json!({
        "level": "INFO", "message": "metrics", "timestamp": "2026-11-21T07:30:00.250Z", "service": "demo",
        "function_name": "demo", "function_request_id": "r1", "namespace": "causeway", "metrics": [
            {"name": "Invocations", "unit": "Count", "value": 1, "dimensions": service},
            {"name": "Duration", "unit": "Milliseconds", "value": 12.345, "dimensions": service},
            {"name": "ReadTime", "unit": "Milliseconds", "values": [1.5, 2],
                "dimensions": {"service": "demo", "store": "oci"}}],
    });
    assert_eq!(lines(Format::Log, &metrics, false, &ok()), [expected]);
}

#[test]
fn cold_starts_and_errors_are_told_when_there_are_any() {
    let names = |cold_start, outcome: &Result<Reply, Error>| {
        let [line] = lines(Format::Emf, &Metrics::recording(), cold_start, outcome).try_into().expect("one line");
        check_emf(&line);
        (line.get("ColdStart").is_some(), line.get("Errors").cloned(), line.get("error_kind").cloned())
    };
    assert_eq!(names(false, &ok()), (false, None, None));
    assert_eq!(names(true, &ok()), (true, None, None));
    let failed = |error: Error, kind: &str| {
        assert_eq!(names(false, &Err(error)), (false, Some(json!(1)), Some(json!(kind))));
    };
    failed(Error::client(404, "not_found", ""), "client");
    failed(Error::upstream("s", Some(500), "broken"), "upstream");
    failed(Error::timeout("handler"), "timeout");
    failed(Error::internal("panic", ""), "internal");
    let reply = Reply { failed_items: vec!["a".to_owned()], reports_items: true, ..ok().unwrap() };
    assert_eq!(names(false, &Ok(reply)), (false, Some(json!(1)), Some(json!("batch"))));
}

#[test]
fn metrics_of_several_dimension_sets_share_a_line_where_they_can() {
    let metrics = Metrics::recording();
    metrics.counter("Reads", 1, Unit::Count, &[("store", "oci")]);
    metrics.counter("Writes", 2, Unit::Count, &[("store", "oci")]);
    metrics.counter("Reads", 3, Unit::Count, &[("store", "aws")]);
    metrics.counter("Size", 5, Unit::Bytes, &[]);
    metrics.counter("Size", 6, Unit::Kilobytes, &[]);
    let lines = emf(&metrics);
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["store"], &lines[0]["Reads"], &lines[0]["Size"]), (&json!("oci"), &json!(1), &json!(5)));
    assert_eq!((&lines[1]["store"], &lines[1]["Reads"], &lines[1]["Size"]), (&json!("aws"), &json!(3), &json!(6)));
    assert_eq!(lines[0]["_aws"]["CloudWatchMetrics"].as_array().unwrap().len(), 2);
}

/// Names that live as long as the program, as literals do.
fn name(index: usize) -> &'static str {
    format!("Metric{index}").leak()
}

#[test]
fn lines_are_split_and_nothing_is_lost() {
    let metrics = Metrics::recording();
    for index in 0..250 {
        metrics.counter(name(index), index as u64 + 1, Unit::Count, &[]);
    }
    for index in 0..250 {
        metrics.duration("Wait", Duration::from_millis(index), &[]);
    }
    let lines_written = emf(&metrics);
    // Three of up to 100 metrics, the last with room for one part of `Wait`; the same name twice needs two lines.
    assert_eq!(lines_written.len(), 5);
    let values = |name: &str| values(&lines_written, name);
    assert_eq!((0..250).filter(|index| values(name(*index)) == [*index as f64 + 1.0]).count(), 250);
    assert_eq!(values("Wait"), (0..250).map(f64::from).collect::<Vec<_>>());
    assert_eq!(values("Invocations"), [1.0]);
    let logged = lines(Format::Log, &metrics, false, &ok());
    let counts: Vec<_> = logged.iter().map(|line| line["metrics"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [100, 100, 55]);
}

#[test]
fn long_names_and_dimensions_do_not_make_long_lines() {
    let metrics = Metrics::recording();
    for index in 0..100 {
        let name: &str = format!("{index}").leak();
        let long = |text: &str| -> &'static str { format!("{text}{name}{}", "x".repeat(240)).leak() };
        let keys: Vec<_> = (0..19).map(|key| (long(&format!("k{key}-")), "v".repeat(300).leak() as &str)).collect();
        metrics.counter(long("m"), 1, Unit::Count, &keys);
    }
    assert_eq!((metrics.samples().len(), metrics.dropped().0), (100, 0));
    assert!(emf(&metrics).len() > 4);
    for line in lines(Format::Log, &metrics, false, &ok()) {
        assert!(line.to_string().len() < 256 * 1024);
    }
}

#[test]
fn memory_is_bounded_and_what_is_dropped_is_counted() {
    let series = Metrics::recording();
    for index in 0..1_000 {
        series.counter(name(index), 1, Unit::Count, &[]);
    }
    series.counter(name(7), 1, Unit::Count, &[]);
    assert_eq!((series.samples().len(), series.dropped()), (MAX_SERIES, (500, Some(name(500)))));
    assert_eq!(series.samples()[7].values, [2.0], "what is known goes on counting");
    assert_eq!(values(&emf(&series), "MetricsDropped"), [500.0]);
    let durations = Metrics::recording();
    durations.counter("Reads", 1, Unit::Count, &[]);
    (0..6_000).for_each(|_| durations.duration("Wait", Duration::ZERO, &[]));
    durations.counter("Reads", 1, Unit::Count, &[]);
    assert_eq!(durations.samples().iter().map(|sample| sample.values.len()).sum::<usize>(), MAX_VALUES);
    assert_eq!((durations.dropped().0, values(&emf(&durations), "Reads")), (1_001, vec![2.0]));
}

#[test]
fn wrong_recordings_are_dropped() {
    let dropped = |name: &'static str, value: f64, dimensions: &[(&'static str, &str)]| {
        let metrics = Metrics::recording();
        metrics.gauge(name, value, Unit::None, dimensions);
        emf(&metrics);
        assert_eq!(metrics.samples().is_empty(), metrics.dropped().0 == 1);
        metrics.dropped().0 == 1
    };
    for name in ["a", "Reads", "reads-2_x", "r".repeat(250).leak()] {
        assert!(!dropped(name, 1.0, &[]), "{name}");
    }
    let too_long = "r".repeat(251).leak();
    for name in ["", "1a", "_a", "a b", "a.b", "ä", "a\n", "oci_x", "OCI_x", "Duration", "service", "_aws", too_long] {
        assert!(dropped(name, 1.0, &[]), "{name}");
        assert!(dropped("ok", 1.0, &[(name, "v")]), "{name}");
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e109, -1e109] {
        assert!(dropped("ok", value, &[]), "{value}");
    }
    for value in [0.0, -0.0, -1.5, 1e108, f64::MIN_POSITIVE, 9_007_199_254_740_993.0] {
        assert!(!dropped("ok", value, &[]), "{value}");
    }
    let keys: Vec<_> = (0..20).map(|index| (name(index), "v")).collect();
    assert!(dropped("ok", 1.0, &keys) && !dropped("ok", 1.0, &keys[..19]));
    assert!(dropped("ok", 1.0, &[("a", "1"), ("a", "2")]) && dropped("ok", 1.0, &[("ok", "1")]));
}

#[test]
fn values_of_dimensions_are_made_to_fit() {
    let check = |given: &str, written: &str| {
        let metrics = Metrics::recording();
        metrics.counter("Reads", 1, Unit::Count, &[("bucket", given)]);
        assert_eq!(emf(&metrics)[0]["bucket"], written, "{given:?}");
    };
    check("sales 2026", "sales 2026");
    check("Müller\n\u{0}", "M?ller??");
    check("", "unknown");
    check(" \t", " ?");
    check("  ", "unknown");
    check(&"ä".repeat(1000), &"?".repeat(256));
    check(&"a".repeat(1_000_000), &"a".repeat(256));
}

#[test]
fn namespaces_fit_both_clouds() {
    for name in ["causeway", "Shop_1", "a", "n".repeat(255).leak()] {
        assert!(is_namespace(name), "{name}");
    }
    for name in ["", "1a", "_a", "AWS/Lambda", "a b", "a-b", "oci_x", "Oci_x", "ä", "n".repeat(256).leak()] {
        assert!(!is_namespace(name), "{name}");
    }
}

#[test]
fn the_setting_wins_over_the_host() {
    for (setting, format) in [("auto", Format::Log), ("emf", Format::Emf), ("log", Format::Log), ("off", Format::Off)] {
        assert_eq!(Format::of(setting, Format::Log), format);
    }
    assert_eq!(lines(Format::Off, &Metrics::recording(), true, &ok()), [Value::Null; 0]);
}

#[test]
fn a_recorder_that_is_off_keeps_nothing() {
    let metrics = Metrics::default();
    metrics.counter("Reads", 1, Unit::Count, &[]);
    metrics.counter("not a name", 1, Unit::Count, &[]);
    assert_eq!((metrics.samples(), metrics.dropped()), (Vec::new(), (0, None)));
    let on = Metrics::recording();
    on.clone().counter("Reads", 1, Unit::Count, &[("token", "hidden-value")]);
    assert_eq!(format!("{on:?}"), "Metrics { series: Some(1) }");
}
