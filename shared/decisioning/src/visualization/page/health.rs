//! The health of the business as one score and its axes, and where management should look.

use maud::{Markup, html};

use super::table::{Column, folded, name, table};
use super::{DECISION, absent, evidence, source};
use crate::decision::data::{Axis, AxisPart};
use crate::visualization::charts::{BANDS, Bar, BarValue, Caption, Paint, gauge, wide_bars};
use crate::visualization::doc::Doc;
use crate::visualization::format::{Unit, clean, words};

pub(super) fn section(doc: &Doc<'_>) -> Markup {
    html! {
        section id="health" aria-labelledby="health-title" {
            h2 #health-title { "Business health" }
            div.grid { (score(doc)) (axes(doc)) }
        }
    }
}

/// The word for a score, by the bands of the gauge.
fn band(score: f64) -> &'static str {
    BANDS.iter().rev().find(|(from, ..)| score >= *from).map_or(BANDS[0].1, |(_, word, _)| word)
}

fn score(doc: &Doc<'_>) -> Markup {
    let figure = doc.figure(&format!("{DECISION}/business_health/business_health_numeric"), Unit::Points);
    let word =
        doc.text(&format!("{DECISION}/business_health/label")).filter(|_| figure.value.is_some()).unwrap_or("no score");
    let text = if figure.value.is_some() { figure.text() } else { "?".to_owned() };
    let description = match figure.value {
        Some(_) => format!("A half circle of 0 to 100 with the needle at {text}, which is {word}."),
        None => format!("A half circle of 0 to 100 without a needle: {}.", figure.reason),
    };
    html! {
        div."card third" {
            h3 { "Score" }
            (gauge(&Caption { id: "health-gauge", title: "Business health, 0 to 100", description: &description }, figure.value, &text, word))
            p.note { (figure.html()) @if figure.value.is_some() { " of 100: " b { (word) } ". Excellent from 85, good from 75, fair from 60." } }
            (situation(doc))
        }
    }
}

fn situation(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/executive/situation_assessment");
    let lines = [("urgency_level", "Urgency"), ("strategic_position", "Revenue"), ("immediate_risk", "First risk")];
    html! {
        @if doc.at(&place).is_some() {
            dl { @for (field, title) in lines { @if let Some(text) = doc.text(&format!("{place}/{field}")) {
                dt { (title) } dd { (words(text)) }
            } } }
        }
    }
}

fn axes(doc: &Doc<'_>) -> Markup {
    let place = format!("{DECISION}/business_health/axes");
    let all: Vec<Axis> = doc.typed(&place).unwrap_or_default();
    html! {
        div."card two" {
            h3 { "What it is made of" }
            @if all.is_empty() { (absent(&doc.reason(&place))) }
            @else {
                (wide_bars(&Caption { id: "health-axes", title: "Health by axis, 0 to 100", description: "One bar for each axis of the health score; an axis without a bar could not be judged." },
                    &all.iter().map(bar).collect::<Vec<_>>(), Some(100.0)))
                (folded("Table", &parts(doc, &place, &all)))
            }
        }
    }
}

fn why(axis: &Axis) -> &str {
    axis.parts.iter().find_map(|part| part.reason.as_deref()).unwrap_or("no reason given")
}

fn bar(axis: &Axis) -> Bar {
    let shown = axis.score.and_then(|score| Some(format!("{} · {}", Unit::Points.text(score)?, band(score))));
    Bar {
        label: words(&axis.axis),
        text: shown.unwrap_or_else(|| "not judged".to_owned()),
        values: vec![BarValue { value: axis.score, paint: Paint::Main }],
    }
}

fn parts(doc: &Doc<'_>, place: &str, axes: &[Axis]) -> Markup {
    const COLUMNS: [Column; 5] = [
        Column::text("Axis"),
        Column::number("Score"),
        Column::number("Weight"),
        Column::long("Figures behind it"),
        Column::long("Why it is absent"),
    ];
    let part = |at: &str, part: &AxisPart| {
        let label = words(part.source.rsplit('/').next().unwrap_or_default());
        html! { li { (label) ": " (doc.figure(&format!("{at}/score"), Unit::Points).short()) " of 100, from "
        (doc.figure(&format!("{at}/value"), Unit::Number).short()) (evidence(doc, source(&part.source).into_iter())) } }
    };
    let row = |(index, axis): (usize, &Axis)| {
        let at = format!("{place}/{index}");
        let listed = axis.parts.iter().enumerate().filter(|(_, part)| part.value.is_some());
        vec![
            html! { (words(&axis.axis)) },
            doc.figure(&format!("{at}/score"), Unit::Points).short(),
            doc.figure(&format!("{at}/weight"), Unit::Share).short(),
            html! { ul.items { @for (number, one) in listed { (part(&format!("{at}/parts/{number}"), one)) } } },
            html! { @if axis.score.is_none() { (name(&clean(why(axis)))) } },
        ]
    };
    table("Axes, their weights and the figures behind them", &COLUMNS, axes.iter().enumerate().map(row).collect())
}
