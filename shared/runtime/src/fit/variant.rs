//! Enums: a text is a variant that has nothing, an object of one member a variant and what it has.

use serde::Deserialize;
use serde::de::{DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, Unexpected, VariantAccess, Visitor};
use serde_json::{Error, Value};

use super::{Node, Track, Way, list, object, unexpected};

/// A variant and what it has.
pub(super) struct Variant<'a> {
    name: String,
    value: Option<Value>,
    track: Track<'a>,
}

impl<'a> Variant<'a> {
    /// # Errors
    /// The value is no variant.
    pub(super) fn of(node: Node<'a>) -> Result<Self, Error> {
        let track = node.track;
        match node.value {
            Value::String(name) => Ok(Self { name, value: None, track }),
            Value::Object(members) => {
                let mut members = members.into_iter();
                match (members.next(), members.next()) {
                    (Some((name, value)), None) => Ok(Self { name, value: Some(value), track }),
                    _ => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
                }
            }
            other => Err(Error::invalid_type(unexpected(&other), &"string or map")),
        }
    }
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: serde::de::value::StringDeserializer<Error> = self.name.clone().into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        let way = Way::Member(self.track.way, &self.name);
        let track = self.track.along(&way);
        track.noted(self.value.map_or(Ok(()), |value| Deserialize::deserialize(Node { value, track })))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        let way = Way::Member(self.track.way, &self.name);
        let track = self.track.along(&way);
        track.noted(match self.value {
            Some(value) => seed.deserialize(Node { value, track }),
            None => Err(Error::invalid_type(Unexpected::UnitVariant, &"newtype variant")),
        })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        let way = Way::Member(self.track.way, &self.name);
        let track = self.track.along(&way);
        track.noted(match self.value {
            Some(Value::Array(items)) if items.is_empty() => visitor.visit_unit(),
            Some(Value::Array(items)) => list(visitor, items, track),
            other => Err(Error::invalid_type(given(other.as_ref()), &"tuple variant")),
        })
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let way = Way::Member(self.track.way, &self.name);
        let track = self.track.along(&way);
        track.noted(match self.value {
            Some(Value::Object(members)) => object(visitor, members, track),
            other => Err(Error::invalid_type(given(other.as_ref()), &"struct variant")),
        })
    }
}

fn given(value: Option<&Value>) -> Unexpected<'_> {
    value.map_or(Unexpected::UnitVariant, unexpected)
}
