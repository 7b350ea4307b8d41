//! What bodies and parameters hold, built from the very rules that check them.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{RefOr, Required};

/// A schema that a function builds: a type to name it by where a body is described.
macro_rules! named_schema {
    ($(#[$doc:meta])* $name:ident, $build:expr $(, $part:ty)*) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                $build().into()
            }
        }

        impl ::utoipa::ToSchema for $name {
            fn name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schemas(
                schemas: &mut Vec<(String, ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema>)>,
            ) {
                let _ = &schemas;
                $(
                    schemas.push((<$part as ::utoipa::ToSchema>::name().into(), <$part as ::utoipa::PartialSchema>::schema()));
                    <$part as ::utoipa::ToSchema>::schemas(schemas);
                )*
            }
        }
    };
}
pub(crate) use named_schema;

/// The members of an object, in the order in which they are told.
#[derive(Default)]
pub(crate) struct Members(ObjectBuilder);

impl Members {
    pub fn new(description: &str) -> Self {
        Self(ObjectBuilder::new().schema_type(Type::Object).description(Some(description)))
    }

    pub fn required(self, name: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        Self(self.0.property(name, schema).required(name))
    }

    pub fn optional(self, name: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        Self(self.0.property(name, schema))
    }

    /// The same for several members of one kind.
    pub fn each<'n>(
        self,
        names: impl IntoIterator<Item = &'n str>,
        schema: impl Fn() -> ObjectBuilder,
    ) -> Self {
        names.into_iter().fold(self, |members, name| members.optional(name, schema()))
    }

    pub fn example(self, example: Value) -> Self {
        Self(self.0.examples([example]))
    }

    /// No other member is taken.
    pub fn closed(self) -> Self {
        Self(self.0.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false))))
    }

    pub fn build(self) -> Schema {
        Schema::Object(self.0.build())
    }
}

impl From<Members> for RefOr<Schema> {
    fn from(members: Members) -> Self {
        members.build().into()
    }
}

/// Of this type, or null.
pub(crate) fn or_null(of: Type, schema: ObjectBuilder) -> ObjectBuilder {
    schema.schema_type(SchemaType::from_iter([of, Type::Null]))
}

/// One of these texts.
pub(crate) fn one_of<'n>(names: impl IntoIterator<Item = &'n str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names))
}

/// `{"list": [...]}`, with 1 to `max` items.
pub(crate) fn batch_of<T: ToSchema>(description: &str, list: &str, max: usize) -> Members {
    let items = ArrayBuilder::new().items(reference::<T>()).min_items(Some(1)).max_items(Some(max));
    Members::new(description).required(list, items)
}

/// A schema by its name.
pub(crate) fn reference<T: ToSchema>() -> RefOr<Schema> {
    utoipa::openapi::Ref::from_schema_name(T::name()).into()
}

/// A parameter of a path (required) or a query (optional).
pub(crate) fn parameter(
    place: ParameterIn,
    name: &str,
    told: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(told))
        .schema(Some(schema))
        .build()
}
