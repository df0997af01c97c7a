//! Revenue over time with its trend, what stands out and what is expected.

use maud::{Markup, html};

use super::table::{Column, folded, left_out, table};
use super::{INTELLIGENCE, STRATEGY, absent, legend};
use crate::intelligence::data::Series;
use crate::strategy::data::{AnomalyPoint, ForecastReport, SeriesAnomalies, SeriesTrend};
use crate::visualization::charts::{Ahead, Caption, Flagged, Lines, Paint, lines};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, words};

/// Periods that the table lists, the latest ones.
const MOST_ROWS: usize = 120;

/// What the strategy agent found about the series that is shown.
struct Found {
    trend: Option<(String, SeriesTrend)>,
    anomalies: Option<(String, SeriesAnomalies)>,
}

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let all: Vec<Series> = doc.typed(&format!("{INTELLIGENCE}/series")).unwrap_or_default();
    let monthly = all.iter().position(|series| series.period == "month").or((!all.is_empty()).then_some(0));
    html! {
        section id="revenue" aria-labelledby="revenue-title" {
            h2 #revenue-title { "Revenue over time" }
            @match monthly.map(|index| (index, &all[index])).filter(|(_, series)| !series.points.is_empty()) {
                None => (absent(&doc.reason(&format!("{INTELLIGENCE}/series")))),
                Some((index, series)) => div.grid { (card(doc, &format!("{INTELLIGENCE}/series/{index}"), series)) },
            }
        }
    }
}

fn find(doc: &Doc<'_>, period: &str) -> Found {
    let trends: Vec<SeriesTrend> = doc.typed(&format!("{STRATEGY}/trend_analysis/series")).unwrap_or_default();
    let anomalies: Vec<SeriesAnomalies> =
        doc.typed(&format!("{STRATEGY}/anomaly_detection/series")).unwrap_or_default();
    let place = |list: &str, index: usize| format!("{STRATEGY}/{list}/series/{index}");
    let trend = trends.into_iter().enumerate().find(|(_, one)| one.period == period && one.measure == "revenue");
    let flagged = anomalies.into_iter().enumerate().find(|(_, one)| one.period == period && one.measure == "revenue");
    Found {
        trend: trend.map(|(index, one)| (place("trend_analysis", index), one)),
        anomalies: flagged.map(|(index, one)| (place("anomaly_detection", index), one)),
    }
}

fn card(doc: &Doc<'_>, place: &str, series: &Series) -> Markup {
    let found = find(doc, &series.period);
    let periods: Vec<String> = series.points.iter().map(|point| point.period.clone()).collect();
    let values: Vec<Option<f64>> = series.points.iter().map(|point| point.revenue).collect();
    let second: Vec<Option<f64>> = series.points.iter().map(|point| point.profit).collect();
    let has_second = second.iter().any(Option::is_some);
    let trend = found.trend.as_ref().filter(|(_, one)| one.n == values.len() as u64);
    let line = trend.map(|(_, one)| trend_line(&values, one.slope.per_period)).unwrap_or_default();
    let points = found.anomalies.as_ref().map_or(&[][..], |(_, one)| &one.anomalies);
    let flagged: Vec<Flagged> = points.iter().filter_map(|point| flag(&periods, point)).collect();
    let forecast = found.trend.as_ref().and_then(|(place, one)| Some((place, one.forecast.as_ref()?)));
    let ahead = forecast.map(|(_, forecast)| ahead(periods.last(), forecast)).unwrap_or_default();
    let shown = Lines {
        periods: &periods,
        values: &values,
        second: if has_second { &second } else { &[] },
        trend: &line,
        flagged: &flagged,
        ahead: &ahead,
    };
    let description = format!(
        "A line of {} periods from {} to {}; {} stand out; {} are forecast. The table below has the figures.",
        periods.len(),
        periods.first().map_or("", String::as_str),
        periods.last().map_or("", String::as_str),
        flagged.len(),
        ahead.len()
    );
    let mut legends = vec![(Paint::Main, "revenue")];
    legends.extend(has_second.then_some((Paint::Second, "profit (dashed)")));
    legends.extend((!line.is_empty()).then_some((Paint::Soft, "trend (dotted)")));
    legends.extend((!flagged.is_empty()).then_some((Paint::Flag, "stands out (◆ high or low)")));
    legends.extend(
        (!ahead.is_empty())
            .then_some((Paint::Forecast, "forecast (long dashes; shaded: 8 of 10 past forecasts were this near)")),
    );
    html! {
        div.card {
            h3 { "Revenue by " (words(&series.period).to_lowercase()) }
            (summary(doc, &found))
            (legend(&legends))
            (lines(&Caption { id: "revenue-chart", title: "Revenue over time", description: &description }, &shown))
            (folded("Table", &html! {
                (figures(doc, place, series, &found))
                @if let Some((place, forecast)) = forecast { (forecasts(doc, place, forecast, &ahead)) }
            }))
        }
    }
}

/// The line of the given slope that leaves as many values above as below it.
fn trend_line(values: &[Option<f64>], slope: f64) -> Vec<Option<f64>> {
    let rests = values.iter().enumerate().filter_map(|(index, value)| Some((*value)? - slope * index as f64));
    let mut rests: Vec<f64> = rests.filter(|rest| rest.is_finite()).collect();
    rests.sort_by(f64::total_cmp);
    let Some(middle) = rests.get(rests.len() / 2) else { return Vec::new() };
    (0..values.len()).map(|index| Some(middle + slope * index as f64)).collect()
}

fn flag(periods: &[String], point: &AnomalyPoint) -> Option<Flagged> {
    let index = periods.iter().position(|period| *period == point.period)?;
    Some(Flagged { index, is_high: point.direction == "above" })
}

fn ahead(last: Option<&String>, forecast: &ForecastReport) -> Vec<Ahead> {
    let bound = |value: f64, sign: f64| forecast.range_80.map(|range| value + sign * range);
    let point = |(index, value): (usize, &f64)| Ahead {
        period: following(last.map_or("", String::as_str), index + 1),
        value: Some(*value),
        lower: bound(*value, -1.0),
        upper: bound(*value, 1.0),
    };
    forecast.points.iter().enumerate().map(point).collect()
}

/// The period so many after one, such as `2018-03`; where it is no month or day, `+3`.
fn following(last: &str, steps: usize) -> String {
    let steps_in_time = i64::try_from(steps).unwrap_or(i64::MAX);
    let month = || {
        format!("{last}-01")
            .parse::<jiff::civil::Date>()
            .ok()?
            .checked_add(jiff::Span::new().try_months(steps_in_time).ok()?)
            .ok()
    };
    let day =
        || last.parse::<jiff::civil::Date>().ok()?.checked_add(jiff::Span::new().try_days(steps_in_time).ok()?).ok();
    match last.len() {
        7 => month().map(|date| date.strftime("%Y-%m").to_string()),
        10 => day().map(|date| date.to_string()),
        _ => None,
    }
    .unwrap_or_else(|| format!("+{steps}"))
}

fn summary(doc: &Doc<'_>, found: &Found) -> Markup {
    let missing = |list: &str| doc.reason(&format!("{STRATEGY}/{list}"));
    html! {
        @match &found.trend {
            Some((place, trend)) => p.note {
                "Trend: " (words(&trend.direction).to_lowercase()) ", "
                (doc.figure(&format!("{place}/slope/per_period"), Unit::Money).short()) " per " (trend.period) " (95\u{a0}% interval "
                (doc.figure(&format!("{place}/slope/lower"), Unit::Money).short()) " to "
                (doc.figure(&format!("{place}/slope/upper"), Unit::Money).short()) ", p\u{a0}"
                (doc.figure(&format!("{place}/test/p_value"), Unit::Probability).short()) ")."
                @if trend.forecast.is_some() {
                    " Forecast of the next " (trend.forecast.as_ref().map_or(0, |f| f.points.len())) " together: "
                    (doc.figure(&format!("{place}/forecast/sum"), Unit::Money).short()) "."
                }
            },
            None => p.note { "No trend or forecast: " (missing("trend_analysis")) "." },
        }
        @match &found.anomalies {
            Some((place, _)) => p.note { "Months or days that stand out: " (doc.figure(&format!("{place}/count"), Unit::Count).short()) "." },
            None => p.note { "Not searched for periods that stand out: " (missing("anomaly_detection")) "." },
        }
    }
}

fn figures(doc: &Doc<'_>, place: &str, series: &Series, found: &Found) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::text("Period"),
        Column::number("Revenue"),
        Column::number("Profit"),
        Column::number("Rows"),
        Column::number("Expected"),
        Column::text("Stands out"),
    ];
    let first = series.points.len().saturating_sub(MOST_ROWS);
    let row = |index: usize| {
        let point = &series.points[index];
        let figure = |field: &str, unit| doc.figure(&format!("{place}/points/{index}/{field}"), unit).short();
        let odd = found.anomalies.as_ref().and_then(|(at, one)| {
            let position = one.anomalies.iter().position(|odd| odd.period == point.period)?;
            Some((format!("{at}/anomalies/{position}"), &one.anomalies[position]))
        });
        vec![
            html! { (point.period) },
            figure("revenue", Unit::Money),
            figure("profit", Unit::Money),
            figure("rows", Unit::Count),
            html! { @if let Some((at, _)) = &odd { (doc.figure(&format!("{at}/expected"), Unit::Money).short()) } },
            html! { @if let Some((_, odd)) = &odd { span.tag { "◆ " (odd.direction) } } },
        ]
    };
    html! {
        (table("Revenue by period; what is expected where a period stands out", &COLUMNS, (first..series.points.len()).map(row).collect()))
        (left_out(series.points.len() - first, series.points.len() as u64, "periods"))
        @if series.is_cut { p.note { "Earlier periods were left out of the agent's reply for want of room." } }
    }
}

fn forecasts(doc: &Doc<'_>, place: &str, forecast: &ForecastReport, ahead: &[Ahead]) -> Markup {
    let row = |(index, ahead): (usize, &Ahead)| {
        vec![html! { (ahead.period) }, doc.figure(&format!("{place}/forecast/points/{index}"), Unit::Money).short()]
    };
    html! {
        (table(&format!("Forecast by {}", forecast.method), &[Column::text("Period"), Column::number("Revenue")], ahead.iter().enumerate().map(row).collect()))
        p.note { "Eight of ten past forecasts were within " (doc.figure(&format!("{place}/forecast/range_80"), Unit::Money).short()) ". "
            "Error against the seasonal naive forecast (MASE): " (doc.figure(&format!("{place}/forecast/mase"), Unit::Number).short()) "." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_go_on() {
        for (last, steps, expected) in [
            ("2017-12", 1, "2018-01"),
            ("2017-12", 14, "2019-02"),
            ("2017-12-31", 1, "2018-01-01"),
            ("Q4", 2, "+2"),
            ("", 1, "+1"),
        ] {
            assert_eq!(following(last, steps), expected);
        }
    }

    #[test]
    fn the_trend_line_halves_the_values() {
        let values = [Some(1.0), Some(12.0), None, Some(f64::NAN), Some(3.0)];
        let line = trend_line(&values, 0.5);
        assert_eq!(line, [Some(1.0), Some(1.5), Some(2.0), Some(2.5), Some(3.0)]);
        assert!(trend_line(&[None], 1.0).is_empty());
    }
}
