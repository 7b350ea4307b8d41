//! `property(json, 'path')`: a value inside of JSON text.
//!
//! Promise: each text is gone through once, and whatever it is, nothing worse than null comes out.

use std::fmt;
use std::sync::{Arc, LazyLock};

use arrow_array::Array as _;
use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray as _;
use arrow_schema::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounded::check;

/// The function, one for all.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::from(Property::new())));
    Arc::clone(&FUNCTION)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Property {
    signature: Signature,
}

impl Property {
    fn new() -> Self {
        let texts = vec![DataType::Utf8View, DataType::Utf8View];
        Self { signature: Signature::new(TypeSignature::Exact(texts), Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Property {
    fn name(&self) -> &str {
        "property"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let [json, path] = <[ColumnarValue; 2]>::try_from(arguments.args)
            .or_else(|_| plan_err!("property takes a column of JSON text and a path"))?;
        let ColumnarValue::Scalar(path) = path else {
            return exec_err!("property takes a path that is the same for all rows");
        };
        let Some(Some(path)) = path.try_as_str() else {
            return Ok(ColumnarValue::Scalar(ScalarValue::Utf8View(None)));
        };
        let is_scalar = matches!(json, ColumnarValue::Scalar(_));
        let json = json.into_array(rows)?;
        let Some(json) = json.as_string_view_opt() else {
            return exec_err!("property takes a column of JSON text");
        };
        check(json.lengths().map(|length| length as usize).sum())?;
        let mut found = StringViewBuilder::with_capacity(json.len());
        for text in json {
            found.append_option(text.and_then(|text| value_at(text, path)));
        }
        let found = found.finish();
        if is_scalar && found.len() == 1 {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&found, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(found)))
    }
}

/// The value at a path: a text as it is, anything else as JSON; none where there is none, or where it is null.
fn value_at(json: &str, path: &str) -> Option<String> {
    let mut parser = serde_json::Deserializer::from_str(json);
    let value = At(path).deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    match value? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Looks for a path. A name may hold dots itself: of the names that lead somewhere, the longest counts, and of two of one
/// name the last.
struct At<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Option<(usize, Value)> = None;
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let value = match self.0.strip_prefix(&*name) {
                Some("") => Some(map.next_value::<Value>()?),
                Some(rest) if rest.starts_with('.') => map.next_value_seed(At(&rest[1..]))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            if let Some(value) = value
                && found.as_ref().is_none_or(|(length, _)| name.len() >= *length)
            {
                found = Some((name.len(), value));
            }
        }
        Ok(found.map(|(_, value)| value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let (place, rest) =
            self.0.split_once('.').map_or((self.0, None), |(place, rest)| (place, Some(rest)));
        let wanted = place.parse::<usize>().ok();
        let mut found = None;
        for place in 0.. {
            if wanted == Some(place) {
                let next = match rest {
                    None => list.next_element::<Value>()?.map(Some),
                    Some(rest) => list.next_element_seed(At(rest))?,
                };
                let Some(value) = next else { break };
                found = value;
            } else if list.next_element::<IgnoredAny>()?.is_none() {
                break;
            }
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_into_objects_and_lists_and_names_may_hold_dots() {
        let json = r#"{"a": {"b": "x", "n": 1.50, "t": true, "z": null, "l": [1, {"c": "d"}], "": 7},
            "http.method": "GET", "http": {"method": "PUT", "code": 200}, "a.b": "y", "é": "ü"}"#;
        for (path, value) in [
            ("a.n", Some("1.5")),
            ("a.t", Some("true")),
            ("a.z", None),
            ("a.l", Some(r#"[1,{"c":"d"}]"#)),
            ("a.l.0", Some("1")),
            ("a.l.1.c", Some("d")),
            ("a.l.2", None),
            ("a.l.x", None),
            ("a.", Some("7")),
            ("a.b", Some("y")),
            ("http.method", Some("GET")),
            ("http.code", Some("200")),
            ("é", Some("ü")),
            ("a.b.c", None),
            ("no", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(value_at(json, path).as_deref(), value, "{path}");
        }
    }

    #[test]
    fn what_is_no_json_and_what_nests_too_deep_is_null() {
        for json in ["", "{", "nonsense", "5", "\"a\"", "[1,2", r#"{"a":1} x"#, r#"{"a":"#] {
            assert_eq!(value_at(json, "a"), None, "{json}");
        }
        assert_eq!(value_at(&"[".repeat(100_000), "0.0.0"), None);
        assert_eq!(
            value_at(&format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500)), &vec!["a"; 500].join(".")),
            None
        );
        assert_eq!(value_at(r#"{"a":1,"a":2}"#, "a").as_deref(), Some("2"));
        assert_eq!(value_at("[7]", "18446744073709551616"), None);
    }
}
