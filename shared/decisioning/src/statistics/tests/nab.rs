//! Series of the Numenta Anomaly Benchmark with the windows in which its authors saw something.
//!
//! `NAB_DIR` names a directory with `combined_windows.json` and the CSV files of [`SERIES`], all in one place. No package
//! holds them, so that the test runs only where they were put, and says so where it does not:
//! `NAB_DIR=DIR cargo test -p causeway-decisioning --lib statistics::tests::nab`.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::statistics::anomalies::{Options, seasonal_hybrid_esd};
use crate::tests::installed::data_set;

/// Seconds of a day, the season of every series here.
const DAY: i64 = 86_400;
const SERIES: [&str; 11] = [
    "realAWSCloudwatch/ec2_cpu_utilization_24ae8d.csv",
    "realAWSCloudwatch/ec2_cpu_utilization_53ea38.csv",
    "realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv",
    "realAWSCloudwatch/ec2_cpu_utilization_825cc2.csv",
    "realAWSCloudwatch/ec2_network_in_257a54.csv",
    "realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv",
    "realKnownCause/cpu_utilization_asg_misconfiguration.csv",
    "realKnownCause/nyc_taxi.csv",
    "realTweets/Twitter_volume_AAPL.csv",
    "realTweets/Twitter_volume_AMZN.csv",
    "realTweets/Twitter_volume_CRM.csv",
];

/// How the anomalies that were found agree with the labels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Agreement {
    windows: usize,
    /// Windows with an anomaly in them.
    hit: usize,
    anomalies: usize,
    /// Anomalies in a window.
    inside: usize,
    points: usize,
    labelled_points: usize,
}

fn points(text: &str) -> Vec<(DateTime, f64)> {
    let point = |line: &str| {
        let (time, value) = line.split_once(',').unwrap();
        (time.parse().unwrap(), value.trim().parse().unwrap())
    };
    text.lines().skip(1).map(point).collect()
}

fn agreement(points: &[(DateTime, f64)], windows: &[(DateTime, DateTime)]) -> Agreement {
    let step = points[1].0.duration_since(points[0].0).as_secs();
    let values: Vec<f64> = points.iter().map(|point| point.1).collect();
    let found = seasonal_hybrid_esd(&values, &Options::with_period((DAY / step) as usize)).unwrap();
    let times: Vec<DateTime> = found.anomalies.iter().map(|anomaly| points[anomaly.place].0).collect();
    let is_in = |time: &DateTime, window: &(DateTime, DateTime)| (window.0..=window.1).contains(time);
    let is_labelled = |time: &DateTime| windows.iter().any(|window| is_in(time, window));
    Agreement {
        windows: windows.len(),
        hit: windows.iter().filter(|window| times.iter().any(|time| is_in(time, window))).count(),
        anomalies: times.len(),
        inside: times.iter().filter(|time| is_labelled(time)).count(),
        points: points.len(),
        labelled_points: points.iter().filter(|point| is_labelled(&point.0)).count(),
    }
}

#[test]
fn labelled_windows_are_found() {
    let Some(directory) = data_set("NAB_DIR", None) else { return };
    let read = |name: &str| std::fs::read_to_string(directory.join(name)).unwrap();
    let labels: BTreeMap<String, Vec<(DateTime, DateTime)>> =
        serde_json::from_str(&read("combined_windows.json")).unwrap();
    let mut sum = Agreement::default();
    for series in SERIES {
        let (_, file) = series.split_once('/').unwrap();
        let of = agreement(&points(&read(file)), &labels[series]);
        sum.windows += of.windows;
        sum.hit += of.hit;
        sum.anomalies += of.anomalies;
        sum.inside += of.inside;
        sum.points += of.points;
        sum.labelled_points += of.labelled_points;
    }
    let expected =
        Agreement { windows: 27, hit: 25, anomalies: 1792, inside: 726, points: 100_197, labelled_points: 9649 };
    assert_eq!(sum, expected);
}
