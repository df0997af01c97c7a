use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn point(age_seconds: i64, value: f64) -> Point {
    Point { at: Timestamp::from_second(now().as_second() - age_seconds).unwrap(), value }
}

fn measurement(points: Vec<Point>) -> Measurement {
    Measurement {
        namespace: "causeway".to_owned(),
        name: "confidence".to_owned(),
        dimensions: [("agent".to_owned(), "strategy".to_owned())].into(),
        unit: Some("percent".to_owned()),
        compartment: None,
        points,
    }
}

#[test]
fn what_the_service_would_refuse_is_sorted_out() {
    let points = vec![point(0, 1.0), point(0, f64::NAN), point(15 * 86_400, 1.0), point(-7300, 1.0), point(60, 1e109)];
    let (batches, outcome) = batches(&[measurement(points)], now());
    assert_eq!((batches.len(), batches[0].data.len()), (1, 1));
    let datum = &batches[0].data[0];
    assert_eq!((datum.metric_name(), datum.unit()), (Some("confidence"), Some(&StandardUnit::Percent)));
    let expected = [
        "confidence: a measurement is more than two hours ahead (1 points)",
        "confidence: a measurement is older than two weeks (1 points)",
        "confidence: a value is no finite number up to 2^360 (2 points)",
    ];
    assert_eq!((outcome.accepted, outcome.rejected), (0, expected.map(str::to_owned).to_vec()));
}

#[test]
fn names_that_cloudwatch_has_no_place_for() {
    let check = |change: &dyn Fn(&mut Measurement), word: &str| {
        let mut changed = measurement(vec![point(0, 1.0)]);
        change(&mut changed);
        let (batches, outcome) = batches(&[changed], now());
        assert!(batches.is_empty() && outcome.rejected.len() == 1, "{outcome:?}");
        assert!(outcome.rejected[0].contains(word) && outcome.rejected[0].len() < 200, "{outcome:?}");
    };
    let dimension = |name: &str, value: &str| {
        let pair = (name.to_owned(), value.to_owned());
        move |changed: &mut Measurement| changed.dimensions.extend([pair.clone()])
    };
    check(&|changed| changed.namespace = "AWS/EC2".to_owned(), "Amazon's own");
    check(&|changed| changed.namespace = String::new(), "namespace");
    check(&|changed| changed.namespace = ":x".to_owned(), "namespace");
    check(&|changed| changed.name = "größe".to_owned(), "name");
    check(&|changed| changed.name = "x".repeat(5000), "name");
    check(&|changed| changed.name = "a\nb".to_owned(), "name");
    check(&dimension("", "x"), "name of a dimension");
    check(&dimension(":x", "x"), "name of a dimension");
    check(&dimension("x", " "), "value of a dimension");
    check(&dimension("x", &"v".repeat(1025)), "value of a dimension");
    let many = |changed: &mut Measurement| {
        changed.dimensions = (0..31).map(|number| (format!("d{number}"), "x".to_owned())).collect();
    };
    check(&many, "30 dimensions");
}

#[test]
fn units_are_those_of_the_list() {
    let check = |text: &str, expected: Option<StandardUnit>| assert_eq!(unit(text), expected, "{text:?}");
    check("bytes", Some(StandardUnit::Bytes));
    check("Percent", Some(StandardUnit::Percent));
    check("ms", Some(StandardUnit::Milliseconds));
    check("bytes/second", Some(StandardUnit::BytesSecond));
    check("ratio", None);
    check("", None);
}

#[test]
fn namespaces_have_requests_of_their_own() {
    let other = Measurement { namespace: "other".to_owned(), ..measurement(vec![point(0, 1.0)]) };
    let (batches, _) = batches(&[measurement(vec![point(0, 1.0)]), other, measurement(vec![point(1, 2.0)])], now());
    let seen: Vec<_> = batches.iter().map(|batch| (batch.namespace.as_str(), batch.data.len())).collect();
    assert_eq!(seen, [("causeway", 2), ("other", 1)]);
}

proptest! {
    /// Every point is in one request or in the reasons, and no request is too large.
    #[test]
    fn nothing_is_lost(numbers in prop::collection::vec((0usize..1500, 0usize..1000), 0..6)) {
        let made = |(good, long): &(usize, usize)| {
            let dimensions = (0..10).map(|number| (format!("d{number}"), "v".repeat(long + 1))).collect();
            Measurement { dimensions, ..measurement(vec![point(0, 1.0); *good]) }
        };
        let measurements: Vec<_> = numbers.iter().map(made).collect();
        let (batches, outcome) = batches(&measurements, now());
        let sent: usize = batches.iter().map(|batch| batch.data.len()).sum();
        prop_assert_eq!(sent, numbers.iter().map(|(good, _)| good).sum::<usize>());
        prop_assert!(outcome.rejected.is_empty());
        prop_assert!(batches.iter().all(|batch| (1..=MAX_DATA).contains(&batch.data.len())));
        prop_assert!(batches.iter().all(|batch| batch.bytes <= MAX_BYTES));
    }
}
