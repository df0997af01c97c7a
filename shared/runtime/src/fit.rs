//! Types read from JSON values, with the path of what does not fit.
//!
//! `serde_path_to_error` tells the same around any source of values; around this one alone the code for each type is
//! less, and a function has hundreds of types. A list is not read as the members of an object in their order, as serde
//! would (and does inside untagged and flattened types): who sends one means something else.

mod key;
mod variant;

use std::cell::RefCell;
use std::fmt;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::{Error, Map, Value};

use key::Key;
use variant::Variant;

/// How `serde_json` asks for the text of a value as it is.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// What does not fit.
pub(crate) struct Misfit {
    /// Where: names of members, `.name` and `[index]` below each other; empty for the whole value.
    pub(crate) path: String,
    pub(crate) error: Error,
}

/// Reads a value.
///
/// # Errors
/// The first thing that does not fit.
pub(crate) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Misfit> {
    let place = RefCell::default();
    let track = Track { way: &Way::Root, place: &place };
    T::deserialize(Node { value, track })
        .map_err(|error| Misfit { path: place.borrow_mut().take().unwrap_or_default(), error })
}

/// The way to a value.
enum Way<'a> {
    Root,
    Item(&'a Self, usize),
    Member(&'a Self, &'a str),
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
            Self::Member(Self::Root, name) => formatter.write_str(name),
            Self::Member(parent, name) => write!(formatter, "{parent}.{name}"),
        }
    }
}

/// The way to a value, and where the first failure is written down.
#[derive(Clone, Copy)]
struct Track<'a> {
    way: &'a Way<'a>,
    place: &'a RefCell<Option<String>>,
}

impl<'a> Track<'a> {
    fn along<'b>(self, way: &'b Way<'b>) -> Track<'b>
    where
        'a: 'b,
    {
        Track { way, place: self.place }
    }

    /// Failures pass on their way out; the innermost place is the one that is told.
    fn noted<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.note();
        }
        result
    }

    #[cold]
    fn note(self) {
        self.place.borrow_mut().get_or_insert_with(|| self.way.to_string());
    }
}

/// A value in its place. Whoever has it read notes the place of a failure: what is read may be refused only afterwards.
struct Node<'a> {
    value: Value,
    track: Track<'a>,
}

/// A visitor may take more kinds of values than are asked for; JSON has only the one. It also keeps the code small: for
/// most types a deserializer is asked for one kind.
macro_rules! only {
    ($($kind:ident($content:ident) by $read:expr => $($method:ident)*;)*) => {
        $($(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.value {
                Value::$kind($content) => $read(visitor, $content, self.track),
                other => Err(wrong(&other, &visitor)),
            }
        })*)*
    };
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => list(visitor, items, self.track),
            Value::Object(members) => object(visitor, members, self.track),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match name {
            RAW_VALUE => self.value.deserialize_newtype_struct(name, visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant::of(self)?)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    only! {
        Bool(truth) by |visitor: V, truth, _| visitor.visit_bool(truth) => deserialize_bool;
        Number(number) by |visitor, number: serde_json::Number, _| number.deserialize_any(visitor) =>
            deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8 deserialize_u16
            deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64;
        String(text) by |visitor: V, text, _| visitor.visit_string(text) =>
            deserialize_char deserialize_str deserialize_string deserialize_identifier;
        Array(items) by list => deserialize_seq;
        Object(members) by object => deserialize_map;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(_) => self.deserialize_string(visitor),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            other => Err(wrong(&other, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }
}

fn list<'de, V: Visitor<'de>>(visitor: V, items: Vec<Value>, track: Track<'_>) -> Result<V::Value, Error> {
    let length = items.len();
    let mut items = Items { rest: items.into_iter(), index: 0, track };
    let value = visitor.visit_seq(&mut items)?;
    if items.rest.len() == 0 { Ok(value) } else { Err(Error::invalid_length(length, &"fewer elements in array")) }
}

fn object<'de, V: Visitor<'de>>(visitor: V, members: Map<String, Value>, track: Track<'_>) -> Result<V::Value, Error> {
    let length = members.len();
    let mut members = Members { rest: members.into_iter(), next: None, track };
    let value = visitor.visit_map(&mut members)?;
    if members.rest.len() == 0 { Ok(value) } else { Err(Error::invalid_length(length, &"fewer elements in map")) }
}

struct Items<'a> {
    rest: std::vec::IntoIter<Value>,
    index: usize,
    track: Track<'a>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.rest.next() else { return Ok(None) };
        let way = Way::Item(self.track.way, self.index);
        self.index += 1;
        let track = self.track.along(&way);
        track.noted(seed.deserialize(Node { value, track })).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members<'a> {
    rest: serde_json::map::IntoIter,
    next: Option<(String, Value)>,
    track: Track<'a>,
}

impl<'de> MapAccess<'de> for Members<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        let key = seed.deserialize(Key(name.clone()));
        let key = self.track.along(&Way::Member(self.track.way, &name)).noted(key)?;
        self.next = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (name, value) = self.next.take().ok_or_else(|| Error::custom("value is missing"))?;
        let way = Way::Member(self.track.way, &name);
        let track = self.track.along(&way);
        track.noted(seed.deserialize(Node { value, track }))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// Something else than was asked for.
#[cold]
fn wrong(value: &Value, expected: &dyn Expected) -> Error {
    Error::invalid_type(unexpected(value), expected)
}

/// What a value is, in the words of serde's messages.
fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(truth) => Unexpected::Bool(*truth),
        Value::Number(number) => number_of(number),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    }
}

fn number_of(number: &serde_json::Number) -> Unexpected<'static> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(number), _, _) => Unexpected::Unsigned(number),
        (_, Some(number), _) => Unexpected::Signed(number),
        (_, _, number) => Unexpected::Float(number.unwrap_or(f64::NAN)),
    }
}

#[cfg(test)]
mod tests;
