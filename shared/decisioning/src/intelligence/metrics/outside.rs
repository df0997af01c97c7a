//! Figures that a company's own tables cannot give: they are absent everywhere, and the account says why.

use crate::intelligence::ledger::{Basis, Definition, Ledger, Why};
use crate::intelligence::request::Group;

const NOBODY_ELSE: &str = "a company's own tables hold no figures of other companies";
const NO_BENCHMARK: &str = "there is no benchmark to compare with: a company's own tables hold none of its industry";

pub(crate) const INDUSTRY_BENCHMARK: Definition = Definition {
    metric: "industry_benchmark",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/working_capital/industry_benchmark",
    formula: "outstanding / billed of other companies of the industry",
    n_of: "companies",
    n_required: 1,
};
pub(crate) const PERFORMANCE_GAP: Definition = Definition {
    metric: "performance_gap",
    group: Group::FinancialHealth,
    pointer: "/financial_intelligence/working_capital/performance_gap",
    formula: "outstanding / billed - the benchmark of the industry",
    n_of: "companies",
    n_required: 1,
};
pub(crate) const COMPETITIVE_POSITIONING: Definition = Definition {
    metric: "competitive_positioning",
    group: Group::CustomerAnalytics,
    pointer: "/competitive_positioning",
    formula: "share of the market by competitor",
    n_of: "competitors",
    n_required: 1,
};

/// Enters those of the groups that are asked for.
pub(crate) fn enter(ledger: &mut Ledger) {
    for (definition, reason) in
        [(&INDUSTRY_BENCHMARK, NOBODY_ELSE), (&PERFORMANCE_GAP, NO_BENCHMARK), (&COMPETITIVE_POSITIONING, NOBODY_ELSE)]
    {
        if ledger.wants(definition.group) {
            ledger.enter::<f64>(definition, Basis::default(), Err(Why::NotApplicable(reason.to_owned())));
        }
    }
}
