//! The register of risks: likelihood x impact, both computed from findings by stated rules.

use std::collections::BTreeMap;

use super::data::{Evidence, Risk, RiskAssessment, SeriesTrend, TrendAnalysis};
use super::ledger::Ledger;
use super::losses::largest_losses;
use super::money::{chance, percent, round};
use super::previous::{Figures, Missing, member, word};
use super::scale::Scale;
use super::series::Periods;
use crate::statistics::describe::{sum, variation};
use crate::statistics::seasonal::{Settings as Stl, decompose};

/// Scores from which a level begins.
const LEVELS: [(&str, f64); 3] = [("high", 0.1), ("medium", 0.02), ("low", 0.0)];
/// Likelihood by Herfindahl-Hirschman index; 1,500 and 2,500 are the bounds of moderate and high concentration.
const CONCENTRATION: Scale = Scale(&[(0.0, 0.0), (1_500.0, 0.1), (2_500.0, 0.5), (10_000.0, 1.0)]);
/// Likelihood by coefficient of variation.
const VOLATILITY: Scale = Scale(&[(0.0, 0.0), (0.1, 0.1), (0.25, 0.3), (0.5, 0.6), (1.0, 1.0)]);
/// Likelihood by receivables to revenue, with the bands of the liquidity risk.
const LIQUIDITY: Scale = Scale(&[(0.0, 0.0), (0.2, 0.1), (0.4, 0.4), (0.6, 0.8), (1.0, 1.0)]);

const REVENUE: &str = "/financial_intelligence/revenue_analysis/total_revenue";
const CONCENTRATION_AT: &str = "/customer_intelligence/concentration";
const CASH: &str = "/financial_intelligence/cash_flow_intelligence";

/// What risks are computed from.
pub(super) struct Inputs<'a> {
    pub(super) intelligence: Figures<'a>,
    pub(super) discovery: Figures<'a>,
    pub(super) months: &'a Result<Periods, String>,
    pub(super) trends: Option<&'a TrendAnalysis>,
}

/// A risk, `None` when it does not apply, or why it cannot be computed.
type Found = Result<Option<Risk>, Missing>;

/// Computes the register.
pub(super) fn assess(inputs: &Inputs<'_>, ledger: &mut Ledger) -> RiskAssessment {
    let found: [(&str, Found); 7] = [
        ("customer_concentration", concentration(inputs)),
        ("revenue_volatility", volatility(inputs)),
        ("loss_making_business", losses(inputs)),
        ("overdue_receivables", overdue(inputs)),
        ("liquidity", liquidity(inputs)),
        ("revenue_decline", decline(inputs, ledger)),
        ("data_quality", quality(inputs)),
    ];
    let mut risks: Vec<Risk> = Vec::new();
    for (id, found) in found {
        let name = format!("risk.{id}");
        match found {
            Ok(None) => ledger.not_applicable(&name, "/risk_assessment/risks", "the figures show no such risk"),
            found => risks.extend(ledger.figure(&name, "/risk_assessment/risks", found).flatten()),
        }
    }
    risks.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
    let levels: BTreeMap<String, f64> = LEVELS.iter().map(|(name, from)| ((*name).to_owned(), *from)).collect();
    RiskAssessment { risks, levels }
}

/// Likelihood and impact with their bases.
struct Size {
    likelihood: f64,
    likelihood_basis: String,
    share: f64,
    amount: Option<f64>,
    impact_basis: &'static str,
}

fn risk(id: &str, text: String, size: Size, evidence: Evidence) -> Risk {
    let (likelihood, share) = (size.likelihood.clamp(0.0, 1.0), size.share.clamp(0.0, 1.0));
    let score = likelihood * share;
    let level = LEVELS.iter().find(|(_, from)| score >= *from).map_or("low", |(name, _)| name);
    Risk {
        id: id.to_owned(),
        text,
        likelihood,
        likelihood_basis: size.likelihood_basis,
        impact_share: share,
        impact_amount: size.amount,
        impact_basis: size.impact_basis.to_owned(),
        score,
        level: level.to_owned(),
        evidence,
    }
}

fn from(figures: Figures<'_>, pointers: &[&str]) -> Evidence {
    Evidence { sources: pointers.iter().map(|pointer| figures.source(pointer)).collect(), ..Evidence::default() }
}

fn concentration(inputs: &Inputs<'_>) -> Found {
    let figures = inputs.intelligence;
    let hhi = figures.number(&format!("{CONCENTRATION_AT}/hhi"))?;
    let top = figures.number(&format!("{CONCENTRATION_AT}/top_1_share"))?;
    let text = format!("The largest customer brings {} of revenue; the concentration index is {hhi:.0}.", percent(top));
    let size = Size {
        likelihood: CONCENTRATION.at(hhi),
        likelihood_basis: format!("by concentration index: {}", CONCENTRATION.describe()),
        share: top,
        amount: figures.number(REVENUE).ok().map(|revenue| revenue * top),
        impact_basis: "revenue of the largest customer",
    };
    let mut evidence = from(figures, &[CONCENTRATION_AT, REVENUE]);
    evidence.n = figures.number(&format!("{CONCENTRATION_AT}/customers")).ok().map(|n| n as u64);
    Ok(Some(risk("customer_concentration", text, size, evidence)))
}

fn volatility(inputs: &Inputs<'_>) -> Found {
    let months = inputs.months.as_ref().map_err(Clone::clone)?;
    let revenue = months.values("revenue").ok_or("revenue is not known for every month")?;
    if revenue.len() < 6 {
        return Err(format!("{} months are too few for a volatility", revenue.len()).into());
    }
    // Sums over a season do not swing with it.
    let window = if revenue.len() >= 2 * months.season { months.season } else { 1 };
    let levels: Vec<f64> = revenue.windows(window).map(sum).collect();
    let drawdown = drawdown(&levels).ok_or("revenue is never positive")?;
    let cv = variation(&without_season(revenue, months.season)).ok_or("mean revenue is 0")?;
    let text = format!(
        "Monthly revenue without its season varies by {} of its mean; the deepest fall of {} was {}.",
        percent(cv),
        if window == 1 { "a month" } else { "a season's sum" },
        percent(drawdown)
    );
    let size = Size {
        likelihood: VOLATILITY.at(cv),
        likelihood_basis: format!("by coefficient of variation without season: {}", VOLATILITY.describe()),
        share: drawdown,
        amount: levels.last().map(|last| last.max(0.0) * drawdown),
        impact_basis: "deepest fall so far, of the last level",
    };
    let mut evidence = from(inputs.intelligence, &[&months.pointer]);
    evidence.n = Some(revenue.len() as u64);
    Ok(Some(risk("revenue_volatility", text, size, evidence)))
}

/// A season that comes every year is no risk; it is taken away where there are two whole ones.
fn without_season(values: &[f64], season: usize) -> Vec<f64> {
    match decompose(values, season, &Stl::periodic(values.len(), season)) {
        Some(parts) => values.iter().zip(&parts.seasonal).map(|(value, season)| value - season).collect(),
        None => values.to_vec(),
    }
}

/// The deepest fall from a highest point so far, as a share of it.
fn drawdown(levels: &[f64]) -> Option<f64> {
    let (mut highest, mut deepest) = (f64::NEG_INFINITY, 0.0_f64);
    for level in levels {
        highest = highest.max(*level);
        if highest > 0.0 {
            deepest = deepest.max((highest - level) / highest);
        }
    }
    (highest > 0.0).then_some(deepest.min(1.0))
}

fn losses(inputs: &Inputs<'_>) -> Found {
    let figures = inputs.intelligence;
    let Some(losses) = largest_losses(figures)? else { return Ok(None) };
    let revenue = figures.number(REVENUE)?;
    if revenue <= 0.0 {
        return Err("revenue is not positive".into());
    }
    let text = format!(
        "{} of {} members of {} lose {} together.",
        losses.count,
        losses.members,
        losses.dimension,
        round(losses.amount)
    );
    let size = Size {
        likelihood: 1.0,
        likelihood_basis: "1: the losses are in the data".to_owned(),
        share: losses.amount / revenue,
        amount: Some(losses.amount),
        impact_basis: "losses of the members that lose money, against all revenue",
    };
    Ok(Some(risk("loss_making_business", text, size, from(figures, &[&losses.pointer, REVENUE]))))
}

fn overdue(inputs: &Inputs<'_>) -> Found {
    let figures = inputs.intelligence;
    let amount = figures.number(&format!("{CASH}/overdue_amount"))?;
    let revenue = figures.number(REVENUE)?;
    if amount <= 0.0 || revenue <= 0.0 {
        return Ok(None);
    }
    let ages = figures.list(&format!("{CASH}/ageing"));
    let old = ages.iter().find(|age| word(age, "age") == Some("over_90")).and_then(|age| member(age, "amount"));
    let old = old.ok_or_else(|| figures.missing(&format!("{CASH}/ageing")))?;
    let text = format!("{} of receivables are overdue, {} of it by more than 90 days.", round(amount), round(old));
    let size = Size {
        likelihood: old / amount,
        likelihood_basis: "share of the overdue amount that is overdue by more than 90 days".to_owned(),
        share: amount / revenue,
        amount: Some(amount),
        impact_basis: "overdue receivables, against all revenue",
    };
    let pointers = [format!("{CASH}/overdue_amount"), format!("{CASH}/ageing")];
    Ok(Some(risk("overdue_receivables", text, size, from(figures, &pointers.each_ref().map(String::as_str)))))
}

fn liquidity(inputs: &Inputs<'_>) -> Found {
    const RATIO: &str = "/financial_intelligence/working_capital/ar_to_revenue_ratio";
    let figures = inputs.intelligence;
    let ratio = figures.number(RATIO)?;
    let text = format!("Receivables stand at {} of what was billed in a year.", percent(ratio));
    let size = Size {
        likelihood: LIQUIDITY.at(ratio),
        likelihood_basis: format!("by receivables to revenue: {}", LIQUIDITY.describe()),
        share: ratio,
        amount: figures.number(&format!("{CASH}/outstanding_ar")).ok(),
        impact_basis: "outstanding receivables, against a year's billing",
    };
    Ok(Some(risk("liquidity", text, size, from(figures, &[RATIO]))))
}

fn decline(inputs: &Inputs<'_>, ledger: &Ledger) -> Found {
    let trends = inputs.trends.ok_or("trends were not asked for")?;
    let found = trends.series.iter().enumerate().find(|(_, series)| series.measure == "revenue");
    let (place, series) = found.ok_or("revenue has no trend")?;
    let test = ledger.find(&format!("/trend_analysis/series/{place}/test")).ok_or("revenue has no test")?;
    if series.slope.per_period >= 0.0 {
        return Ok(None);
    }
    Ok(Some(falling(inputs, place, series, test.p_adjusted)))
}

fn falling(inputs: &Inputs<'_>, place: usize, series: &SeriesTrend, p_adjusted: f64) -> Risk {
    let fall = -series.slope.per_period;
    let last = inputs.months.as_ref().ok().and_then(|months| months.values("revenue"));
    let year = last.map(|values| sum(&values[values.len().saturating_sub(12)..])).filter(|year| *year > 0.0);
    // A fall of one step each period, over twelve periods: 1 + 2 + ... + 12 steps.
    let amount = fall * 78.0;
    let text = format!("Revenue falls by {} a {} (p adjusted {}).", round(fall), series.period, chance(p_adjusted));
    let size = Size {
        likelihood: 1.0 - p_adjusted,
        likelihood_basis: "1 less the adjusted p-value of the trend test".to_owned(),
        share: year.map_or(1.0, |year| amount / year),
        amount: Some(amount),
        impact_basis: "what twelve more periods at this slope would lack, against the last twelve months",
    };
    let at = format!("/trend_analysis/series/{place}");
    let evidence = Evidence {
        pointers: vec![format!("{at}/test"), format!("{at}/slope")],
        n: Some(series.n),
        test: Some(series.test.method.clone()),
        p_value: Some(series.test.p_value),
        p_adjusted: Some(p_adjusted),
        ..Evidence::default()
    };
    risk("revenue_decline", text, size, evidence)
}

fn quality(inputs: &Inputs<'_>) -> Found {
    const SCORE: &str = "/data_ecosystem/data_quality_score";
    let score = inputs.discovery.number(SCORE)?;
    let text = format!("Data quality is {score:.3} of 1, and every figure rests on the data.");
    let size = Size {
        likelihood: 1.0 - score,
        likelihood_basis: "1 less the quality score".to_owned(),
        share: 1.0,
        amount: None,
        impact_basis: "all figures",
    };
    Ok(Some(risk("data_quality", text, size, from(inputs.discovery, &[SCORE]))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_deepest_fall() {
        let check = |levels: &[f64], expected| assert_eq!(drawdown(levels), expected, "{levels:?}");
        check(&[], None);
        check(&[-1.0, 0.0], None);
        check(&[1.0, 2.0, 3.0], Some(0.0));
        check(&[4.0, 1.0, 8.0, 6.0], Some(0.75));
        check(&[4.0, -4.0], Some(1.0));
    }

    proptest! {
        #[test]
        fn a_worse_figure_is_never_less_likely(a in -1.0_f64..12_000.0, b in -1.0_f64..12_000.0) {
            let (low, high) = (a.min(b), a.max(b));
            for scale in [CONCENTRATION, VOLATILITY, LIQUIDITY] {
                prop_assert!(scale.at(low) <= scale.at(high));
                prop_assert!((0.0..=1.0).contains(&scale.at(low)));
            }
        }
    }
}
