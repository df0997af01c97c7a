//! Periods that stand out, by one measure and by all together.

use super::data::{AnomalyDetection, AnomalyPoint, PeriodAnomalies, PeriodAnomaly, SeriesAnomalies};
use super::ledger::Ledger;
use super::previous::Missing;
use super::request::Settings;
use super::series::Periods;
use crate::statistics::anomalies::{CUTOFF, Options, robust_z, seasonal_hybrid_esd};
use crate::statistics::describe::median;
use crate::statistics::forest::isolation_scores;
use crate::statistics::seasonal::{Settings as Stl, decompose};

/// Periods from which the test is used; below, robust scores.
const TEST_FROM: usize = 100;
/// Fewest periods.
const LEAST: usize = 8;
/// Level of the test.
const ALPHA: f64 = 0.05;
/// Anomalies that are listed for a measure.
const LISTED: usize = 50;
/// Isolation score from which a period counts.
const APART: f64 = 0.65;
/// Seed of the forest: fixed, so that the same data give the same scores.
const SEED: u64 = 20_080_415;

/// Looks at every measure of every series.
pub(super) fn detect(all: &[Result<Periods, String>], settings: &Settings, ledger: &mut Ledger) -> AnomalyDetection {
    const AT: &str = "/anomaly_detection/series";
    let mut found = AnomalyDetection::default();
    for periods in all {
        match periods {
            Err(reason) => drop(ledger.figure::<()>("anomalies", AT, Err(reason.clone().into()))),
            Ok(periods) => {
                for (measure, values) in &periods.measures {
                    let at = format!("{AT}/{}", found.series.len());
                    let of = values
                        .clone()
                        .and_then(|values| of(periods, measure, &values, settings))
                        .map_err(Missing::from);
                    found.series.extend(ledger.figure(&format!("anomalies.{}.{measure}", periods.period), &at, of));
                }
            }
        }
    }
    let richest = all.iter().flatten().max_by_key(|periods| periods.names.len());
    let together = richest.ok_or_else(|| "there is no series".to_owned()).and_then(together);
    found.periods = ledger.figure("anomalies.periods", "/anomaly_detection/periods", together.map_err(Missing::from));
    found
}

fn of(periods: &Periods, measure: &str, values: &[f64], settings: &Settings) -> Result<SeriesAnomalies, String> {
    let n = values.len();
    if n < LEAST {
        return Err(format!("{n} periods are too few to tell which stands out"));
    }
    let by_test = || {
        let options = Options { period: periods.season, max_share: settings.max_anomalies, alpha: ALPHA };
        seasonal_hybrid_esd(values, &options)
    };
    let tested = if n >= TEST_FROM { by_test() } else { None };
    let (method, threshold, bound, mut points) = match tested {
        Some(found) => {
            let points = found.anomalies.iter().map(|a| point(periods, a.place, a.value, a.expected, a.score));
            ("seasonal_hybrid_esd", ALPHA, Some(found.tested as u64), points.collect::<Vec<_>>())
        }
        None => ("robust_z", CUTOFF, None, by_score(periods, values)),
    };
    let count = points.len() as u64;
    points.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()).then_with(|| a.period.cmp(&b.period)));
    points.truncate(LISTED);
    points.sort_by(|a, b| a.period.cmp(&b.period));
    Ok(SeriesAnomalies {
        period: periods.period.clone(),
        measure: measure.to_owned(),
        method: method.to_owned(),
        n: n as u64,
        threshold,
        tested: bound,
        count,
        anomalies: points,
    })
}

/// Robust scores of what season and trend leave, or of the values themselves without two whole seasons.
fn by_score(periods: &Periods, values: &[f64]) -> Vec<AnomalyPoint> {
    let parts = decompose(values, periods.season, &Stl::periodic(values.len(), periods.season));
    let rest = parts.map_or_else(|| values.to_vec(), |parts| parts.remainder);
    let Some(scores) = robust_z(&rest) else { return Vec::new() };
    let centre = median(&rest).unwrap_or(0.0);
    let far = scores.iter().enumerate().filter(|(_, score)| score.abs() > CUTOFF);
    far.map(|(place, score)| point(periods, place, values[place], values[place] - rest[place] + centre, *score))
        .collect()
}

fn point(periods: &Periods, place: usize, value: f64, expected: f64, score: f64) -> AnomalyPoint {
    AnomalyPoint {
        period: periods.names.get(place).cloned().unwrap_or_default(),
        value,
        expected,
        score,
        direction: if score < 0.0 { "below" } else { "above" }.to_owned(),
    }
}

/// Sets periods apart by all measures that are there.
fn together(periods: &Periods) -> Result<PeriodAnomalies, String> {
    let measures: Vec<(&str, &[f64])> =
        periods.measures.iter().filter_map(|(name, values)| Some((*name, values.as_deref().ok()?))).collect();
    if measures.len() < 2 || periods.names.len() < LEAST {
        return Err("it takes two measures and eight periods to compare periods by several measures".to_owned());
    }
    let columns: Vec<Vec<f64>> = measures.iter().map(|(_, values)| values.to_vec()).collect();
    let scores = isolation_scores(&columns, SEED).ok_or("the measures cannot be compared")?;
    let distances: Vec<Option<Vec<f64>>> = columns.iter().map(|column| robust_z(column)).collect();
    let farthest = |place: usize| {
        let by_distance =
            measures.iter().zip(&distances).filter_map(|((name, _), of)| Some((name, of.as_ref()?[place])));
        by_distance.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map(|(name, _)| (*name).to_owned())
    };
    let mut apart: Vec<usize> = (0..scores.len()).filter(|place| scores[*place] >= APART).collect();
    let count = apart.len() as u64;
    apart.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    apart.truncate(LISTED);
    apart.sort_unstable();
    let anomaly = |place: usize| PeriodAnomaly {
        period: periods.names[place].clone(),
        score: scores[place],
        values: measures.iter().map(|(name, values)| ((*name).to_owned(), values[place])).collect(),
        farthest: farthest(place),
    };
    Ok(PeriodAnomalies {
        period: periods.period.clone(),
        measures: measures.iter().map(|(name, _)| (*name).to_owned()).collect(),
        n: periods.names.len() as u64,
        seed: SEED,
        threshold: APART,
        count,
        anomalies: apart.into_iter().map(anomaly).collect(),
    })
}
