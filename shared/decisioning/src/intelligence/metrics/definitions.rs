//! Every figure of the agent: its name, place, formula and the observations that it takes.

use super::outside::{COMPETITIVE_POSITIONING, INDUSTRY_BENCHMARK, PERFORMANCE_GAP};
use crate::intelligence::ledger::Definition;
use crate::intelligence::request::Group;

pub(crate) const TOTAL_REVENUE: Definition = Definition {
    metric: "total_revenue",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/revenue_analysis/total_revenue",
    formula: "sum of amount, or of quantity x price",
    n_of: "rows",
    n_required: 1,
};
pub(crate) const TOTAL_COST: Definition = Definition {
    metric: "total_cost",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/revenue_analysis/total_cost",
    formula: "sum of amount - profit, or of cost, over the rows with both",
    n_of: "rows",
    n_required: 1,
};
pub(crate) const GROSS_MARGIN: Definition = Definition {
    metric: "gross_margin",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/revenue_analysis/gross_margin",
    formula: "100 x sum of profit / sum of amount, over the rows with both",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const PROFITABILITY_TIER: Definition = Definition {
    metric: "profitability_tier",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/revenue_analysis/profitability_tier",
    formula: "gross margin: high from 70, solid from 50, moderate from 30, low from 0, else loss",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const CONTRIBUTION: Definition = Definition {
    metric: "contribution",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/contribution",
    formula: "sum of amount and profit by member of each category, region and product column",
    n_of: "rows",
    n_required: 1,
};
pub(crate) const LOSS_MAKING_MEMBERS: Definition = Definition {
    metric: "loss_making_members",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/contribution",
    formula: "members whose profit is negative",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const DISCOUNT_EFFECT: Definition = Definition {
    metric: "discount_effect",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/discount_effect",
    formula: "list revenue = amount / (1 - discount); discount given = list revenue - amount",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const PRICE_VOLUME_MIX: Definition = Definition {
    metric: "price_volume_mix",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/price_volume_mix",
    formula: "price = sum q1 (p1 - p0); volume = (Q1 - Q0) P0; mix = sum p0 (q1 - q0) - volume; new; discontinued",
    n_of: "products sold in both years",
    n_required: 1,
};
pub(crate) const GROWTH_BY_YEAR: Definition = Definition {
    metric: "growth_by_year",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/growth/years",
    formula: "revenue of a whole calendar year / that of the year before - 1",
    n_of: "whole years",
    n_required: 2,
};
pub(crate) const GROWTH_TRAILING_12: Definition = Definition {
    metric: "growth_trailing_12",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/growth/trailing_12",
    formula: "revenue of the last 12 whole months / that of the 12 before - 1",
    n_of: "whole months",
    n_required: 24,
};
pub(crate) const COMPOUND_ANNUAL_RATE: Definition = Definition {
    metric: "compound_annual_rate",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/growth/compound_annual_rate",
    formula: "(last whole year / first whole year) ^ (1 / years between) - 1",
    n_of: "whole years",
    n_required: 2,
};
pub(crate) const MONTH_ON_MONTH_MEDIAN: Definition = Definition {
    metric: "month_on_month_median",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/growth/month_on_month_median",
    formula: "median of the changes from one whole month to the next",
    n_of: "changes",
    n_required: 12,
};
pub(crate) const REVENUE_QUALITY: Definition = Definition {
    metric: "revenue_quality",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/revenue_analysis/revenue_quality_score",
    formula: "mean of: share of repeat customers, share outside loss-making members of a dimension, diversification",
    n_of: "parts",
    n_required: 2,
};
pub(crate) const OUTSTANDING_AR: Definition = Definition {
    metric: "outstanding_ar",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/outstanding_ar",
    formula: "sum of open amounts: the open column, else amount - paid amount, else amount of unpaid rows",
    n_of: "invoices",
    n_required: 1,
};
pub(crate) const OVERDUE_AMOUNT: Definition = Definition {
    metric: "overdue_amount",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/overdue_amount",
    formula: "sum of the open amounts past their due day",
    n_of: "open invoices with a due day",
    n_required: 1,
};
pub(crate) const OVERDUE_SHARE: Definition = Definition {
    metric: "overdue_share",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/overdue_share",
    formula: "open amounts past their due day / open amounts with a due day",
    n_of: "open invoices with a due day",
    n_required: 30,
};
pub(crate) const AGEING: Definition = Definition {
    metric: "ageing",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/ageing",
    formula: "open amounts by days past the due day",
    n_of: "open invoices",
    n_required: 1,
};
pub(crate) const DAYS_SALES_OUTSTANDING: Definition = Definition {
    metric: "days_sales_outstanding",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/days_sales_outstanding",
    formula: "outstanding / billed in the last 365 days x 365",
    n_of: "invoices",
    n_required: 30,
};
pub(crate) const COLLECTION_EFFICIENCY: Definition = Definition {
    metric: "collection_efficiency",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/collection_efficiency",
    formula: "100 x (billed - outstanding) / (billed - outstanding that is not yet due)",
    n_of: "invoices",
    n_required: 30,
};
pub(crate) const AR_TO_REVENUE: Definition = Definition {
    metric: "ar_to_revenue",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/working_capital/ar_to_revenue_ratio",
    formula: "outstanding / billed in the last 365 days",
    n_of: "invoices",
    n_required: 30,
};
pub(crate) const CASH_CONVERSION_CYCLE: Definition = Definition {
    metric: "cash_conversion_cycle",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/cash_flow_intelligence/cash_conversion_cycle",
    formula: "days of stock + days of sales outstanding - days of payables outstanding",
    n_of: "rows",
    n_required: 1,
};
pub(crate) const LEAD_TIME: Definition = Definition {
    metric: "lead_time",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/lead_time",
    formula: "ship date - order date, in days",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const ON_TIME_SHARE: Definition = Definition {
    metric: "on_time_share",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/on_time_share",
    formula: "rows shipped by the promised day / rows with both days",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const FILL_RATE: Definition = Definition {
    metric: "fill_rate",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/fill_rate",
    formula: "units delivered, at most those ordered / units ordered",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const RETURN_RATE: Definition = Definition {
    metric: "return_rate",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/return_rate",
    formula: "rows that came back / rows that say whether they did",
    n_of: "rows",
    n_required: 30,
};
pub(crate) const UTILISATION: Definition = Definition {
    metric: "utilisation",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/utilisation",
    formula: "used / capacity, over the rows with both",
    n_of: "rows",
    n_required: 1,
};
pub(crate) const ORDER_SIZE: Definition = Definition {
    metric: "order_size",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/billing_intelligence/order_value",
    formula: "amount, lines and units by order",
    n_of: "orders",
    n_required: 30,
};
pub(crate) const THROUGHPUT: Definition = Definition {
    metric: "throughput",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/billing_intelligence/throughput",
    formula: "orders by month of their first day, over whole months",
    n_of: "whole months",
    n_required: 12,
};
pub(crate) const COMPLETION_RATE: Definition = Definition {
    metric: "completion_rate",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/project_performance/completion_rate",
    formula: "done / (all - given up)",
    n_of: "rows",
    n_required: 10,
};
pub(crate) const BUDGET_VARIANCE: Definition = Definition {
    metric: "budget_variance",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/project_performance/budget_variance",
    formula: "(actual - budget) / budget, over the rows with both",
    n_of: "rows",
    n_required: 10,
};
pub(crate) const PROJECT_DURATION: Definition = Definition {
    metric: "project_duration",
    group: Group::OperationalEfficiency,
    pointer: "/operational_intelligence/project_performance/duration",
    formula: "end date - start date, in days",
    n_of: "rows",
    n_required: 10,
};
pub(crate) const CUSTOMERS: Definition = Definition {
    metric: "customers",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/customers",
    formula: "different customers",
    n_of: "customers",
    n_required: 1,
};
pub(crate) const RFM: Definition = Definition {
    metric: "rfm",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/rfm",
    formula: "quintiles by rank of days since the last purchase, days with purchases, revenue; equal values score alike",
    n_of: "customers",
    n_required: 100,
};
pub(crate) const COHORTS: Definition = Definition {
    metric: "cohorts",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/cohorts",
    formula: "customers by month of first purchase who bought again in each later month",
    n_of: "customers",
    n_required: 100,
};
pub(crate) const REPEAT_RATE: Definition = Definition {
    metric: "repeat_rate",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/repeat_rate",
    formula: "customers with purchases on more than one day / customers with a purchase",
    n_of: "customers",
    n_required: 100,
};
pub(crate) const INTER_PURCHASE_DAYS: Definition = Definition {
    metric: "inter_purchase_days",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/inter_purchase_days",
    formula: "days between purchases of the same customer",
    n_of: "pauses",
    n_required: 30,
};
pub(crate) const CONCENTRATION: Definition = Definition {
    metric: "concentration",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/concentration",
    formula: "shares of the largest customers, Gini, sum of squared percentage shares",
    n_of: "customers",
    n_required: 30,
};
pub(crate) const DIVERSIFICATION: Definition = Definition {
    metric: "diversification",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/diversification_score",
    formula: "1 - HHI / 10,000",
    n_of: "customers",
    n_required: 30,
};
pub(crate) const HISTORICAL_VALUE: Definition = Definition {
    metric: "historical_value",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/lifetime_value/historical_mean",
    formula: "revenue / customers; per year: revenue / years since the first purchases",
    n_of: "customers",
    n_required: 30,
};
pub(crate) const LIFETIME_MODEL: Definition = Definition {
    metric: "lifetime_model",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/lifetime_value/model",
    formula: "BG/NBD purchases x Gamma-Gamma value, by maximum likelihood",
    n_of: "customers who bought again",
    n_required: 100,
};
pub(crate) const PAYMENT_BEHAVIOUR: Definition = Definition {
    metric: "payment_behaviour",
    group: Group::CustomerAnalytics,
    pointer: "/customer_intelligence/payment_behavior_analysis/days_to_pay",
    formula: "paid date - invoice date, in days",
    n_of: "payments",
    n_required: 30,
};

/// All figures in the order in which they are computed.
pub const ALL: [Definition; 44] = [
    TOTAL_REVENUE,
    TOTAL_COST,
    GROSS_MARGIN,
    PROFITABILITY_TIER,
    CONTRIBUTION,
    LOSS_MAKING_MEMBERS,
    DISCOUNT_EFFECT,
    PRICE_VOLUME_MIX,
    GROWTH_BY_YEAR,
    GROWTH_TRAILING_12,
    COMPOUND_ANNUAL_RATE,
    MONTH_ON_MONTH_MEDIAN,
    REVENUE_QUALITY,
    OUTSTANDING_AR,
    OVERDUE_AMOUNT,
    OVERDUE_SHARE,
    AGEING,
    DAYS_SALES_OUTSTANDING,
    COLLECTION_EFFICIENCY,
    AR_TO_REVENUE,
    CASH_CONVERSION_CYCLE,
    LEAD_TIME,
    ON_TIME_SHARE,
    FILL_RATE,
    RETURN_RATE,
    UTILISATION,
    ORDER_SIZE,
    THROUGHPUT,
    COMPLETION_RATE,
    BUDGET_VARIANCE,
    PROJECT_DURATION,
    CUSTOMERS,
    RFM,
    COHORTS,
    REPEAT_RATE,
    INTER_PURCHASE_DAYS,
    CONCENTRATION,
    DIVERSIFICATION,
    HISTORICAL_VALUE,
    LIFETIME_MODEL,
    PAYMENT_BEHAVIOUR,
    INDUSTRY_BENCHMARK,
    PERFORMANCE_GAP,
    COMPETITIVE_POSITIONING,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        let mut names: Vec<&str> = ALL.iter().map(|definition| definition.metric).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
