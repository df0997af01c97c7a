//! Where and until when.

use super::super::delivery::{distance_m, nearness, timeliness};
use super::super::expect::{Coordinates, Expect};
use super::super::issue;
use super::super::settings::Settings;

fn new_york() -> Coordinates {
    Coordinates { latitude: 40.7128, longitude: -74.006 }
}

fn expected() -> Expect {
    let promised_time = Some("2024-01-15T10:00:00Z".parse().unwrap());
    Expect { place: Some(new_york()), promised_time, delivered_time: None }
}

#[test]
fn distances_on_the_sphere() {
    let at = |latitude, longitude| Coordinates { latitude, longitude };
    let cases = [
        (at(0.0, 0.0), at(0.0, 0.0), 0.0),
        // A degree of a great circle of 6,371 km.
        (at(0.0, 0.0), at(1.0, 0.0), 111_194.93),
        (at(0.0, 179.5), at(0.0, -179.5), 111_194.93),
        (at(90.0, 0.0), at(-90.0, 0.0), 20_015_086.80),
        (at(90.0, 10.0), at(90.0, -120.0), 0.0),
    ];
    for (a, b, expected) in cases {
        assert!((distance_m(a, b) - expected).abs() < 0.01, "{a:?} {b:?}: {}", distance_m(a, b));
    }
}

#[test]
fn nearness_falls_with_the_distance() {
    let score = |latitude, longitude| {
        nearness(&expected(), Some(Coordinates { latitude, longitude }), &Settings::default()).score
    };
    // Figures of the original's code.
    let cases =
        [(40.7128, -74.006, 1.0), (40.71285, -74.006, 0.889), (40.713, -74.0062, 0.442), (40.7128, -74.0065, 0.157)];
    for (latitude, longitude, expected) in cases {
        assert_eq!(score(latitude, longitude), Some(expected));
    }
    assert_eq!(score(41.0, -74.0), Some(0.0));
    for (taken_at, code) in [
        (None, issue::GPS_MISSING),
        (Some((0.0, 0.0)), issue::GPS_INVALID),
        (Some((91.0, 0.0)), issue::GPS_INVALID),
        (Some((f64::NAN, 1.0)), issue::GPS_INVALID),
    ] {
        let taken_at = taken_at.map(|(latitude, longitude)| Coordinates { latitude, longitude });
        let near = nearness(&expected(), taken_at, &Settings::default());
        assert_eq!((near.score, near.distance_m, near.issue.unwrap().code.as_str()), (None, None, code));
    }
    let unasked = nearness(&Expect::default(), Some(new_york()), &Settings::default());
    assert_eq!((unasked.score, unasked.issue), (None, None), "nobody expected a place");
}

#[test]
fn timeliness_falls_with_the_delay() {
    // Figures of the original's code.
    let cases = [("09:55", 1.0), ("10:00", 1.0), ("10:01", 0.996), ("10:13", 0.946), ("11:00", 0.75), ("13:59", 0.004)];
    let timely = |time: &str| {
        let delivered_time = Some(format!("2024-01-15T{time}:00Z").parse().unwrap());
        timeliness(&Expect { delivered_time, ..expected() }, &Settings::default())
    };
    for (time, expected) in cases {
        assert_eq!(timely(time).score, Some(expected), "{time}");
    }
    assert_eq!((timely("14:00").score, timely("23:00").score), (Some(0.0), Some(0.0)));
    assert_eq!((timely("09:00").late_minutes, timely("10:13").late_minutes), (Some(0.0), Some(13.0)));
    let unknown = timeliness(&expected(), &Settings::default());
    assert_eq!((unknown.score, unknown.issue.unwrap().code.as_str()), (None, issue::DELIVERY_TIME_MISSING));
    let unasked = timeliness(&Expect::default(), &Settings::default());
    assert_eq!((unasked.score, unasked.issue), (None, None), "nothing was promised");
}
