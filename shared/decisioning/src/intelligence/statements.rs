//! Sentences over computed figures, each with pointers to what it rests on.
//!
//! Nothing here judges beyond a stated rule: a sentence is a template, and a figure that is absent gives no sentence.

use super::data::{Contribution, Data, MetricStatus};

/// A sentence, the pointers into the data behind it, and the figures that it is about.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) text: String,
    pub(crate) pointers: Vec<String>,
    pub(crate) metrics: Vec<&'static str>,
}

fn says(metric: &'static str, pointers: &[&str], text: String) -> Statement {
    Statement { text, pointers: pointers.iter().map(|pointer| (*pointer).to_owned()).collect(), metrics: vec![metric] }
}

/// A share as a percentage.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A change with its sign.
fn signed(share: f64) -> String {
    format!("{:+.2} %", share * 100.0)
}

pub(crate) fn insights(data: &Data) -> Vec<Statement> {
    let mut said = Vec::new();
    financial(data, &mut said);
    operations(data, &mut said);
    customers(data, &mut said);
    said
}

fn financial(data: &Data, said: &mut Vec<Statement>) {
    let money = &data.financial_intelligence;
    let analysis = &money.revenue_analysis;
    if let Some(revenue) = analysis.total_revenue {
        let at = "/financial_intelligence/revenue_analysis/total_revenue";
        said.push(says("total_revenue", &[at], format!("Revenue is {revenue:.2} over {} rows.", analysis.rows)));
    }
    if let (Some(margin), Some(profit)) = (analysis.gross_margin, analysis.gross_profit) {
        let at = [
            "/financial_intelligence/revenue_analysis/gross_margin",
            "/financial_intelligence/revenue_analysis/gross_profit",
        ];
        let text = format!("Profit is {profit:.2}, a margin of {margin:.2} %.");
        said.push(says("gross_margin", &at, text));
    }
    for (index, year) in money.growth.years.iter().enumerate() {
        if let Some(change) = year.change {
            let at = format!("/financial_intelligence/growth/years/{index}/change");
            let text = format!("Revenue of {} changed by {} against the year before.", year.period, signed(change));
            said.push(says("growth_by_year", &[&at], text));
        }
    }
    if let Some((trailing, change)) = money.growth.trailing_12.as_ref().and_then(|t| Some((t, t.change?))) {
        let text = format!(
            "The twelve months {} to {} brought {:.2}, {} against the twelve before.",
            trailing.from,
            trailing.to,
            trailing.revenue,
            signed(change)
        );
        said.push(says("growth_trailing_12", &["/financial_intelligence/growth/trailing_12"], text));
    }
    for (index, part) in money.contribution.iter().enumerate() {
        said.extend(losses(index, part));
    }
    effects(data, said);
    receivables(data, said);
}

fn losses(index: usize, part: &Contribution) -> Option<Statement> {
    let (count, sum) = (part.loss_making_count.filter(|count| *count > 0)?, part.loss_making_sum?);
    let worst = part.loss_making.first()?;
    let at = format!("/financial_intelligence/contribution/{index}");
    let text = format!(
        "{count} of {} members of {} lose money, {sum:.2} together; the most: {} ({:.2}).",
        part.member_count, part.dimension, worst.name, worst.profit?
    );
    let pointers = [format!("{at}/loss_making_count"), format!("{at}/loss_making_sum"), format!("{at}/loss_making/0")];
    Some(Statement { text, pointers: pointers.to_vec(), metrics: vec!["loss_making_members"] })
}

fn effects(data: &Data, said: &mut Vec<Statement>) {
    let money = &data.financial_intelligence;
    if let Some((effect, rate)) = money.discount_effect.as_ref().and_then(|e| Some((e, e.effective_rate?))) {
        let at = "/financial_intelligence/discount_effect";
        let loss = effect
            .loss_from
            .map_or_else(String::new, |from| format!("; every band above a discount of {} loses money", percent(from)));
        let text =
            format!("Discounts gave away {:.2}, {} of list revenue{loss}.", effect.discount_given, percent(rate));
        said.push(says("discount_effect", &[at], text));
    }
    if let Some(mix) = &money.price_volume_mix {
        let text = format!(
            "From {} to {} revenue changed by {:.2}: volume {:.2}, mix {:.2}, price {:.2}, new products {:.2}, \
             discontinued ones {:.2}.",
            mix.from,
            mix.to,
            mix.change,
            mix.volume_effect,
            mix.mix_effect,
            mix.price_effect,
            mix.new_products,
            mix.discontinued_products
        );
        said.push(says("price_volume_mix", &["/financial_intelligence/price_volume_mix"], text));
    }
}

fn receivables(data: &Data, said: &mut Vec<Statement>) {
    const CASH: &str = "/financial_intelligence/cash_flow_intelligence";
    let cash = &data.financial_intelligence.cash_flow_intelligence;
    if let Some((open, as_of)) = cash.outstanding_ar.zip(cash.as_of.as_ref()) {
        let mut pointers = vec![format!("{CASH}/outstanding_ar")];
        let mut text = format!("On {as_of} {open:.2} is outstanding");
        if let Some(overdue) = cash.overdue_amount {
            text += &format!(", {overdue:.2} of it past its due day");
            pointers.push(format!("{CASH}/overdue_amount"));
        }
        text.push('.');
        if let Some(unknown) = cash.unknown_rows.filter(|unknown| *unknown > 0) {
            text += &format!(" Of {unknown} more invoices it is not known.");
            pointers.push(format!("{CASH}/unknown_rows"));
        }
        said.push(Statement { text, pointers, metrics: vec!["outstanding_ar"] });
    }
    if let Some(days) = cash.days_sales_outstanding {
        let at = "/financial_intelligence/cash_flow_intelligence/days_sales_outstanding";
        said.push(says("days_sales_outstanding", &[at], format!("Receivables stand for {days:.1} days of sales.")));
    }
}

fn operations(data: &Data, said: &mut Vec<Statement>) {
    let work = &data.operational_intelligence;
    if let Some(lead) = &work.lead_time {
        let text = format!(
            "Shipping takes {:.2} days on average, half within {:.0} and 95 of 100 within {:.0}.",
            lead.mean, lead.median, lead.p95
        );
        said.push(says("lead_time", &["/operational_intelligence/lead_time"], text));
    }
    if let Some(share) = work.on_time_share {
        let text = format!("{} of the shipments left by the promised day.", percent(share));
        said.push(says("on_time_share", &["/operational_intelligence/on_time_share"], text));
    }
    if let Some(rate) = &work.return_rate {
        let text = format!("{} of the rows came back (by {}).", percent(rate.row_share), rate.basis);
        said.push(says("return_rate", &["/operational_intelligence/return_rate/row_share"], text));
    }
    if let Some(size) = &work.billing_intelligence.order_value {
        let text = format!(
            "An order is worth {:.2} on average, half up to {:.2}, over {} orders.",
            size.mean, size.median, size.count
        );
        said.push(says("order_size", &["/operational_intelligence/billing_intelligence/order_value"], text));
    }
    let projects = &work.project_performance;
    if let Some((variance, over)) = projects.budget_variance.zip(projects.over_budget_share) {
        let at = [
            "/operational_intelligence/project_performance/budget_variance",
            "/operational_intelligence/project_performance/over_budget_share",
        ];
        let text = format!(
            "Cost is {} of the budget away from it; {} of the projects are above theirs.",
            signed(variance),
            percent(over)
        );
        said.push(says("budget_variance", &at, text));
    }
}

/// The word before a number of customers that is estimated from a sample of them.
fn about(data: &Data) -> &'static str {
    let is_sample = data.customer_intelligence.sampled_share.is_some_and(|share| share < 1.0);
    if is_sample { "about " } else { "" }
}

fn customers(data: &Data, said: &mut Vec<Statement>) {
    let people = &data.customer_intelligence;
    let about = about(data);
    if let Some((rate, customers)) = people.repeat_rate.zip(people.customers) {
        let at = ["/customer_intelligence/repeat_rate", "/customer_intelligence/customers"];
        let text = format!("{} of {about}{customers} customers bought on more than one day.", percent(rate));
        said.push(says("repeat_rate", &at, text));
    }
    if let Some(c) = &people.concentration {
        let text = format!(
            "The largest customer has {} of the revenue, the ten largest {}, the largest tenth {} (Gini {:.3}, HHI {:.0}).",
            percent(c.top_1_share),
            percent(c.top_10_share),
            percent(c.top_10_percent_share),
            c.gini,
            c.hhi
        );
        said.push(says("concentration", &["/customer_intelligence/concentration"], text));
    }
    let risky = people.rfm.iter().flat_map(|rfm| rfm.segments.iter().enumerate());
    for (index, segment) in risky.filter(|(_, s)| ["champions", "at_risk", "cannot_lose"].contains(&s.name.as_str())) {
        if let Some(share) = segment.revenue_share {
            let name = segment.name.replace('_', " ");
            let text = format!(
                "Segment {name}: {about}{} customers brought {} of the revenue.",
                segment.customers,
                percent(share)
            );
            said.push(says("rfm", &[&format!("/customer_intelligence/rfm/segments/{index}")], text));
        }
    }
    let model = people.lifetime_value.as_ref().and_then(|value| value.model.as_ref());
    if let Some((model, value)) = model.and_then(|model| Some((model, model.expected_value_per_customer?))) {
        let at = "/customer_intelligence/lifetime_value/model/expected_value_per_customer";
        let text = format!(
            "Within {:.0} weeks a customer is expected to buy {:.2} times for {value:.2}.",
            model.horizon_weeks, model.expected_purchases_per_customer
        );
        said.push(says("lifetime_model", &[at], text));
    }
}

/// What to do about the figures; strategy and decision go further.
pub(crate) fn recommendations(data: &Data) -> Vec<Statement> {
    let mut said = Vec::new();
    for (index, part) in data.financial_intelligence.contribution.iter().enumerate() {
        if let Some((worst, profit)) = part.loss_making.first().and_then(|worst| Some((worst, worst.profit?))) {
            let text = format!("Review price and cost of {} {}: it lost {:.2}.", part.dimension, worst.name, -profit);
            said.push(says(
                "loss_making_members",
                &[&format!("/financial_intelligence/contribution/{index}/loss_making/0")],
                text,
            ));
        }
    }
    if let Some(from) = data.financial_intelligence.discount_effect.as_ref().and_then(|effect| effect.loss_from) {
        let text = format!("Bound discounts at {}: every band above loses money.", percent(from));
        said.push(says("discount_effect", &["/financial_intelligence/discount_effect/loss_from"], text));
    }
    let about = about(data);
    let segments = data.customer_intelligence.rfm.iter().flat_map(|rfm| rfm.segments.iter().enumerate());
    for (index, segment) in segments.filter(|(_, s)| s.name == "cannot_lose" || s.name == "at_risk") {
        let text = format!(
            "Win back the {about}{} customers of segment {}: their last purchase is {:.0} days ago on average.",
            segment.customers,
            segment.name.replace('_', " "),
            segment.mean_recency_days
        );
        said.push(says("rfm", &[&format!("/customer_intelligence/rfm/segments/{index}")], text));
    }
    for (index, record) in data.coverage.metrics.iter().enumerate() {
        if let (MetricStatus::Absent, Some(reason)) = (record.status, &record.reason) {
            let text = format!("To get {}: {reason}.", record.metric.replace('_', " "));
            let pointers = vec![format!("/coverage/metrics/{index}/reason")];
            said.push(Statement { text, pointers, metrics: Vec::new() });
        }
    }
    said
}
