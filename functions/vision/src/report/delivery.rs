//! How near and how timely a delivery was. What is not known has no score; nearness and punctuality are never
//! assumed.

use jiff::Timestamp;

use super::expect::{Coordinates, Expect};
use super::issue::{self, Issue};
use super::score::thousandths;
use super::settings::Settings;

/// Mean radius of the Earth in metres, as the original takes it.
const EARTH_RADIUS_M: f64 = 6_371_000.0;

/// How near a delivery was.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Nearness {
    pub(super) score: Option<f64>,
    pub(super) distance_m: Option<f64>,
    pub(super) issue: Option<Issue>,
}

/// How timely a delivery was.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Timeliness {
    pub(super) score: Option<f64>,
    pub(super) late_minutes: Option<f64>,
    pub(super) issue: Option<Issue>,
}

/// Great-circle distance in metres, by the haversine formula.
pub(super) fn distance_m(a: Coordinates, b: Coordinates) -> f64 {
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let along = a.latitude.to_radians().cos() * b.latitude.to_radians().cos();
    let chord = half(b.latitude - a.latitude) + along * half(b.longitude - a.longitude);
    2.0 * EARTH_RADIUS_M * chord.clamp(0.0, 1.0).sqrt().asin()
}

/// Falls in a straight line from 1 at the expected place to 0 at the greatest distance.
pub(super) fn nearness(expect: &Expect, taken_at: Option<Coordinates>, settings: &Settings) -> Nearness {
    let Some(expected) = expect.place else { return Nearness::default() };
    let Some(taken_at) = taken_at else {
        let detail = "a place is expected, and the picture tells none";
        return Nearness { issue: Some(Issue::new(issue::GPS_MISSING, detail)), ..Nearness::default() };
    };
    if !taken_at.is_plausible() {
        let detail = "the place that the picture tells cannot be";
        return Nearness { issue: Some(Issue::new(issue::GPS_INVALID, detail)), ..Nearness::default() };
    }
    let distance = distance_m(expected, taken_at);
    let score = 1.0 - distance.min(settings.max_distance_meters) / settings.max_distance_meters;
    Nearness { score: Some(thousandths(score)), distance_m: Some((distance * 10.0).round() / 10.0), issue: None }
}

/// Falls in a straight line from 1 at the promised time to 0 at the greatest lateness.
pub(super) fn timeliness(expect: &Expect, settings: &Settings) -> Timeliness {
    match (expect.promised_time, expect.delivered_time) {
        (Some(promised), Some(delivered)) => known(promised, delivered, settings.max_late_hours),
        (Some(_), None) => {
            let detail = "a time was promised, and that of the delivery is not known";
            Timeliness { issue: Some(Issue::new(issue::DELIVERY_TIME_MISSING, detail)), ..Timeliness::default() }
        }
        (None, _) => Timeliness::default(),
    }
}

fn known(promised: Timestamp, delivered: Timestamp, max_late_hours: f64) -> Timeliness {
    let late = delivered.duration_since(promised).as_secs_f64().max(0.0);
    let hours = late / 3600.0;
    let score = 1.0 - hours.min(max_late_hours) / max_late_hours;
    Timeliness { score: Some(thousandths(score)), late_minutes: Some((late / 6.0).round() / 10.0), issue: None }
}
