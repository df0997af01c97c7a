//! Money: revenue, margin, what contributes to it, how it grows, what is owed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Revenue, cash and capital.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FinancialIntelligence {
    /// Revenue and margin.
    pub revenue_analysis: RevenueAnalysis,
    /// What is owed and how fast it comes in.
    pub cash_flow_intelligence: CashFlow,
    /// Receivables against revenue.
    pub working_capital: WorkingCapital,
    /// How revenue grows.
    pub growth: Growth,
    /// Revenue and profit by dimension.
    pub contribution: Vec<Contribution>,
    /// What discounts cost.
    pub discount_effect: Option<DiscountEffect>,
    /// Why the last full year differs from the one before.
    pub price_volume_mix: Option<PriceVolumeMix>,
    /// Totals by currency where a column names several.
    pub by_currency: Vec<CurrencyTotal>,
}

/// Revenue and margin.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RevenueAnalysis {
    /// Sum of the amounts.
    pub total_revenue: Option<f64>,
    /// Revenue less profit, over the rows with both.
    pub total_cost: Option<f64>,
    /// Profit, over the rows that have one.
    pub gross_profit: Option<f64>,
    /// Profit in percent of the revenue of the same rows; can be negative.
    pub gross_margin: Option<f64>,
    /// Share of the revenue whose profit is known.
    pub costed_share: Option<f64>,
    /// By margin: `high` from 70 %, `solid` from 50, `moderate` from 30, `low` from 0, `loss` below.
    pub profitability_tier: Option<String>,
    /// 0 to 1: mean of its parts.
    pub revenue_quality_score: Option<f64>,
    /// The parts of the quality score.
    pub revenue_quality_parts: Vec<NamedShare>,
    /// Negative amounts, such as credit notes, which the revenue includes.
    pub negative_amount: Option<f64>,
    /// Rows with an amount.
    pub rows: u64,
}

/// A share with a name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NamedShare {
    /// The name.
    pub name: String,
    /// The column whose members it is about, where it is about members of one.
    pub dimension: Option<String>,
    /// 0 to 1.
    pub value: f64,
}

/// What is owed and how fast it comes in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CashFlow {
    /// The day as of which receivables are judged.
    pub as_of: Option<String>,
    /// Invoices that tell what is open; the figures are over these.
    pub known_rows: Option<u64>,
    /// Invoices that do not: the cell is empty, cannot be read or has no day.
    pub unknown_rows: Option<u64>,
    /// Amounts that are not paid.
    pub outstanding_ar: Option<f64>,
    /// Of these, what is past its due day: the sum of the ages from one day on. What has no due day is not in it.
    pub overdue_amount: Option<f64>,
    /// The overdue amount as a share of the outstanding amounts with a due day.
    pub overdue_share: Option<f64>,
    /// Days of sales outstanding: outstanding / billed in the last 365 days x 365.
    pub days_sales_outstanding: Option<f64>,
    /// Outstanding amounts by age past the due day.
    pub ageing: Vec<AgeBucket>,
    /// Percent of what was billed and is due that was collected.
    pub collection_efficiency: Option<f64>,
    /// Days from receivable to cash by way of stock and payables; `null` without columns of these.
    pub cash_conversion_cycle: Option<f64>,
    /// By receivables to revenue: `critical` above 0.6, `high` above 0.4, `medium` above 0.2, else `low`.
    pub liquidity_risk: Option<String>,
}

/// Outstanding amounts of one age.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgeBucket {
    /// `not_due`, `1_30`, `31_60`, `61_90`, `over_90` days or `no_due_day`.
    pub age: String,
    /// Outstanding amount.
    pub amount: f64,
    /// Its share of everything outstanding.
    pub share: Option<f64>,
    /// Invoices.
    pub rows: u64,
}

/// Receivables against revenue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkingCapital {
    /// Outstanding receivables as a share of everything billed in the last 365 days.
    pub ar_to_revenue_ratio: Option<f64>,
    /// A benchmark of the industry; `null`, because none is in the data.
    pub industry_benchmark: Option<f64>,
    /// Distance to the benchmark.
    pub performance_gap: Option<f64>,
}

/// How revenue grows, over whole periods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Growth {
    /// First day with sales.
    pub first_day: Option<String>,
    /// Last day with sales.
    pub last_day: Option<String>,
    /// Days without sales up to which a period at either end counts as whole.
    pub tolerance_days: Option<f64>,
    /// Periods at either end that are not whole and were left out, such as `1998` or `1998-06`.
    pub partial_periods: Vec<String>,
    /// Whole calendar years.
    pub years: Vec<PeriodGrowth>,
    /// The last twelve whole months against the twelve before.
    pub trailing_12: Option<Trailing>,
    /// Yearly growth between the first and the last whole year, compounded.
    pub compound_annual_rate: Option<f64>,
    /// Median change from one whole month to the next.
    pub month_on_month_median: Option<f64>,
}

/// A period and its change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeriodGrowth {
    /// The period.
    pub period: String,
    /// Revenue in it.
    pub revenue: f64,
    /// Profit in it, where known.
    pub profit: Option<f64>,
    /// Change against the period before as a share of it; absent for the first and after one without revenue.
    pub change: Option<f64>,
}

/// Twelve months against the twelve before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trailing {
    /// First month of the later twelve.
    pub from: String,
    /// Last month of the later twelve.
    pub to: String,
    /// Revenue of the later twelve.
    pub revenue: f64,
    /// Revenue of the twelve before.
    pub prior_revenue: f64,
    /// Change as a share of the twelve before; absent where these had no revenue.
    pub change: Option<f64>,
}

/// Revenue and profit by the members of one column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// The column.
    pub dimension: String,
    /// Its role: `category`, `region` or `product`.
    pub role: String,
    /// Members in all.
    pub member_count: u64,
    /// The members with the largest revenue.
    pub members: Vec<Member>,
    /// All other members, and rows without any, together.
    pub other: Option<Member>,
    /// Sum over all members, rows without any included.
    pub sum_of_parts: f64,
    /// Difference to the total as a share of it; 0 when it reconciles.
    pub reconciliation_error: f64,
    /// Members whose profit is negative.
    pub loss_making_count: Option<u64>,
    /// Their losses together, as a negative amount.
    pub loss_making_sum: Option<f64>,
    /// Their revenue together.
    pub loss_making_revenue: Option<f64>,
    /// Those with the largest losses.
    pub loss_making: Vec<Member>,
}

/// One member of a dimension.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// Its name; masked where it may be personal.
    pub name: String,
    /// Revenue.
    pub revenue: f64,
    /// Share of all revenue; absent where that is not positive.
    pub share: Option<f64>,
    /// Profit, where known.
    pub profit: Option<f64>,
    /// Profit in percent of revenue.
    pub margin_percent: Option<f64>,
    /// Rows.
    pub rows: u64,
}

/// What discounts cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiscountEffect {
    /// How the column was read: `share`, `percent`.
    pub unit: String,
    /// Revenue before discount, of the rows with one and with a known discount.
    pub list_revenue: f64,
    /// Discount given: list revenue less revenue.
    pub discount_given: f64,
    /// Discount given as a share of list revenue.
    pub effective_rate: Option<f64>,
    /// Share of the revenue that was sold with a discount.
    pub discounted_share: Option<f64>,
    /// Revenue and profit by size of the discount.
    pub bands: Vec<DiscountBand>,
    /// The smallest discount from which on every band makes a loss.
    pub loss_from: Option<f64>,
}

/// Rows with discounts of one size.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiscountBand {
    /// Discounts above this.
    pub above: f64,
    /// Discounts up to this.
    pub up_to: f64,
    /// Rows.
    pub rows: u64,
    /// Revenue.
    pub revenue: f64,
    /// Profit, where known.
    pub profit: Option<f64>,
    /// Profit in percent of revenue.
    pub margin_percent: Option<f64>,
}

/// The change between two whole years, taken apart; the effects add up to the change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PriceVolumeMix {
    /// The column whose members are compared.
    pub dimension: String,
    /// The earlier year.
    pub from: String,
    /// The later year.
    pub to: String,
    /// Change of the revenue of the rows with product, quantity and amount.
    pub change: f64,
    /// Change of the units of the compared products x their mean price in the earlier year.
    pub volume_effect: f64,
    /// From selling more of dearer or cheaper products, at the prices of the earlier year.
    pub mix_effect: f64,
    /// From other prices for the same products.
    pub price_effect: f64,
    /// Products sold in both years, which these three effects are over.
    pub compared: u64,
    /// Revenue of products that were sold in the later year alone.
    pub new_products: f64,
    /// Revenue of products that were sold in the earlier year alone, as a negative amount.
    pub discontinued_products: f64,
    /// Change of products whose units in one of the years are not positive, so that they have no price.
    pub without_price: f64,
}

/// Totals of one currency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrencyTotal {
    /// The currency; `null` for rows that name none.
    pub currency: Option<String>,
    /// Revenue.
    pub revenue: f64,
    /// Profit, where known.
    pub profit: Option<f64>,
    /// Rows.
    pub rows: u64,
}
