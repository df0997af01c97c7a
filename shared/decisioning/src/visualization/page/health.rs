//! The health of the business as one score and its axes.

use maud::{Markup, html};
use serde_json::Value;

use super::table::{Column, folded, table};
use super::{DECISION, absent};
use crate::visualization::charts::{BANDS, Bar, BarValue, Caption, Paint, bars, gauge};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, words};

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="health" aria-labelledby="health-title" {
            h2 #health-title { "Business health" }
            div.grid { (score(doc)) (axes(doc)) }
        }
    }
}

/// The word for a score, by the bands of the gauge.
pub(crate) fn band(score: f64) -> &'static str {
    BANDS.iter().rev().find(|(from, ..)| score >= *from).map_or(BANDS[0].1, |(_, word, _)| word)
}

fn score(doc: &Doc<'_>) -> Markup {
    let figure = doc.figure(&format!("{DECISION}/business_health/score"), Unit::Points);
    let word = figure.value.map_or("no score", band);
    let text = if figure.value.is_some() { figure.text() } else { "?".to_owned() };
    let description = match figure.value {
        Some(_) => format!("A half circle of 0 to 100 with the needle at {text}, which is {word}."),
        None => format!("A half circle of 0 to 100 without a needle: {}.", figure.reason),
    };
    html! {
        div."card third" {
            h3 { "Score" }
            (gauge(&Caption { id: "health-gauge", title: "Business health, 0 to 100", description: &description }, figure.value, &text, word))
            p.note { (figure.html()) @if figure.value.is_some() { " of 100: " (word) ". Bands: good from 85, fair from 75, warning from 60." } }
        }
    }
}

fn axes(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/business_health/axes");
    let all = doc.list(&place);
    let bar = |axis: &Value| {
        let value = axis["score"].as_f64();
        let why = || format!("not available: {}", axis["reason"].as_str().unwrap_or("no reason given"));
        Bar {
            label: words(axis["name"].as_str().unwrap_or("?")),
            text: value.and_then(|v| Some(format!("{} · {}", Unit::Points.text(v)?, band(v)))).unwrap_or_else(why),
            values: vec![BarValue { value, paint: Paint::Main }],
        }
    };
    let row = |(index, axis): (usize, &Value)| {
        vec![
            html! { (words(axis["name"].as_str().unwrap_or("?"))) },
            doc.figure(&format!("{place}/{index}/score"), Unit::Points).short(),
            doc.figure(&format!("{place}/{index}/weight"), Unit::Number).short(),
            html! { (axis["reason"].as_str().unwrap_or_default()) },
        ]
    };
    html! {
        div."card two" {
            h3 { "Axes" }
            @if all.is_empty() { (absent(&doc.reason(&place))) }
            @else {
                (bars(&Caption { id: "health-axes", title: "Health by axis, 0 to 100", description: "One bar for each axis of the health score." },
                    &all.iter().map(bar).collect::<Vec<_>>(), Some(100.0)))
                (folded("Table", table("Axes and their weights",
                    &[Column::text("Axis"), Column::number("Score"), Column::number("Weight"), Column::long("Why it is absent")],
                    all.iter().enumerate().map(row).collect())))
            }
        }
    }
}
