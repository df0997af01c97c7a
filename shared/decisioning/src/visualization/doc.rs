//! The results of the agents as one document, and the figures of the page as places in it.
//!
//! A figure is shown by the pointer of its place: what stands on the page cannot differ from what is exported. Where
//! there is no number, the reason is looked up in the `coverage` of the agent whose place it is.

use std::cell::RefCell;
use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::format::{Unit, clean};

/// The agents in the order of the flow.
pub(crate) const AGENTS: [&str; 4] = ["discovery", "intelligence", "strategy", "decision"];

/// The document, and which places have been shown.
pub(crate) struct Doc<'a> {
    root: &'a Value,
    /// Pointer of each shown figure and the anchor of its first place.
    shown: RefCell<BTreeMap<String, String>>,
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub(crate) pointer: String,
    pub(crate) value: Option<f64>,
    pub(crate) unit: Unit,
    /// Why there is no number.
    pub(crate) reason: String,
    /// The number as JSON has it.
    exact: String,
    anchor: String,
}

impl Figure {
    /// The figure in words.
    pub(crate) fn text(&self) -> String {
        self.value.and_then(|value| self.unit.text(value)).unwrap_or_else(|| "not available".to_owned())
    }

    /// The figure with its place; an absent one with its reason.
    pub(crate) fn html(&self) -> Markup {
        html! {
            @if self.value.is_some() { (self.short()) }
            @else { span.absent id=[self.id()] data-pointer=(self.pointer) { "not available" span.why { (self.reason) } } }
        }
    }

    /// The figure with its place; an absent one as a dash, for tables, which say the reason once.
    pub(crate) fn short(&self) -> Markup {
        html! {
            @match self.value {
                Some(value) => data id=[self.id()] value=(self.exact) data-pointer=(self.pointer) data-unit=(self.unit.name())
                    class=@if value < 0.0 { "below" } @else { "" } { (self.text()) },
                None => span.absent id=[self.id()] data-pointer=(self.pointer) title=(self.reason) { "–" },
            }
        }
    }

    fn id(&self) -> Option<&str> {
        (!self.anchor.is_empty()).then_some(&*self.anchor)
    }
}

impl<'a> Doc<'a> {
    pub(crate) fn new(root: &'a Value) -> Self {
        Self { root, shown: RefCell::default() }
    }

    /// What is at a place; `null` counts as nothing.
    pub(crate) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.root.pointer(pointer).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, pointer: &str) -> Option<&'a str> {
        self.at(pointer).and_then(Value::as_str)
    }

    pub(crate) fn number(&self, pointer: &str) -> Option<f64> {
        self.at(pointer).and_then(Value::as_f64)
    }

    pub(crate) fn list(&self, pointer: &str) -> &'a [Value] {
        self.at(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// A part of the document in its type.
    pub(crate) fn typed<T: DeserializeOwned>(&self, pointer: &str) -> Option<T> {
        self.at(pointer).and_then(|value| T::deserialize(value).ok())
    }

    /// The figure at a place.
    pub(crate) fn figure(&self, pointer: &str, unit: Unit) -> Figure {
        let found = self.at(pointer);
        let value = found.and_then(Value::as_f64).filter(|value| value.is_finite());
        let exact = found.filter(|_| value.is_some()).map(Value::to_string).unwrap_or_default();
        let reason = if value.is_some() { String::new() } else { self.reason(pointer) };
        Figure { pointer: pointer.to_owned(), value, unit, reason, exact, anchor: self.anchor(pointer) }
    }

    /// The id of a place that is shown for the first time; later ones have none.
    fn anchor(&self, pointer: &str) -> String {
        let mut shown = self.shown.borrow_mut();
        if shown.contains_key(pointer) {
            return String::new();
        }
        let id = format!("figure-{}", shown.len() + 1);
        shown.insert(pointer.to_owned(), id.clone());
        id
    }

    /// Why there is nothing at a place.
    pub(crate) fn reason(&self, pointer: &str) -> String {
        let mut parts = pointer.splitn(5, '/').skip(2);
        let (agent, rest) =
            (parts.next().unwrap_or_default(), pointer.split_once("/data").map_or("", |(_, rest)| rest));
        let envelope = format!("/agent_results/{agent}");
        if self.at(&envelope).is_none() {
            return format!("there is no result of the {agent} agent");
        }
        if self.text(&format!("{envelope}/status")) == Some("error") {
            return format!("the {agent} agent ended with an error");
        }
        let inside = |outer: &str, inner: &str| {
            !outer.is_empty() && (inner == outer || inner.strip_prefix(outer).is_some_and(|left| left.starts_with('/')))
        };
        let coverage = format!("{envelope}/data/coverage");
        let records = ["metrics", "not_computed"].into_iter().flat_map(|list| self.list(&format!("{coverage}/{list}")));
        let said = records.filter_map(|record| {
            let place = record["pointer"].as_str().or_else(|| record["figure"].as_str())?;
            let is_about =
                inside(place, rest) || inside(rest, place) || place == rest.trim_start_matches('/').replace('/', ".");
            record["reason"].as_str().filter(|_| is_about)
        });
        said.map(clean).next().unwrap_or_else(|| format!("the {agent} agent gives no such figure"))
    }

    /// The anchor of the figure at a place, or of the one nearest to it.
    pub(crate) fn anchor_of(&self, pointer: &str) -> Option<String> {
        let shown = self.shown.borrow();
        let below = format!("{pointer}/");
        let inner = || shown.iter().find(|(place, _)| place.starts_with(&below)).map(|(_, id)| id);
        let outer = || {
            let upwards = std::iter::successors(pointer.rsplit_once('/'), |(up, _)| up.rsplit_once('/'));
            upwards.filter(|(up, _)| up.matches('/').count() > 4).find_map(|(up, _)| {
                let near = format!("{up}/");
                shown.iter().find(|(place, _)| place.starts_with(&near) || place.as_str() == up).map(|(_, id)| id)
            })
        };
        shown.get(pointer).or_else(inner).or_else(outer).cloned()
    }

    /// How many figures are shown, and how many of these have no number.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let shown = self.shown.borrow();
        let absent = shown.keys().filter(|place| self.number(place).is_none()).count();
        (shown.len() as u64, absent as u64)
    }
}
