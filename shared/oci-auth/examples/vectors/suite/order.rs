//! Query parameters in the order of the file: [`Value`] sorts its members.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The ordered parts of a case.
#[derive(Debug, Deserialize)]
pub(crate) struct Ordered {
    #[serde(default)]
    query_params: Option<Pairs<Parameter>>,
}

/// A parameter's value.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Parameter {
    Members(Pairs<Value>),
    Plain(Value),
}

/// An object whose members keep their order.
#[derive(Debug)]
pub(crate) struct Pairs<T>(Vec<(String, T)>);

impl<T> Pairs<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(String, T)> {
        self.0.iter()
    }
}

impl Ordered {
    pub(crate) fn query(&self) -> &[(String, Parameter)] {
        self.query_params.as_ref().map_or(&[], |pairs| &pairs.0)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect(std::marker::PhantomData))
    }
}

struct Collect<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
    type Value = Pairs<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// The ordered parts of all cases.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Ordered>, String> {
    #[derive(Deserialize)]
    struct File {
        cases: Vec<Ordered>,
    }
    let file: File = serde_json::from_slice(file).map_err(|error| format!("no file of vectors: {error}"))?;
    Ok(file.cases)
}
