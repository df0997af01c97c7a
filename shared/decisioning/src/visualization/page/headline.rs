//! The figures that are read first.

use maud::{Markup, html};

use super::{DISCOVERY, INTELLIGENCE};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, words};

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let money = format!("{INTELLIGENCE}/financial_intelligence");
    let people = format!("{INTELLIGENCE}/customer_intelligence");
    let orders = format!("{INTELLIGENCE}/operational_intelligence/billing_intelligence");
    let trailing = format!("{money}/growth/trailing_12");
    let span = |from: &str, to: &str| Some((doc.text(from)?.to_owned(), doc.text(to)?.to_owned()));
    let all = span(&format!("{money}/growth/first_day"), &format!("{money}/growth/last_day"));
    let last = span(&format!("{trailing}/from"), &format!("{trailing}/to"));
    html! {
        section id="headline" aria-labelledby="headline-title" {
            h2 #headline-title { "At a glance" }
            div.grid {
                (card(doc, "Revenue", &format!("{money}/revenue_analysis/total_revenue"), Unit::Money, &html! {
                    @if let Some((from, to)) = all { (from) " to " (to) }
                }))
                (card(doc, "Gross margin", &format!("{money}/revenue_analysis/gross_margin"), Unit::Percent, &html! {
                    @if doc.at(&format!("{money}/revenue_analysis/gross_profit")).is_some() {
                        "Profit " (doc.figure(&format!("{money}/revenue_analysis/gross_profit"), Unit::Money).short())
                        @if let Some(tier) = doc.text(&format!("{money}/revenue_analysis/profitability_tier")) { "; margin tier: " (words(tier).to_lowercase()) }
                    }
                }))
                (card(doc, "Growth over twelve months", &format!("{trailing}/change"), Unit::Change, &html! {
                    @if let Some((from, to)) = last { (from) " to " (to) " against the twelve months before" }
                }))
                (card(doc, "Yearly growth, compounded", &format!("{money}/growth/compound_annual_rate"), Unit::Change, &html! {
                    "Between the first and the last whole year"
                }))
                (card(doc, "Customers", &format!("{people}/customers"), Unit::Count, &html! {
                    @if doc.at(&format!("{people}/repeat_rate")).is_some() {
                        (doc.figure(&format!("{people}/repeat_rate"), Unit::Share).short()) " bought on more than one day"
                    }
                }))
                (card(doc, "Orders", &format!("{orders}/orders"), Unit::Count, &html! {
                    @if doc.at(&format!("{orders}/throughput/mean_per_month")).is_some() {
                        (doc.figure(&format!("{orders}/throughput/mean_per_month"), Unit::Mean).short()) " a month on average"
                    }
                }))
                (card(doc, "Value of an order", &format!("{orders}/order_value/mean"), Unit::Money, &html! {
                    @if doc.at(&format!("{orders}/order_value/median")).is_some() {
                        "Mean; half of the orders are at most " (doc.figure(&format!("{orders}/order_value/median"), Unit::Money).short())
                    }
                }))
                (card(doc, "Data quality", &format!("{DISCOVERY}/data_ecosystem/data_quality_score"), Unit::Share, &html! {
                    a href="#quality" { "How it is made up" }
                }))
            }
        }
    }
}

fn card(doc: &Doc<'_>, title: &str, pointer: &str, unit: Unit, below: &Markup) -> Markup {
    let figure = doc.figure(pointer, unit);
    html! {
        div."card quarter kpi" {
            h3 { (title) }
            div.value { (figure.html()) }
            @if figure.value.is_some() { p { (below) } }
        }
    }
}
