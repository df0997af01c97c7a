//! One word of all the places from which a monitor looks.

use std::collections::BTreeMap;

use causeway_cloud::vantage::Sighting;
use jiff::{SignedDuration, Timestamp};

use super::{VantageReport, Verdict};
use crate::settings::Check;

/// What most of the places say that looked within two intervals of the check; `None` where no place could tell. A tie
/// is unknown.
pub(crate) fn of_places(vantage: &str, check: &Check, sightings: &[Sighting], now: Timestamp) -> Option<VantageReport> {
    let oldest = SignedDuration::from_secs(2 * i64::from(check.interval_seconds));
    let is_fresh = |sighting: &&Sighting| sighting.at <= now && now.duration_since(sighting.at) <= oldest;
    let mut newest: BTreeMap<(&str, &str), &Sighting> = BTreeMap::new();
    for sighting in sightings.iter().filter(is_fresh) {
        let known = newest.entry((&sighting.place, &sighting.target)).or_insert(sighting);
        if known.at < sighting.at {
            *known = sighting;
        }
    }
    let known: Vec<(Timestamp, bool)> =
        newest.values().filter_map(|sighting| Some((sighting.at, sighting.is_healthy?))).collect();
    let at = known.iter().map(|(at, _)| *at).max()?;
    let well = known.iter().filter(|(_, is_healthy)| *is_healthy).count();
    let verdict = match (known.len() - well, well) {
        (ill, well) if ill > well => Verdict::Fail,
        (ill, well) if well > ill => Verdict::Pass,
        _ => Verdict::Unknown,
    };
    Some(VantageReport { check: check.id.clone(), vantage: vantage.to_owned(), at, verdict })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn most_of_the_places_that_could_tell_decide() {
        let check: Check = serde_json::from_value(json!({"id": "a", "probe": {"dns": {"name": "h"}}})).unwrap();
        let now: Timestamp = "2026-03-11T12:00:00Z".parse().unwrap();
        let told = |sightings: &[(&str, i64, Option<bool>)]| {
            let sighting = |(place, ago, is_healthy): &(&str, i64, Option<bool>)| Sighting {
                place: (*place).to_owned(),
                target: "shop".to_owned(),
                at: now - SignedDuration::from_secs(*ago),
                is_healthy: *is_healthy,
            };
            let sightings: Vec<Sighting> = sightings.iter().map(sighting).collect();
            of_places("oci", &check, &sightings, now).map(|report| report.verdict)
        };
        let (well, ill) = (Some(true), Some(false));
        assert_eq!(told(&[]), None);
        assert_eq!(told(&[("a", 10, None)]), None);
        assert_eq!(told(&[("a", 10, well)]), Some(Verdict::Pass));
        assert_eq!(told(&[("a", 10, well), ("b", 10, ill)]), Some(Verdict::Unknown));
        assert_eq!(told(&[("a", 10, well), ("b", 10, ill), ("c", 10, ill)]), Some(Verdict::Fail));
        assert_eq!(told(&[("a", 10, well), ("b", 10, ill), ("c", 10, None)]), Some(Verdict::Unknown));
        // Of one place the newest counts, and nothing that is older than two intervals, or ahead.
        assert_eq!(told(&[("a", 100, ill), ("a", 10, well)]), Some(Verdict::Pass));
        assert_eq!(told(&[("a", 121, ill), ("b", -5, ill)]), None);
    }
}
