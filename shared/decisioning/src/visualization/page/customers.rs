//! Who buys: segments, concentration, retention.

use maud::{Markup, html};

use super::table::{Column, folded, left_out, name, table};
use super::{INTELLIGENCE, absent, bar_legend, legend};
use crate::intelligence::data::{Cohort, Cohorts, ConcentrationReport, Rfm, Segment};
use crate::visualization::charts::{Bar, BarValue, Caption, Curve, Paint, bars, curve};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, words};

/// Cohorts that are listed, the largest ones.
const MOST_COHORTS: usize = 12;
/// Months of age that are listed; those from [`FEW_AGES`] on only where there is room.
const MOST_AGES: usize = 13;
const FEW_AGES: usize = 6;
/// Customers that are listed by name.
const MOST_CUSTOMERS: usize = 10;

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="customers" aria-labelledby="customers-title" {
            h2 #customers-title { "Customers" }
            div.grid { (segments(doc)) (concentration(doc)) (cohorts(doc)) }
        }
    }
}

fn segments(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/customer_intelligence/rfm");
    let found: Option<Rfm> = doc.typed(&place);
    let bar = |segment: &Segment| {
        let share =
            |value: Option<f64>| value.and_then(|value| Unit::Share.text(value)).unwrap_or_else(|| "–".to_owned());
        Bar {
            label: words(&segment.name),
            text: format!("{} · {}", share(Some(segment.share)), share(segment.revenue_share)),
            values: vec![
                BarValue { value: Some(segment.share), paint: Paint::Main },
                BarValue { value: segment.revenue_share, paint: Paint::Second },
            ],
        }
    };
    html! {
        div."card half" {
            h3 { "Segments by recency and frequency" }
            @match found {
                None => (absent(&doc.reason(&place))),
                Some(rfm) => {
                    p.note { (doc.figure(&format!("{place}/customers"), Unit::Count).short()) " customers as of " (rfm.as_of) "." }
                    (bar_legend(&[(Paint::Main, "share of customers (thick, first figure)"), (Paint::Second, "share of revenue (thin, second figure)")]))
                    (bars(&Caption { id: "segments", title: "Customers and revenue by segment",
                        description: "Two bars per segment: its share of the customers and of the revenue." },
                        &rfm.segments.iter().map(bar).collect::<Vec<_>>(), None))
                    (folded("Table", &segment_table(doc, &place, &rfm)))
                }
            }
        }
    }
}

fn segment_table(doc: &Doc<'_>, place: &str, rfm: &Rfm) -> Markup {
    const COLUMNS: [Column; 6] = [
        Column::text("Segment"),
        Column::number("Customers"),
        Column::number("Revenue"),
        Column::number("Share of revenue"),
        Column::number("Days since last purchase"),
        Column::number("Days with purchases"),
    ];
    let row = |(index, segment): (usize, &Segment)| {
        let figure = |field: &str, unit| doc.figure(&format!("{place}/segments/{index}/{field}"), unit).short();
        vec![
            html! { (words(&segment.name)) },
            figure("customers", Unit::Count),
            figure("revenue", Unit::Money),
            figure("revenue_share", Unit::Share),
            figure("mean_recency_days", Unit::Count),
            figure("mean_frequency", Unit::Mean),
        ]
    };
    table("Segments; days are means", &COLUMNS, rfm.segments.iter().enumerate().map(row).collect())
}

fn concentration(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/customer_intelligence/concentration");
    let found: Option<ConcentrationReport> = doc.typed(&place);
    let figure = |field: &str, unit| doc.figure(&format!("{place}/{field}"), unit).short();
    html! {
        div."card half" {
            h3 { "How much depends on few customers" }
            @match found {
                None => (absent(&doc.reason(&place))),
                Some(report) => {
                    p.note { "The largest customer has " (figure("top_1_share", Unit::Share)) " of the revenue, the ten largest "
                        (figure("top_10_share", Unit::Share)) "; " (figure("customers_for_80_percent", Unit::Share)) " of the customers bring 80\u{a0}%." }
                    (legend(&[(Paint::Main, "customers, the largest first"), (Paint::Second, "if all were equal")]))
                    (curve(&Caption { id: "concentration", title: "Share of revenue by share of customers",
                        description: "A curve that rises from nothing to all; the further it is above the diagonal, the more depends on few." },
                        &Curve { points: &report.curve.iter().map(|p| (p.customers, p.revenue)).collect::<Vec<_>>(),
                            across: "share of customers", up: "share of revenue" }))
                    (folded("Tables", &html! {
                        p.note { "Gini coefficient " (figure("gini", Unit::Number)) ", Herfindahl-Hirschman index " (figure("hhi", Unit::Number)) " of 10,000." }
                        (table("The curve", &[Column::text("Largest customers"), Column::number("Share of revenue")],
                            (0..report.curve.len()).map(|i| vec![figure(&format!("curve/{i}/customers"), Unit::Share), figure(&format!("curve/{i}/revenue"), Unit::Share)]).collect()))
                        (largest(doc, &place, &report))
                    }))
                }
            }
        }
    }
}

fn largest(doc: &Doc<'_>, place: &str, report: &ConcentrationReport) -> Markup {
    const COLUMNS: [Column; 5] = [
        Column::text("Customer"),
        Column::number("Revenue"),
        Column::number("Share"),
        Column::number("Days since last purchase"),
        Column::text("Segment"),
    ];
    let row = |index: usize| {
        let customer = &report.largest[index];
        let figure = |field: &str, unit| doc.figure(&format!("{place}/largest/{index}/{field}"), unit).short();
        vec![
            html! { @match &customer.customer { Some(text) => (name(text)), None => span.absent { "masked: may be personal" } } },
            figure("revenue", Unit::Money),
            figure("share", Unit::Share),
            figure("recency_days", Unit::Count),
            html! { (customer.segment.as_deref().map(words).unwrap_or_default()) },
        ]
    };
    let shown = report.largest.len().min(MOST_CUSTOMERS);
    table("The largest customers", &COLUMNS, (0..shown).map(row).collect())
}

fn cohorts(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/customer_intelligence/cohorts");
    let found: Option<Cohorts> = doc.typed(&place);
    html! {
        div.card {
            h3 { "Retention by month of the first purchase" }
            @match found {
                None => (absent(&doc.reason(&place))),
                Some(cohorts) => {
                    p.note { "Customers who bought again so many months after their first purchase; the shade is their share of the new customers. \
                        The first row is that share over all cohorts, the others are the largest cohorts."
                        @if cohorts.last_month_partial { " The last month is not over, so the last figure of each row is too low." } }
                    (heat(doc, &place, &cohorts))
                    (left_out(cohorts.rows.len().min(MOST_COHORTS), cohorts.count, "cohorts"))
                }
            }
        }
    }
}

/// Retention as a table whose cells are shaded; all cohorts together come first.
fn heat(doc: &Doc<'_>, place: &str, cohorts: &Cohorts) -> Markup {
    let mut largest: Vec<usize> = (0..cohorts.rows.len()).collect();
    largest.sort_by_key(|index| (std::cmp::Reverse(cohorts.rows[*index].size), *index));
    largest.truncate(MOST_COHORTS);
    largest.sort_unstable();
    let class = |age: usize| (age >= FEW_AGES).then_some("more");
    html! {
        table.heat {
            caption { "Rows: month of the first purchase, with the number of new customers. Columns: months since." }
            thead { tr {
                th scope="col" { "Month" } th scope="col" { "New" }
                @for age in 1..MOST_AGES { th scope="col" class=[class(age)] { (age) } }
            } }
            tbody {
                tr {
                    th scope="row" { "All" }
                    td { }
                    @for age in 1..MOST_AGES {
                        @let figure = doc.figure(&format!("{place}/mean_retention/{age}"), Unit::Share);
                        td class={(shade(figure.value)) " " (class(age).unwrap_or_default())} { (figure.short()) }
                    }
                }
                @for (index, cohort) in largest.iter().map(|index| (*index, &cohorts.rows[*index])) {
                    tr {
                        th scope="row" { (cohort.month) }
                        td { (doc.figure(&format!("{place}/rows/{index}/size"), Unit::Count).short()) }
                        @for age in 1..MOST_AGES { (cell(doc, &format!("{place}/rows/{index}"), cohort, age, class(age).unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

/// Customers of an age are whole numbers in the document; their share stands beside them.
fn cell(doc: &Doc<'_>, place: &str, cohort: &Cohort, age: usize, class: &str) -> Markup {
    let Some(active) = cohort.active.get(age) else { return html! { td class=(class) { } } };
    let share = (cohort.size > 0).then(|| *active as f64 / cohort.size as f64);
    html! {
        td class={(shade(share)) " " (class)} title=[share.and_then(|share| Unit::Share.text(share))] {
            (doc.figure(&format!("{place}/active/{age}"), Unit::Count).short())
        }
    }
}

fn shade(share: Option<f64>) -> &'static str {
    match share {
        Some(share) if share >= 0.4 => "h4",
        Some(share) if share >= 0.2 => "h3",
        Some(share) if share >= 0.1 => "h2",
        Some(share) if share > 0.0 => "h1",
        _ => "h0",
    }
}
