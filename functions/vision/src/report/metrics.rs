//! The index: place, time and package, weighed.

use super::contract::{Band, Bands, QualityMetrics, UsedWeights};
use super::delivery::{Nearness, Timeliness};
use super::score::{Score, thousandths};
use super::settings::Settings;

/// The review band of a score.
pub(super) fn band(score: Option<f64>) -> Band {
    match score {
        None => Band::Unknown,
        Some(score) if score >= 0.9 => Band::Excellent,
        Some(score) if score >= 0.7 => Band::Good,
        Some(score) if score >= 0.5 => Band::Review,
        Some(_) => Band::Reject,
    }
}

/// The metrics. The weights of what is not known go to what is; without a score of the package there is no index,
/// as an index of place and time alone would pass a parcel that nobody judged.
pub(super) fn metrics(score: Score, near: &Nearness, timely: &Timeliness, settings: &Settings) -> QualityMetrics {
    let parts = [
        (near.score, settings.weight_location),
        (timely.score, settings.weight_timeliness),
        (score.quality, settings.weight_damage),
    ];
    let total: f64 = parts.iter().map(|(_, weight)| weight).sum();
    let known: f64 = parts.iter().filter(|(part, _)| part.is_some()).map(|(_, weight)| weight).sum();
    let used = |part: Option<f64>, weight: f64| part.filter(|_| known > 0.0).map(|_| thousandths(weight / known));
    let sum: f64 = parts.iter().filter_map(|(part, weight)| Some((*part)? * weight)).sum();
    let index = score.quality.filter(|_| known > 0.0).map(|_| thousandths(sum / known));
    QualityMetrics {
        location_accuracy: near.score,
        timeliness: timely.score,
        package_quality: score.quality,
        quality_index: index,
        package_quality_at_most: score.at_most,
        distance_m: near.distance_m,
        late_minutes: timely.late_minutes,
        coverage: if total > 0.0 { thousandths(known / total) } else { 0.0 },
        weights: UsedWeights {
            location_accuracy: used(near.score, settings.weight_location),
            timeliness: used(timely.score, settings.weight_timeliness),
            package_quality: used(score.quality, settings.weight_damage),
        },
        scoring: settings.scoring,
        bands: Bands { package_quality: band(score.quality), quality_index: band(index) },
    }
}
