//! The OpenAPI document that a server hands out, and whether an answer is what it says.

use serde_json::{Map, Value};

use super::client::Answer;
use super::server::Server;

/// The document.
pub struct Document(Value);

/// One method of one path.
#[derive(Clone)]
pub struct Operation {
    pub id: String,
    pub tag: String,
    pub method: String,
    /// With names in braces.
    pub path: String,
    responses: Map<String, Value>,
}

impl Document {
    /// As the server hands it to whoever asks.
    pub fn of(server: &Server) -> Self {
        Self(server.client_without_key().get("/api/openapi.json").ok())
    }

    pub fn operations(&self) -> Vec<Operation> {
        let paths = self.0["paths"].as_object().unwrap();
        let items =
            paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |of| (path, of)));
        let operation = |(path, (method, operation)): (&String, (&String, &Value))| Operation {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            tag: operation["tags"][0].as_str().unwrap().to_owned(),
            method: method.to_uppercase(),
            path: path.clone(),
            responses: operation["responses"].as_object().unwrap().clone(),
        };
        items.map(operation).collect()
    }

    /// An answer must have a status, a content type and a body of which the document knows.
    pub fn assert_told(&self, operation: &Operation, answer: &Answer) {
        let at = format!("{} answered {} with {:?}", operation.id, answer.status, answer.text());
        let told = operation.responses.get(&answer.status.to_string()).unwrap_or_else(|| panic!("{at}"));
        let Some(content) = told.get("content") else { return assert!(answer.body.is_empty(), "{at}") };
        let sent = answer.header("content-type").unwrap_or_default();
        let (essence, _) = sent.split_once(';').unwrap_or((sent, ""));
        let told = content.get(sent).or_else(|| content.get(essence));
        let schema = &told.unwrap_or_else(|| panic!("{at}: {sent}"))["schema"];
        if schema["type"] != "string" {
            self.assert_fits(schema, &answer.json(), &at);
        }
    }

    /// As far as the answers' schemas go: types, what must be there, and that there is nothing else.
    fn assert_fits(&self, schema: &Value, value: &Value, at: &str) {
        if let Some(reference) = schema.get("$ref") {
            let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
            return self.assert_fits(&self.0["components"]["schemas"][name], value, at);
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.clone(),
            Value::Null => return,
            one => vec![one.clone()],
        };
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if !number.is_f64() && types.contains(&Value::from("integer")) => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.contains(&Value::from(is)), "{at}: {value} is no {types:?}");
        for item in value.as_array().into_iter().flatten() {
            self.assert_fits(&schema["items"], item, at);
        }
        let (Some(members), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
            return;
        };
        for required in schema["required"].as_array().into_iter().flatten() {
            assert!(members.contains_key(required.as_str().unwrap()), "{at}: no {required}");
        }
        for (name, member) in members {
            let schema = properties.get(name).unwrap_or_else(|| panic!("{at}: {name} is not told of"));
            self.assert_fits(schema, member, at);
        }
    }
}
