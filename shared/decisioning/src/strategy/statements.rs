//! Sentences over computed figures, each with what it rests on. A figure that is absent gives no sentence.

use super::data::{Data, Evidence, Opportunity, SeriesTrend};
use super::money::{chance, round, signed};

/// A sentence and what it rests on.
pub(super) type Statement = (String, Evidence);

pub(super) fn insights(data: &Data) -> Vec<Statement> {
    let mut said = Vec::new();
    for (place, series) in data.trend_analysis.iter().flat_map(|analysis| analysis.series.iter().enumerate()) {
        of_trend(place, series, &mut said);
    }
    anomalies(data, &mut said);
    let risks = data.risk_assessment.iter().flat_map(|assessment| assessment.risks.iter().enumerate());
    for (place, risk) in risks.filter(|(_, risk)| risk.level != "low") {
        let mut evidence = risk.evidence.clone();
        evidence.pointers.insert(0, format!("/risk_assessment/risks/{place}"));
        let text = format!("{} Risk {:.3} of 1 ({}).", risk.text, risk.score, risk.level);
        said.push((text, evidence));
    }
    said
}

fn of_trend(place: usize, series: &SeriesTrend, said: &mut Vec<Statement>) {
    let at = format!("/trend_analysis/series/{place}");
    let test = Evidence {
        pointers: vec![format!("{at}/test"), format!("{at}/slope")],
        n: Some(series.n),
        test: Some(series.test.method.clone()),
        p_value: Some(series.test.p_value),
        p_adjusted: series.test.p_adjusted,
        ..Evidence::default()
    };
    let p = chance(series.test.p_adjusted.unwrap_or(1.0));
    let (measure, period) = (&series.measure, &series.period);
    let text = if series.direction == "none" {
        format!("{measure} by {period} shows no trend over {} periods (p adjusted {p}).", series.n)
    } else {
        let slope = &series.slope;
        format!(
            "{measure} by {period} is {}: {} per {period}, 95 % interval {} to {}, over {} periods (p adjusted {p}).",
            series.direction,
            round(slope.per_period),
            round(slope.lower),
            round(slope.upper),
            series.n
        )
    };
    said.push((text, test));
    if let Some(change) = series.change_point.as_ref().filter(|change| change.is_significant) {
        let text = format!(
            "The level of {measure} changed at {}: median {} before, {} after (p adjusted {}).",
            change.at,
            round(change.level_before),
            round(change.level_after),
            chance(change.p_adjusted)
        );
        let evidence = Evidence {
            pointers: vec![format!("{at}/change_point")],
            n: Some(series.n),
            test: Some("pettitt".to_owned()),
            p_value: Some(change.p_value),
            p_adjusted: Some(change.p_adjusted),
            ..Evidence::default()
        };
        said.push((text, evidence));
    }
    foretold(&at, series, said);
}

fn foretold(at: &str, series: &SeriesTrend, said: &mut Vec<Statement>) {
    let Some(forecast) = series.forecast.as_ref().filter(|_| series.measure == "revenue") else { return };
    let change = forecast.prior_sum.filter(|prior| *prior > 0.0).map(|prior| forecast.sum / prior - 1.0);
    let change = change.map_or_else(String::new, |change| format!(", {} against as many before", signed(change)));
    let range = forecast.range_80.map_or_else(String::new, |range| {
        format!("; eight of ten past forecasts were within {} of a {}", round(range), series.period)
    });
    let text = format!(
        "{} forecasts {} for the next {} periods{change}{range}.",
        forecast.method,
        round(forecast.sum),
        forecast.points.len()
    );
    let evidence = Evidence { pointers: vec![format!("{at}/forecast")], n: Some(series.n), ..Evidence::default() };
    said.push((text, evidence));
}

fn anomalies(data: &Data, said: &mut Vec<Statement>) {
    let Some(found) = &data.anomaly_detection else { return };
    for (place, series) in found.series.iter().enumerate().filter(|(_, series)| series.count > 0) {
        let farthest = series.anomalies.iter().max_by(|a, b| a.score.abs().total_cmp(&b.score.abs()));
        let Some(worst) = farthest else { continue };
        let text = format!(
            "{} of {} {}s stand out in {}; the most: {} with {} where {} was to be expected.",
            series.count,
            series.n,
            series.period,
            series.measure,
            worst.period,
            round(worst.value),
            round(worst.expected)
        );
        let evidence = Evidence {
            pointers: vec![format!("/anomaly_detection/series/{place}")],
            n: Some(series.n),
            test: Some(series.method.clone()),
            ..Evidence::default()
        };
        said.push((text, evidence));
    }
}

pub(super) fn recommendations(data: &Data) -> Vec<Statement> {
    let all = &data.transformation_opportunities;
    let lists = [
        ("quick_wins", &all.quick_wins),
        ("strategic_initiatives", &all.strategic_initiatives),
        ("innovation_opportunities", &all.innovation_opportunities),
    ];
    let each = lists.into_iter().flat_map(|(list, opportunities)| {
        opportunities.iter().enumerate().map(move |(place, one)| recommendation(list, place, one))
    });
    each.collect()
}

fn recommendation(list: &str, place: usize, one: &Opportunity) -> Statement {
    let action = match one.id.as_str() {
        "stop_loss_making_discounts" => "End discounts that lose money.",
        "collect_overdue" => "Collect what is overdue.",
        "win_back_customers" => "Win back customers who stay away.",
        "turn_loss_making_members" => "Reprice or end what loses money.",
        "spread_customers" => "Win more customers beside the largest.",
        "deliver_on_time" => "Ship by the promised day.",
        "plan_for_the_season" => "Plan stock and staff by the season.",
        "plan_by_forecast" => "Plan by the forecast.",
        _ => "Serve customers by what they are expected to bring.",
    };
    let mut evidence = one.evidence.clone();
    evidence.pointers.insert(0, format!("/transformation_opportunities/{list}/{place}"));
    (format!("{action} {}", one.text), evidence)
}
