//! What both formats promise for whatever is recorded.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Name, unit and dimensions beside `service`.
type Series = (String, String, Vec<(String, String)>);

/// Everything that EMF lines say, as CloudWatch reads them.
fn read_emf(lines: &[Value]) -> BTreeMap<Series, Vec<f64>> {
    let mut read = BTreeMap::new();
    for line in lines {
        check_emf(line);
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
            let keys = directive["Dimensions"][0].as_array().unwrap().iter().skip(1);
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let dimensions: Vec<_> = keys.map(|key| (text(key), text(&line[key.as_str().unwrap()]))).collect();
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = text(&metric["Name"]);
                let found = values(std::slice::from_ref(line), &name);
                read.entry((name, text(&metric["Unit"]), dimensions.clone())).or_insert_with(Vec::new).extend(found);
            }
        }
    }
    read
}

/// Everything that log lines say.
fn read_log(lines: &[Value]) -> BTreeMap<Series, Vec<f64>> {
    let mut read = BTreeMap::new();
    for metric in lines.iter().flat_map(|line| line["metrics"].as_array().unwrap()) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let own = metric["dimensions"].as_object().unwrap().iter().filter(|(key, _)| *key != "service");
        let dimensions = own.map(|(key, value)| (key.clone(), text(value))).collect();
        let found = match metric.get("value") {
            Some(value) => vec![value.as_f64().unwrap()],
            None => metric["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect(),
        };
        let series: Series = (text(&metric["name"]), text(&metric["unit"]), dimensions);
        read.entry(series).or_insert_with(Vec::new).extend(found);
    }
    read
}

fn recorded(metrics: &Metrics) -> BTreeMap<Series, Vec<f64>> {
    let owned = |(key, value): (&'static str, String)| (key.to_owned(), value);
    let series = |sample: Sample| {
        let dimensions = sample.dimensions.into_iter().map(owned).collect();
        ((sample.name.to_owned(), sample.unit.name().to_owned(), dimensions), sample.values)
    };
    metrics.samples().into_iter().map(series).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is recorded, both formats say it all, once, and within the rules.
    #[test]
    fn both_formats_say_what_was_recorded(recordings in proptest::collection::vec(
        (0..4_usize, 0..3_usize, 0..13_usize, any::<f64>(), proptest::option::of(0..3_usize), proptest::option::of(0..3_usize)),
        0..400,
    )) {
        const NAMES: [&str; 4] = ["Reads", "Writes", "store", "Wait"];
        const VALUES: [&str; 3] = ["a", "b", "c"];
        let metrics = Metrics::recording();
        for (name, kind, unit, value, store, zone) in recordings {
            let pairs = [("store", store), ("zone", zone)];
            let dimensions: Vec<_> = pairs.into_iter().filter_map(|(key, value)| Some((key, VALUES[value?]))).collect();
            match kind {
                0 => metrics.counter(NAMES[name], value.to_bits() >> 20, UNITS[unit], &dimensions),
                1 => metrics.gauge(NAMES[name], value, UNITS[unit], &dimensions),
                _ => metrics.duration(NAMES[name], Duration::from_micros(value.to_bits() >> 20), &dimensions),
            }
        }
        let expected = recorded(&metrics);
        let own = |series: &Series| !["Invocations", "Duration", "MetricsDropped"].contains(&series.0.as_str());
        let mut emf = read_emf(&lines(Format::Emf, &metrics, false, &ok()));
        emf.retain(|series, _| own(series));
        prop_assert_eq!(&emf, &expected);
        let mut log = read_log(&lines(Format::Log, &metrics, false, &ok()));
        log.retain(|series, _| own(series));
        prop_assert_eq!(&log, &expected);
    }
}
