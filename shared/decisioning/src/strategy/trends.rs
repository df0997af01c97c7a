//! Trend, season, change of level and forecast of each measure.

use super::data::{
    ChangeReport, DecompositionReport, ForecastReport, SeriesTrend, SlopeReport, TrendAnalysis, TrendTest,
};
use super::ledger::Ledger;
use super::previous::Missing;
use super::request::Settings;
use super::series::Periods;
use crate::statistics::change_point::{ChangePoint, pettitt};
use crate::statistics::describe::{autocorrelation, median, sum};
use crate::statistics::forecast::{Forecast, Method, forecast};
use crate::statistics::seasonal::{Settings as Stl, decompose};
use crate::statistics::trend::{MannKendall, hamed_rao, mann_kendall, seasonal, theil_sen};

/// Level of the slope's interval and of the bounds within which an autocorrelation counts as none.
const ALPHA: f64 = 0.05;
/// Deviate of that level.
const BOUND: f64 = 1.96;
/// Seasons that a series must have for its season to be judged.
const LEAST_SEASONS: usize = 3;

/// Analyses every measure of one series; adjusted p-values come later, by [`conclude`].
pub(super) fn analyse(periods: &Result<Periods, String>, settings: &Settings, ledger: &mut Ledger) -> TrendAnalysis {
    const AT: &str = "/trend_analysis/series";
    let periods = match periods {
        Ok(periods) => periods,
        Err(reason) => {
            ledger.figure::<()>("trend.revenue", AT, Err(reason.clone().into()));
            return TrendAnalysis::default();
        }
    };
    let mut series = Vec::new();
    for (measure, values) in &periods.measures {
        let at = format!("{AT}/{}", series.len());
        let found = values.clone().and_then(|values| of(periods, measure, &values, settings)).map_err(Missing::from);
        if let Some(found) = ledger.figure(&format!("trend.{measure}"), &at, found) {
            parts(&found, &at, measure, ledger);
            series.push(found);
        }
    }
    TrendAnalysis { series }
}

/// Enters the tests and parts of a trend.
fn parts(found: &SeriesTrend, at: &str, measure: &str, ledger: &mut Ledger) {
    let n = found.n as usize;
    ledger.test(&found.test.method, format!("{at}/test"), n, found.test.p_value);
    let absent = |has: bool, reason: &str| if has { Ok(()) } else { Err(Missing::from(reason)) };
    let decomposed = absent(found.decomposition.is_some(), "less than two whole seasons, or none");
    ledger.figure(&format!("decomposition.{measure}"), &format!("{at}/decomposition"), decomposed);
    if let Some(change) = &found.change_point {
        ledger.test("pettitt", format!("{at}/change_point"), n, change.p_value);
    }
    let changed = absent(found.change_point.is_some(), "less than four periods");
    ledger.figure(&format!("change_point.{measure}"), &format!("{at}/change_point"), changed);
    let foretold = absent(found.forecast.is_some(), "less than eight periods or two whole seasons");
    ledger.figure(&format!("forecast.{measure}"), &format!("{at}/forecast"), foretold);
}

/// Fills in what depends on all tests of the run.
pub(super) fn conclude(analysis: &mut TrendAnalysis, ledger: &Ledger) {
    for (place, series) in analysis.series.iter_mut().enumerate() {
        let at = format!("/trend_analysis/series/{place}");
        if let Some(test) = ledger.find(&format!("{at}/test")) {
            series.test.p_adjusted = Some(test.p_adjusted);
            let direction = match (test.is_significant, series.test.s > 0.0) {
                (false, _) => "none",
                (true, true) => "rising",
                (true, false) => "falling",
            };
            series.direction = direction.to_owned();
        }
        if let (Some(change), Some(test)) = (&mut series.change_point, ledger.find(&format!("{at}/change_point"))) {
            change.p_adjusted = test.p_adjusted;
            change.is_significant = test.is_significant;
        }
    }
}

fn of(periods: &Periods, measure: &str, values: &[f64], settings: &Settings) -> Result<SeriesTrend, String> {
    let n = values.len();
    let short = || format!("{n} periods are too few for a trend");
    let plain = mann_kendall(values).ok_or_else(short)?;
    let slope = theil_sen(values, ALPHA).ok_or_else(short)?;
    let detrended: Vec<f64> =
        values.iter().enumerate().map(|(step, value)| value - slope.per_step * step as f64).collect();
    let lag_1 = autocorrelation(&detrended, 1);
    let has_seasons = periods.season > 1 && n >= LEAST_SEASONS * periods.season;
    let by_season = if has_seasons { autocorrelation(&detrended, periods.season) } else { None };
    let (test, test_reason, other_forms) = choose(values, periods.season, plain, lag_1, by_season);
    Ok(SeriesTrend {
        period: periods.period.clone(),
        measure: measure.to_owned(),
        from: periods.names.first().cloned().unwrap_or_default(),
        to: periods.names.last().cloned().unwrap_or_default(),
        n: n as u64,
        season: periods.season as u64,
        direction: String::new(),
        test,
        test_reason,
        other_forms,
        lag_1_autocorrelation: lag_1,
        seasonal_autocorrelation: by_season,
        slope: SlopeReport {
            per_period: slope.per_step,
            lower: slope.lower,
            upper: slope.upper,
            share_of_median: median(values).filter(|m| *m != 0.0).map(|m| slope.per_step / m.abs()),
        },
        decomposition: decomposition(values, periods.season),
        change_point: pettitt(values).map(|change| change_report(&change, periods)),
        forecast: forecast(values, periods.season, settings.horizon).map(|found| forecast_report(found, values)),
    })
}

/// The form of the test that suits the series: by season where one season is like the next, with the corrected
/// variance where one period is like the next, else the plain one.
fn choose(
    values: &[f64],
    season: usize,
    plain: MannKendall,
    lag_1: Option<f64>,
    by_season: Option<f64>,
) -> (TrendTest, String, Vec<TrendTest>) {
    let bound = BOUND / (values.len() as f64).sqrt();
    let seasonal_form = seasonal(values, season).map(|test| ("seasonal_mann_kendall", test));
    let corrected = hamed_rao(values).map(|test| ("hamed_rao", test));
    let is_seasonal = by_season.is_some_and(|r| r > bound);
    let is_correlated = lag_1.is_some_and(|r| r.abs() > bound);
    let (name, reason) = if is_seasonal && seasonal_form.is_some() {
        ("seasonal_mann_kendall", "seasonal autocorrelation above the 95 % bound")
    } else if is_correlated && corrected.is_some() {
        ("hamed_rao", "autocorrelation at lag 1 outside the 95 % bounds")
    } else {
        ("mann_kendall", "no autocorrelation at lag 1 or at the season that counts")
    };
    let forms = [Some(("mann_kendall", plain)), corrected, seasonal_form].into_iter().flatten();
    let reports: Vec<TrendTest> = forms.map(|(method, test)| report(method, &test)).collect();
    let (chosen, others): (Vec<_>, Vec<_>) = reports.into_iter().partition(|test| test.method == name);
    let test = chosen.into_iter().next().unwrap_or_default();
    (test, format!("{reason} of {bound:.3}"), others)
}

fn report(method: &str, test: &MannKendall) -> TrendTest {
    TrendTest {
        method: method.to_owned(),
        s: test.s,
        tau: test.tau,
        z: test.z,
        p_value: test.p_value,
        p_adjusted: None,
    }
}

fn decomposition(values: &[f64], season: usize) -> Option<DecompositionReport> {
    let parts = decompose(values, season, &Stl::periodic(values.len(), season))?;
    Some(DecompositionReport {
        trend_strength: parts.trend_strength(),
        seasonal_strength: parts.seasonal_strength(),
        season: parts.seasonal[..season].to_vec(),
    })
}

fn change_report(change: &ChangePoint, periods: &Periods) -> ChangeReport {
    ChangeReport {
        at: periods.names.get(change.before).cloned().unwrap_or_default(),
        k: change.k,
        p_value: change.p_value,
        level_before: change.level_before,
        level_after: change.level_after,
        ..ChangeReport::default()
    }
}

fn forecast_report(found: Forecast, values: &[f64]) -> ForecastReport {
    let method = match found.method {
        Method::SeasonalNaive => "seasonal_naive",
        Method::Smoothing(form) => form.name(),
    };
    let accuracy = found.accuracy.as_ref();
    let prior = values.len().checked_sub(found.points.len()).map(|from| sum(&values[from..]));
    ForecastReport {
        method: method.to_owned(),
        sum: sum(&found.points),
        prior_sum: prior,
        mase: accuracy.map(|a| a.mase),
        baseline_mase: accuracy.map(|a| a.baseline_mase),
        smoothing_mase: accuracy.and_then(|a| a.smoothing_mase),
        origins: accuracy.map_or(0, |a| a.origins as u64),
        range_80: accuracy.map(|a| a.range),
        points: found.points,
    }
}
