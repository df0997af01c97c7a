//! Forecasts that must earn their place: the seasonal naive forecast stands unless exponential smoothing was nearer
//! over rolling origins.

mod rolling;
mod smoothing;
mod states;

pub use smoothing::{Form, Season, Smoothing, Trend, auto_ets, fit};
pub use states::Weights;

/// Points from the end that are used at most.
const MOST: usize = 400;
/// Fewest points.
const LEAST: usize = 8;
/// Share of the past forecasts that were within the given range.
pub const RANGE_SHARE: f64 = 0.8;

/// Where a forecast comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// The values of the last period again; the last value where there is no season.
    SeasonalNaive,
    /// Exponential smoothing of this form.
    Smoothing(Form),
}

/// A forecast and how well forecasts of its kind did.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Points that it is made from.
    pub n: usize,
    /// The method that was kept.
    pub method: Method,
    /// The next points.
    pub points: Vec<f64>,
    /// How near it was over rolling origins; `None` where there are too few points for that or they do not vary.
    pub accuracy: Option<Accuracy>,
}

/// Errors over rolling origins.
#[derive(Debug, Clone, PartialEq)]
pub struct Accuracy {
    /// Origins.
    pub origins: usize,
    /// Forecast points that were compared.
    pub compared: usize,
    /// Mean absolute error of the method that was kept, scaled by the in-sample error of the seasonal naive forecast
    /// (Hyndman and Koehler 2006).
    pub mase: f64,
    /// The same of the seasonal naive forecast.
    pub baseline_mase: f64,
    /// The same of exponential smoothing, kept or not; `None` where it could not be fitted.
    pub smoothing_mase: Option<f64>,
    /// Distance within which [`RANGE_SHARE`] of the kept method's forecasts were.
    pub range: f64,
}

/// Forecasts `horizon` points; `period` below 2 is without season.
///
/// `None` below eight points or two periods, with a value that is not finite, and for an empty horizon.
#[must_use]
pub fn forecast(series: &[f64], period: usize, horizon: usize) -> Option<Forecast> {
    let period = period.max(1);
    let is_usable = series.len() >= LEAST.max(2 * period) && series.iter().all(|value| value.is_finite());
    if !is_usable || horizon == 0 {
        return None;
    }
    let used = &series[series.len().saturating_sub(MOST.max(2 * period))..];
    let tried = rolling::origins(used, period, horizon).map(|errors| errors.accuracy());
    let naive = || (Method::SeasonalNaive, seasonal_naive(used, period, horizon));
    let beats = |tried: &rolling::Tried| tried.smoothing_mase.is_some_and(|mase| mase < tried.baseline_mase);
    let smoothed = tried.as_ref().filter(|tried| beats(tried)).and_then(|_| auto_ets(used, period));
    let fitted = smoothed.map(|model| (Method::Smoothing(model.form), model.forecast(horizon)));
    let usable = fitted.filter(|(_, points)| points.iter().all(|point| point.is_finite()));
    let (method, points) = usable.unwrap_or_else(naive);
    let accuracy = tried.map(|tried| tried.of(&method));
    Some(Forecast { n: used.len(), method, points, accuracy })
}

/// The values of the last period, again and again.
pub(crate) fn seasonal_naive(series: &[f64], period: usize, horizon: usize) -> Vec<f64> {
    let last = &series[series.len() - period.min(series.len())..];
    last.iter().copied().cycle().take(horizon).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn inputs_that_cannot_be_forecast() {
        assert_eq!(forecast(&[], 12, 6), None);
        assert_eq!(forecast(&[1.0], 1, 6), None);
        assert_eq!(forecast(&[1.0; 20], 12, 6), None);
        assert_eq!(forecast(&[1.0; 30], 12, 0), None);
        assert_eq!(forecast(&[f64::NAN; 30], 12, 3), None);
    }

    #[test]
    fn a_constant_goes_on() {
        let constant = forecast(&[5.0; 30], 12, 3).unwrap();
        assert_eq!((constant.method, constant.points, constant.accuracy), (Method::SeasonalNaive, vec![5.0; 3], None));
    }

    #[test]
    fn smoothing_is_kept_for_a_line_and_refused_for_a_plain_season() {
        let line: Vec<f64> = (0..40).map(|i| 100.0 + 3.0 * f64::from(i) + f64::from(i % 3)).collect();
        let found = forecast(&line, 1, 4).unwrap();
        let accuracy = found.accuracy.unwrap();
        assert!(matches!(found.method, Method::Smoothing(_)) && accuracy.mase < accuracy.baseline_mase);
        assert!((found.points[3] - 230.0).abs() < 3.0, "{:?}", found.points);
        let season: Vec<f64> = (0..48).map(|i| f64::from(i % 12) * 10.0 + f64::from(i / 12 % 2)).collect();
        let found = forecast(&season, 12, 12).unwrap();
        let accuracy = found.accuracy.unwrap();
        assert!(accuracy.mase <= accuracy.baseline_mase);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_method_that_is_kept_is_never_worse(values in proptest::collection::vec(-1e5_f64..1e5, 8..40)) {
            let found = forecast(&values, 4, 4).unwrap();
            prop_assert!(found.points.iter().all(|point| point.is_finite()));
            if let Some(accuracy) = found.accuracy {
                prop_assert!(accuracy.mase <= accuracy.baseline_mase && accuracy.range >= 0.0);
            }
            prop_assert_eq!(forecast(&values, 4, 4).unwrap().points, found.points);
        }
    }
}
