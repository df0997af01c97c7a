//! Customers: who buys, how often, for how much, and what may be expected of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Spread;

/// Who buys, how often, for how much.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CustomerIntelligence {
    /// Different customers; estimated when they are too many to keep.
    pub customers: Option<u64>,
    /// Share of the customers that the figures of this group come from. Below 1 they are a sample by hash: counts and sums
    /// of money are estimated by dividing by this share, and what depends on the largest customers is absent.
    pub sampled_share: Option<f64>,
    /// 0 (one customer has all) to 1 (all the same): 1 less the Herfindahl-Hirschman index as a share.
    pub diversification_score: Option<f64>,
    /// How customers pay.
    pub payment_behavior_analysis: PaymentBehaviour,
    /// Recency, frequency and monetary value.
    pub rfm: Option<Rfm>,
    /// Retention by month of the first purchase.
    pub cohorts: Option<Cohorts>,
    /// Share of the customers who bought on more than one day.
    pub repeat_rate: Option<f64>,
    /// Share of the revenue of customers with a dated purchase that comes from those who bought on more than one day.
    pub repeat_revenue_share: Option<f64>,
    /// Days between purchases of the same customer.
    pub inter_purchase_days: Option<Spread>,
    /// How much depends on few customers.
    pub concentration: Option<ConcentrationReport>,
    /// What customers are worth.
    pub lifetime_value: Option<LifetimeValue>,
}

/// How customers pay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentBehaviour {
    /// Days from invoice to payment.
    pub days_to_pay: Option<Spread>,
    /// Share of the payments that came after the due day.
    pub late_share: Option<f64>,
}

/// Recency, frequency and monetary value, each scored 1 to 5 by rank.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rfm {
    /// The day against which recency is measured.
    pub as_of: String,
    /// Customers with a dated purchase; what the segments add up to.
    pub customers: u64,
    /// Segments by score of recency and frequency.
    pub segments: Vec<Segment>,
    /// Customers by scores, as `R-F-M`, for example `5-5-4`.
    pub cells: BTreeMap<String, u64>,
    /// Smallest value of each score, from 1 to 5, by measure.
    pub bounds: BTreeMap<String, Vec<Option<f64>>>,
}

/// Customers that behave alike.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Segment {
    /// Its name.
    pub name: String,
    /// Customers.
    pub customers: u64,
    /// Their share of all customers.
    pub share: f64,
    /// Their revenue; absent without amounts.
    pub revenue: Option<f64>,
    /// Their share of all revenue.
    pub revenue_share: Option<f64>,
    /// Mean days since their last purchase.
    pub mean_recency_days: f64,
    /// Mean number of days on which they bought.
    pub mean_frequency: f64,
}

/// Retention by month of the first purchase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohorts {
    /// Cohorts in all; the latest are listed.
    pub count: u64,
    /// One row of the matrix each.
    pub rows: Vec<Cohort>,
    /// Customers who bought again at each age in months, as a share of the customers old enough.
    pub mean_retention: Vec<Option<f64>>,
    /// Whether the last month is not over, so that the last cell of each row is too low.
    pub last_month_partial: bool,
}

/// The customers whose first purchase was in one month.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cohort {
    /// The month.
    pub month: String,
    /// Customers.
    pub size: u64,
    /// Customers who bought in the month of each age; age 0 is the first month.
    pub active: Vec<u64>,
    /// What they spent in the month of each age.
    pub revenue: Vec<f64>,
}

/// How much depends on few customers; those without positive revenue are left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConcentrationReport {
    /// Customers with positive revenue.
    pub customers: u64,
    /// Share of the largest customer.
    pub top_1_share: f64,
    /// Share of the ten largest customers.
    pub top_10_share: f64,
    /// Share of the largest tenth of the customers.
    pub top_10_percent_share: f64,
    /// Customers that together have 80 % of the revenue, as a share of all customers.
    pub customers_for_80_percent: f64,
    /// 0 (all the same) to 1 (one has all).
    pub gini: f64,
    /// Herfindahl-Hirschman index, 0 to 10,000.
    pub hhi: f64,
    /// Share of the revenue by share of the largest customers.
    pub curve: Vec<CurvePoint>,
    /// The largest customers.
    pub largest: Vec<LargeCustomer>,
}

/// A point of the share curve.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurvePoint {
    /// Share of the customers, the largest first.
    pub customers: f64,
    /// Their share of the revenue.
    pub revenue: f64,
}

/// A large customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LargeCustomer {
    /// The customer; `null` where it may be personal.
    pub customer: Option<String>,
    /// Revenue.
    pub revenue: f64,
    /// Share of all revenue.
    pub share: f64,
    /// Days on which the customer bought.
    pub purchases: u64,
    /// Days since the last purchase.
    pub recency_days: Option<i64>,
    /// Segment by recency and frequency.
    pub segment: Option<String>,
}

/// What customers are worth.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LifetimeValue {
    /// Mean revenue per customer so far.
    pub historical_mean: Option<f64>,
    /// Mean revenue per customer and year since the first purchase, of customers known for at least 30 days.
    pub historical_mean_per_year: Option<f64>,
    /// The fitted models; `null` where they cannot be fitted, for the reason beside.
    pub model: Option<LifetimeModel>,
    /// Why there is no model.
    pub model_reason: Option<String>,
}

/// BG/NBD for purchases and Gamma-Gamma for their value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LifetimeModel {
    /// Customers that the models were fitted to.
    pub fitted_customers: u64,
    /// Of these, those who bought again.
    pub repeat_buyers: u64,
    /// BG/NBD parameters `r`, `alpha` (in weeks), `a`, `b`.
    pub purchases: BTreeMap<String, f64>,
    /// Log-likelihood of the BG/NBD model.
    pub purchases_log_likelihood: f64,
    /// Gamma-Gamma parameters `p`, `q`, `v`; empty where the values cannot be fitted.
    pub spending: BTreeMap<String, f64>,
    /// Log-likelihood of the Gamma-Gamma model.
    pub spending_log_likelihood: Option<f64>,
    /// Correlation of frequency and mean value, which the Gamma-Gamma model takes for 0.
    pub frequency_value_correlation: Option<f64>,
    /// Weeks ahead.
    pub horizon_weeks: f64,
    /// Purchases expected per customer within that time.
    pub expected_purchases_per_customer: f64,
    /// Expected number of customers who are still active, as a share.
    pub active_share: f64,
    /// Expected value of the purchases of all customers within that time, not discounted; absent without spending.
    pub expected_value: Option<f64>,
    /// The same per customer.
    pub expected_value_per_customer: Option<f64>,
    /// How well the model foretold the last part of the data.
    pub holdout: Option<Holdout>,
}

/// The model fitted to the first part of the data, compared with what came after.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Holdout {
    /// The last day of the first part.
    pub until: String,
    /// Weeks after it.
    pub weeks: f64,
    /// Customers of the first part.
    pub customers: u64,
    /// Purchases that the model expected.
    pub expected: f64,
    /// Purchases that there were.
    pub actual: f64,
    /// Difference as a share of what there was; absent when there was none.
    pub error: Option<f64>,
    /// Mean absolute error per customer.
    pub mean_absolute_error: f64,
    /// Mean absolute error per customer when everybody goes on at the own rate so far.
    pub naive_mean_absolute_error: f64,
}
