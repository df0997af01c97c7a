//! Work: deliveries, orders, projects, capacity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deliveries, orders and projects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationalIntelligence {
    /// Projects: completion, budget, duration.
    pub project_performance: ProjectPerformance,
    /// Orders: size and number.
    pub billing_intelligence: BillingIntelligence,
    /// Days from order to shipping.
    pub lead_time: Option<Spread>,
    /// Share of the shipments that left by the promised day.
    pub on_time_share: Option<f64>,
    /// Units delivered of those ordered.
    pub fill_rate: Option<f64>,
    /// Share of the lines that came back, and how that is known.
    pub return_rate: Option<ReturnRate>,
    /// Hours or units used of those available.
    pub utilisation: Option<f64>,
}

/// A distribution in a few figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// Observations.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Half are at most this.
    pub median: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
}

/// Lines that came back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnRate {
    /// `flag` by a column that says so, `negative` by negative amounts or quantities.
    pub basis: String,
    /// Share of the lines.
    pub row_share: f64,
    /// Their amount as a share of what was sold; absent without amounts.
    pub amount_share: Option<f64>,
    /// Lines that came back.
    pub rows: u64,
}

/// Projects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProjectPerformance {
    /// Share of the rows that are done, of those that were not given up.
    pub completion_rate: Option<f64>,
    /// Cost less budget as a share of the budget.
    pub budget_variance: Option<f64>,
    /// Budgets together.
    pub total_budget: Option<f64>,
    /// Cost together, of the rows with a budget.
    pub total_actual: Option<f64>,
    /// Share of the rows whose cost is above their budget.
    pub over_budget_share: Option<f64>,
    /// Days from start to end.
    pub duration: Option<Spread>,
    /// Share of those with a due day that ended by it.
    pub ended_on_time_share: Option<f64>,
}

/// Orders.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BillingIntelligence {
    /// Different orders; estimated when they are too many to keep.
    pub orders: Option<u64>,
    /// Whether the orders were counted.
    pub orders_exact: Option<bool>,
    /// Value of an order.
    pub order_value: Option<Spread>,
    /// Lines of an order.
    pub order_lines: Option<Spread>,
    /// Units of an order.
    pub order_units: Option<Spread>,
    /// Orders per month.
    pub throughput: Option<Throughput>,
}

/// Orders over time, in whole months.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Throughput {
    /// Whole months.
    pub months: u64,
    /// What is counted: `orders`, or `rows` without a column that names orders.
    pub unit: String,
    /// Mean number per month.
    pub mean_per_month: f64,
    /// Median number per month.
    pub median_per_month: f64,
    /// Number in the last twelve whole months.
    pub last_12: Option<f64>,
    /// Change against the twelve months before, as a share of them.
    pub change: Option<f64>,
    /// Days with at least one, as a share of all days.
    pub active_day_share: f64,
}
