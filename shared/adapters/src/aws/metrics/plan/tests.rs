use std::time::Duration;

use super::*;

fn set(pairs: &[(&str, &str)]) -> Dimensions {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn query(dimensions: &[(&str, &str)], group_by: &[&str]) -> MetricQuery {
    MetricQuery {
        namespace: "AWS/EC2".to_owned(),
        metric: "CPUUtilization".to_owned(),
        statistic: Statistic::Sum,
        interval: Duration::from_secs(300),
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH,
        dimensions: set(dimensions),
        group_by: group_by.iter().map(|name| (*name).to_owned()).collect(),
        compartment: None,
    }
}

/// Series of the answer, each with the metrics that it is made of.
fn planned(query: &MetricQuery, listed: &[Dimensions]) -> Vec<(Dimensions, Vec<Dimensions>)> {
    let plan = Plan::of(query, listed.to_vec()).unwrap_or_else(|error| panic!("{error}"));
    plan.wanted.into_iter().map(|wanted| (wanted.dimensions, wanted.of)).collect()
}

#[test]
fn without_groups_each_set_is_a_series_and_the_named_one_is_always_read() {
    let (one, two) = (set(&[("InstanceId", "i-1")]), set(&[("InstanceId", "i-1"), ("Disk", "sda")]));
    let other = set(&[("InstanceId", "i-2")]);
    let listed = [one.clone(), two.clone(), two.clone(), other];
    let alone = |set: &Dimensions| (set.clone(), vec![set.clone()]);
    assert_eq!(planned(&query(&[("InstanceId", "i-1")], &[]), &listed), [alone(&two), alone(&one)]);
    let unlisted = set(&[("InstanceId", "i-9")]);
    assert_eq!(planned(&query(&[("InstanceId", "i-9")], &[]), &listed), [alone(&unlisted)]);
}

#[test]
fn groups_put_sets_of_one_kind_together() {
    let of = |host: &str, disk: &str| set(&[("Host", host), ("Disk", disk)]);
    let listed = [of("a", "1"), of("a", "2"), of("b", "1"), set(&[("Rack", "r")])];
    let expected =
        [(set(&[("Host", "a")]), vec![of("a", "1"), of("a", "2")]), (set(&[("Host", "b")]), vec![of("b", "1")])];
    assert_eq!(planned(&query(&[], &["Host"]), &listed), expected);
    let filtered = [(set(&[("Host", "a")]), vec![of("a", "2")])];
    assert_eq!(planned(&query(&[("Disk", "2")], &["Host"]), &listed), filtered);
}

#[test]
fn a_set_that_is_published_for_the_group_is_not_added_to_its_parts() {
    let (whole, part) = (set(&[("Function", "f")]), set(&[("Function", "f"), ("Version", "1")]));
    let listed = [part, whole.clone()];
    assert_eq!(planned(&query(&[], &["Function"]), &listed), [(whole.clone(), vec![whole])]);
}

#[test]
fn what_would_be_counted_twice_or_wrongly_is_refused() {
    let refused = |query: &MetricQuery, listed: &[Dimensions], word: &str| {
        let error = Plan::of(query, listed.to_vec()).unwrap_err();
        assert!(error.kind() == Kind::Invalid && error.reason().contains(word), "{error}");
    };
    let by_disk = set(&[("Host", "a"), ("Disk", "1")]);
    let by_process = set(&[("Host", "a"), ("Process", "1")]);
    refused(&query(&[], &["Host"]), &[by_disk.clone(), by_process], "Disk+Host, Host+Process");
    let other = set(&[("Host", "a"), ("Disk", "2")]);
    let percentile = MetricQuery { statistic: Statistic::Percentile(95.0), ..query(&[], &["Host"]) };
    refused(&percentile, &[by_disk.clone(), other], "percentiles");
    assert!(Plan::of(&percentile, vec![by_disk]).is_ok());
    assert_eq!(check_number(2001).unwrap_err().kind(), Kind::Invalid);
    assert!(check_number(2000).is_ok());
}

#[test]
fn what_nobody_measured_gives_no_series() {
    let listed = [set(&[("Host", "a")]), set(&[("Host", "b")])];
    let plan = Plan::of(&query(&[], &["Host"]), listed.to_vec()).unwrap();
    let values = vec![Values::default(), Values::of(&[(0, 0.0)])];
    let series = plan.series(Statistic::Sum, values);
    assert_eq!((series.len(), &series[0].dimensions, series[0].points.len()), (1, &listed[1], 1));
}

#[test]
fn names_of_statistics() {
    let check = |statistic, expected: &[&str]| assert_eq!(statistics(statistic).unwrap(), expected);
    check(Statistic::Mean, &["Sum", "SampleCount"]);
    check(Statistic::Max, &["Maximum"]);
    check(Statistic::Percentile(95.0), &["p95"]);
    check(Statistic::Percentile(99.9), &["p99.9"]);
    for wrong in [0.0, 100.0, -1.0, f64::NAN] {
        assert!(statistics(Statistic::Percentile(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn intervals_that_are_kept_at_that_age() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let check = |seconds: u64, days: i64, expected: Option<i32>| {
        let from = Timestamp::from_second(now.as_second() - days * 86_400).unwrap();
        let asked = MetricQuery { interval: Duration::from_secs(seconds), from, to: now, ..query(&[], &[]) };
        assert_eq!(period(&asked, now).ok(), expected, "{seconds} {days}");
    };
    check(60, 1, Some(60));
    check(60, 15, Some(60));
    check(60, 16, None);
    check(300, 16, Some(300));
    check(300, 64, None);
    check(3600, 64, Some(3600));
    check(86_400, 455, Some(86_400));
    check(86_400, 456, None);
    for wrong in [0, 59, 90, 5400, 90_000, 172_800] {
        check(wrong, 1, None);
    }
    let backwards = MetricQuery { from: now, to: now, ..query(&[], &[]) };
    assert!(period(&backwards, now).is_err());
}
