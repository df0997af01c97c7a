//! Business domains and column roles, by the words of the headers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::pii::words;
use super::profile::{ColumnProfile, LogicalType, Semantics};

/// The columns that play the parts later agents need; each list is in column order, best match first.
pub type Roles = BTreeMap<String, Vec<String>>;

/// A domain and the words that speak for it.
const DOMAINS: [(&str, &[&str]); 6] = [
    (
        "sales",
        &[
            "sale",
            "sales",
            "order",
            "orders",
            "revenue",
            "discount",
            "quantity",
            "qty",
            "deal",
            "opportunity",
            "purchase",
            "price",
        ],
    ),
    (
        "finance",
        &[
            "invoice",
            "payment",
            "paid",
            "due",
            "balance",
            "account",
            "receivable",
            "payable",
            "ledger",
            "tax",
            "profit",
            "cost",
            "margin",
            "budget",
            "gross",
            "expense",
            "currency",
            "amount",
            "interest",
            "loan",
            "income",
        ],
    ),
    ("customers", &["customer", "client", "segment", "contact", "subscriber", "member", "churn", "loyalty"]),
    ("products", &["product", "item", "sku", "category", "brand", "inventory", "stock", "model", "manufacturer"]),
    (
        "operations",
        &[
            "ship",
            "shipping",
            "shipment",
            "delivery",
            "carrier",
            "warehouse",
            "supplier",
            "route",
            "flight",
            "tailnum",
            "delay",
            "dep",
            "arr",
            "origin",
            "dest",
            "engine",
            "seats",
            "machine",
            "shift",
            "downtime",
            "airport",
            "airline",
            "dispatch",
        ],
    ),
    ("projects", &["project", "task", "milestone", "sprint", "billable", "timesheet", "assignee", "deadline"]),
];

/// Words that speak for a domain must come from this many different columns.
const NEEDED_COLUMNS: usize = 2;

/// A domain with the columns that speak for it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DomainMatch {
    /// The domain.
    pub domain: &'static str,
    /// The matching columns.
    pub columns: Vec<String>,
}

/// The domains of a table: those with two matching columns, or whose word is in the table's name.
pub(crate) fn domains(table: &str, columns: &[ColumnProfile]) -> Vec<DomainMatch> {
    let in_name = |list: &[&str]| words(table).iter().any(|w| list.contains(&singular(w)));
    let matching = |(domain, list): &(&'static str, &[&str])| {
        let matches = |c: &&ColumnProfile| {
            words(&c.name).iter().any(|w| list.contains(&w.as_str()) || list.contains(&singular(w)))
        };
        let columns: Vec<String> = columns.iter().filter(matches).map(|c| c.name.clone()).collect();
        (columns.len() >= NEEDED_COLUMNS || in_name(list)).then_some(DomainMatch { domain, columns })
    };
    DOMAINS.iter().filter_map(matching).collect()
}

fn singular(word: &str) -> &str {
    word.strip_suffix('s').filter(|w| w.len() > 2).unwrap_or(word)
}

type Fits = fn(&ColumnProfile) -> bool;

/// A role, its words in falling weight, words that speak against it, and what the column must be.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str], Fits);

const RULES: [Rule; 22] = [
    (
        "order_id",
        &["order", "invoice", "transaction", "booking"],
        &["date", "line", "row", "priority", "quantity", "amount"],
        is_identifying,
    ),
    (
        "order_date",
        &["order", "invoice", "transaction", "purchase", "sale"],
        &["ship", "due", "paid", "end", "delivery", "birth"],
        is_time,
    ),
    ("ship_date", &["ship", "shipped", "delivery", "delivered", "shipping"], &[], is_time),
    ("due_date", &["due"], &[], is_time),
    ("paid_date", &["paid", "payment"], &["due"], is_time),
    ("promised_date", &["promised", "promise", "required", "requested", "committed", "expected"], &["paid"], is_time),
    ("start_date", &["start", "started", "begin", "began"], &[], is_time),
    ("end_date", &["end", "ended", "completed", "finished", "closed"], &[], is_time),
    ("date", &[], &[], is_time),
    (
        "amount",
        &["sales", "revenue", "amount", "total", "turnover", "sale"],
        &["tax", "quantity", "discount", "cost", "date", "paid", "outstanding", "balance", "budget"],
        is_measure,
    ),
    ("paid_amount", &["paid", "collected", "received"], &["quantity", "days"], is_measure),
    ("open_amount", &["outstanding", "balance", "unpaid"], &["quantity", "days"], is_measure),
    (
        "quantity",
        &["quantity", "qty", "units", "count"],
        &["price", "cost", "delivered", "filled", "fulfilled"],
        is_measure,
    ),
    ("delivered_quantity", &["delivered", "filled", "fulfilled"], &["time", "days", "cost"], is_measure),
    ("price", &["price", "rate"], &["total"], is_measure),
    ("cost", &["cost", "expense", "cogs"], &[], is_measure),
    ("profit", &["profit", "margin"], &[], is_measure),
    ("discount", &["discount", "rebate"], &[], is_measure),
    ("budget", &["budget"], &[], is_measure),
    ("actual", &["actual", "spent", "spend"], &["hours", "days"], is_measure),
    ("used", &["used", "utilised", "utilized", "billable", "worked"], &[], is_measure),
    ("capacity", &["capacity", "available"], &[], is_measure),
];

const NAMED: [Rule; 7] = [
    ("customer", &["customer", "client", "account", "cust"], &["segment", "date", "city", "name"], is_nominal),
    ("product", &["product", "item", "sku", "article"], &["category", "date", "name", "price"], is_nominal),
    ("category", &["category", "segment", "department", "type"], &[], is_nominal),
    ("region", &["region", "territory", "state", "country", "market"], &[], is_nominal),
    ("status", &["status", "stage"], &["marital"], is_nominal),
    ("currency", &["currency", "ccy"], &["rate"], is_nominal),
    ("returned", &["returned", "return", "refunded"], &["amount", "reason", "id"], is_flag),
];

fn is_time(column: &ColumnProfile) -> bool {
    column.logical_type.is_temporal()
}

fn is_measure(column: &ColumnProfile) -> bool {
    column.semantics == Semantics::Measure
}

fn is_nominal(column: &ColumnProfile) -> bool {
    let is_name = matches!(column.logical_type, LogicalType::Text | LogicalType::Uuid | LogicalType::Integer);
    is_name && column.semantics != Semantics::Measure
}

fn is_flag(column: &ColumnProfile) -> bool {
    column.logical_type == LogicalType::Boolean || is_nominal(column)
}

fn is_identifying(column: &ColumnProfile) -> bool {
    is_nominal(column) && column.semantics == Semantics::Identifier
}

/// The roles of a table's columns.
pub(crate) fn roles(columns: &[ColumnProfile]) -> Roles {
    let candidates = |(role, list, against, fits): &Rule| {
        let mut found: Vec<(usize, usize, &ColumnProfile)> = Vec::new();
        for (position, column) in columns.iter().enumerate().filter(|(_, c)| fits(c)) {
            let words = words(&column.name);
            let rank = list.iter().position(|w| words.iter().any(|x| x == w || singular(x) == *w));
            let rank = if list.is_empty() { Some(0) } else { rank };
            let opposed = words.iter().filter(|w| against.contains(&w.as_str())).count();
            // For customers and products such a word only lowers the rank: `Customer Name` will do without an id.
            if let Some(rank) = rank.filter(|_| opposed == 0 || *role == "customer" || *role == "product") {
                found.push((rank + opposed * list.len(), position, column));
            }
        }
        found.sort_by_key(|f| (f.0, f.1));
        let names: Vec<String> = found.into_iter().map(|f| f.2.name.clone()).collect();
        (!names.is_empty()).then(|| ((*role).to_owned(), names))
    };
    RULES.iter().chain(&NAMED).filter_map(candidates).collect()
}
