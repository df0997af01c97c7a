//! Why the margin is what it is: discounts, and what changed between the last two years.

use maud::{Markup, html};

use super::table::{Column, folded, table};
use super::{INTELLIGENCE, absent};
use crate::intelligence::data::{DiscountBand, DiscountEffect, PriceVolumeMix};
use crate::visualization::charts::{Bar, BarValue, Caption, Paint, bars};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean};

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="margin" aria-labelledby="margin-title" {
            h2 #margin-title { "What moves the margin" }
            div.grid { (discounts(doc)) (changes(doc)) }
        }
    }
}

fn sign(value: f64) -> Paint {
    if value < 0.0 { Paint::Loss } else { Paint::Gain }
}

fn discounts(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/financial_intelligence/discount_effect");
    let found: Option<DiscountEffect> = doc.typed(&place);
    html! {
        div."card half" {
            h3 { "Margin by discount" }
            @match found {
                None => (absent(&doc.reason(&place))),
                Some(effect) => {
                    p.note { "Discounts gave away " (doc.figure(&format!("{place}/discount_given"), Unit::Money).short()) ", "
                        (doc.figure(&format!("{place}/effective_rate"), Unit::Share).short()) " of list revenue." }
                    (bars(&Caption { id: "discounts", title: "Margin by size of the discount",
                        description: "One bar of margin in percent of revenue for each band of discounts." },
                        &effect.bands.iter().map(band_bar).collect::<Vec<_>>(), None))
                    (folded("Table", &band_table(doc, &place, &effect.bands)))
                }
            }
        }
    }
}

fn band_name(band: &DiscountBand) -> String {
    let percent = |share: f64| Unit::Share.text(share).unwrap_or_default();
    if band.up_to <= 0.0 {
        "no discount".to_owned()
    } else {
        format!("above {} to {}", percent(band.above), percent(band.up_to))
    }
}

fn band_bar(band: &DiscountBand) -> Bar {
    let margin = band.margin_percent;
    Bar {
        label: band_name(band),
        text: margin.and_then(|margin| Unit::Percent.text(margin)).unwrap_or_else(|| "not available".to_owned()),
        values: vec![BarValue { value: margin, paint: sign(margin.unwrap_or_default()) }],
    }
}

fn band_table(doc: &Doc<'_>, place: &str, bands: &[DiscountBand]) -> Markup {
    const COLUMNS: [Column; 5] = [
        Column::text("Discount"),
        Column::number("Revenue"),
        Column::number("Profit"),
        Column::number("Margin"),
        Column::number("Rows"),
    ];
    let row = |(index, band): (usize, &DiscountBand)| {
        let figure = |field: &str, unit| doc.figure(&format!("{place}/bands/{index}/{field}"), unit).short();
        vec![
            html! { (band_name(band)) },
            figure("revenue", Unit::Money),
            figure("profit", Unit::Money),
            figure("margin_percent", Unit::Percent),
            figure("rows", Unit::Count),
        ]
    };
    table("Revenue and profit by size of the discount", &COLUMNS, bands.iter().enumerate().map(row).collect())
}

const EFFECTS: [(&str, &str); 6] = [
    ("volume_effect", "Volume: more or fewer units"),
    ("mix_effect", "Mix: dearer or cheaper products"),
    ("price_effect", "Price: other prices"),
    ("new_products", "New products"),
    ("discontinued_products", "Products no longer sold"),
    ("without_price", "Products without a price"),
];

fn changes(doc: &Doc<'_>) -> Markup {
    let place = format!("{INTELLIGENCE}/financial_intelligence/price_volume_mix");
    let found: Option<PriceVolumeMix> = doc.typed(&place);
    let effect = |name: &str| doc.number(&format!("{place}/{name}"));
    let bar = |(name, words): &(&str, &str)| {
        let value = effect(name)?;
        let values = vec![BarValue { value: Some(value), paint: sign(value) }];
        Some(Bar { label: (*words).to_owned(), text: Unit::Money.text(value)?, values })
    };
    html! {
        div."card half" {
            h3 { "What changed revenue" }
            @match found {
                None => (absent(&doc.reason(&place))),
                Some(found) => {
                    p.note { "From " (clean(&found.from)) " to " (clean(&found.to)) ": "
                        (doc.figure(&format!("{place}/change"), Unit::Money).short()) "; the effects add up to it." }
                    (bars(&Caption { id: "changes", title: "Effects on revenue between the last two whole years",
                        description: "One bar for each effect; losses are hatched and left of zero." },
                        &EFFECTS.iter().filter_map(bar).collect::<Vec<_>>(), None))
                    (folded("Table", &table("Effects", &[Column::text("Effect"), Column::number("Revenue")],
                        EFFECTS.iter().map(|(name, words)| vec![html! { (words) }, doc.figure(&format!("{place}/{name}"), Unit::Money).short()]).collect())))
                }
            }
        }
    }
}
