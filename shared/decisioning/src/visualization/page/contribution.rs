//! Which members of each dimension bring revenue, and which lose money.

use maud::{Markup, html};

use super::table::{Column, folded, left_out, name, table};
use super::{INTELLIGENCE, absent, bar_legend};
use crate::intelligence::data::{Contribution, Member};
use crate::visualization::charts::{Bar, BarValue, Caption, Paint, bars};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean};

/// Bars of one chart; the rest is in the table.
const MOST_BARS: usize = 6;
/// Members of one table.
const MOST_MEMBERS: usize = 30;
/// Dimensions that get a chart.
const MOST_DIMENSIONS: usize = 12;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/financial_intelligence/contribution");
    let all: Vec<Contribution> = doc.typed(&place).unwrap_or_default();
    let mut told: Vec<(usize, &Contribution)> =
        all.iter().enumerate().filter(|(_, part)| part.member_count > 1).collect();
    told.sort_by_key(|(_, part)| (part.role == "product", part.member_count > MOST_BARS as u64));
    html! {
        section id="contribution" aria-labelledby="contribution-title" {
            h2 #contribution-title { "Where revenue and profit come from" }
            @if told.is_empty() { (absent(&doc.reason(&place))) }
            @else {
                (bar_legend(&[(Paint::Main, "revenue"), (Paint::Gain, "profit"), (Paint::Loss, "loss (hatched, left of zero)")]))
                div.columns {
                    @for (index, part) in told.iter().take(MOST_DIMENSIONS) { (dimension(doc, &format!("{place}/{index}"), *index, part)) }
                }
                (left_out(told.len().min(MOST_DIMENSIONS), told.len() as u64, "dimensions"))
            }
        }
    }
}

fn dimension(doc: &Doc<'_>, place: &str, index: usize, part: &Contribution) -> Markup {
    let title = format!("Revenue by {}", clean(&part.dimension));
    let shown = part.members.len().min(MOST_BARS);
    let rows: Vec<Bar> = part.members.iter().take(MOST_BARS).map(bar).collect();
    let description = format!(
        "Bars of revenue and profit for the {shown} members with the largest revenue of {}; the table below has the figures.",
        part.member_count
    );
    let id = format!("contribution-{index}");
    let losers = doc.figure(&format!("{place}/loss_making_count"), Unit::Count);
    html! {
        div.card {
            h3 { "By " (name(&part.dimension)) }
            p.note {
                @match losers.value {
                    Some(0.0) => { (losers.short()) " of " (part.member_count) " members lose money." }
                    Some(_) => { (losers.short()) " of " (part.member_count) " members lose money, "
                        (doc.figure(&format!("{place}/loss_making_sum"), Unit::Money).short()) " together." }
                    None => { (part.member_count) " members; their profit is not known." }
                }
            }
            (bars(&Caption { id: &id, title: &title, description: &description }, &rows, None))
            (left_out(shown, part.member_count, "members"))
            (folded("Table", &html! {
                (members(doc, "Members with the largest revenue", &format!("{place}/members"), &part.members))
                @if part.other.is_some() {
                    p.note { "All others together: " (doc.figure(&format!("{place}/other/revenue"), Unit::Money).short()) "." }
                }
                p.note { "Sum over all members: " (doc.figure(&format!("{place}/sum_of_parts"), Unit::Money).short()) "." }
                @if !part.loss_making.is_empty() {
                    (members(doc, "Members with the largest losses", &format!("{place}/loss_making"), &part.loss_making))
                }
            }))
        }
    }
}

fn bar(member: &Member) -> Bar {
    let is_loss = member.profit.is_some_and(|profit| profit < 0.0);
    let revenue = Unit::Money.text(member.revenue).unwrap_or_default();
    let margin = member.margin_percent.and_then(|margin| Unit::Percent.text(margin));
    let margin = margin.map(|margin| format!(" · margin {margin}")).unwrap_or_default();
    let values = std::iter::once(BarValue { value: Some(member.revenue), paint: Paint::Main });
    let profit = member
        .profit
        .map(|profit| BarValue { value: Some(profit), paint: if is_loss { Paint::Loss } else { Paint::Gain } });
    Bar {
        label: if is_loss { format!("▼ {}", member.name) } else { member.name.clone() },
        text: format!("{revenue}{margin}"),
        values: values.chain(profit).collect(),
    }
}

fn members(doc: &Doc<'_>, caption: &str, place: &str, members: &[Member]) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::text("Member"),
        Column::number("Revenue"),
        Column::number("Share"),
        Column::number("Profit"),
        Column::number("Margin"),
        Column::number("Rows"),
    ];
    let row = |(index, member): (usize, &Member)| {
        let figure = |field: &str, unit| doc.figure(&format!("{place}/{index}/{field}"), unit).short();
        vec![
            html! { (name(&member.name)) @if member.profit.is_some_and(|profit| profit < 0.0) { " " span."tag loss" { "▼ loss" } } },
            figure("revenue", Unit::Money),
            figure("share", Unit::Share),
            figure("profit", Unit::Money),
            figure("margin_percent", Unit::Percent),
            figure("rows", Unit::Count),
        ]
    };
    html! {
        (table(caption, &COLUMNS, members.iter().take(MOST_MEMBERS).enumerate().map(row).collect()))
        (left_out(members.len().min(MOST_MEMBERS), members.len() as u64, "listed members"))
    }
}
