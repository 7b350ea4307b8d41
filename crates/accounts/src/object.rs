//! A JSON object and nothing else.
//!
//! Promise: what serde would take for a structure too, an array of its values in the order in which the program
//! declares them, is refused: that order is nobody's to rely on.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A structure that was written as an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

struct OfMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyLimits, TenantSettingsPatch};

    #[test]
    fn an_array_of_its_values_is_no_object_at_any_depth() {
        let read = |json: &str| serde_json::from_str::<Object<KeyLimits>>(json);
        assert_eq!(read(r#"{"events_per_second": 5}"#).unwrap().0.events_per_second.unwrap().get(), 5);
        for none in ["[]", "[1, 2, 3]", "null", "5", r#""""#] {
            assert!(read(none).unwrap_err().to_string().contains("expected an object"), "{none}");
        }
        assert!(read(r#"{"x": 1}"#).unwrap_err().to_string().contains("unknown field `x`"));
        for none in [r#"{"limits": [5]}"#, r#"{"retention_days": [1, 2]}"#, r#"{"retention_days": []}"#] {
            let error = serde_json::from_str::<TenantSettingsPatch>(none).unwrap_err().to_string();
            assert!(error.contains("expected an object"), "{error}");
        }
    }
}
