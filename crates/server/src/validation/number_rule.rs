//! The rules of declared whole numbers: from where to where. The words are pydantic's.

use std::borrow::Cow;

use utoipa::Number;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};

use super::coerce;
use super::error::{Ctx, Problem};
use super::json::Json;
use crate::openapi::or_null;

/// What one field of whole numbers allows.
#[derive(Debug, Clone, Copy)]
pub struct NumberRule {
    min: i64,
    max: i64,
}

/// 64 bits.
pub const ANY: NumberRule = NumberRule::between(i64::MIN, i64::MAX);
/// 0 and up.
pub const NOT_NEGATIVE: NumberRule = NumberRule::between(0, i64::MAX);

impl NumberRule {
    /// `min` to `max`, both included.
    pub const fn between(min: i64, max: i64) -> Self {
        Self { min, max }
    }

    /// The number, if it keeps the rule.
    pub fn check(self, number: i64) -> Result<i64, Problem> {
        let Self { min, max } = self;
        let broken = |kind, words: &str, bound, ctx| {
            let msg = Cow::Owned(format!("Input should be {words} than or equal to {bound}"));
            Err(Problem { kind, msg, ctx: Some(ctx) })
        };
        if number < min {
            broken("greater_than_equal", "greater", min, Ctx::AtLeast(min))
        } else if number > max {
            broken("less_than_equal", "less", max, Ctx::AtMost(max))
        } else {
            Ok(number)
        }
    }

    /// The rule in words of JSON Schema, where null is as good as nothing.
    pub fn schema_or_null(self) -> ObjectBuilder {
        let bound = |bound: i64| isize::try_from(bound).ok().map(Number::Int);
        let number = or_null(Type::Integer, ObjectBuilder::new());
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        number.format(Some(format)).minimum(bound(self.min)).maximum(bound(self.max))
    }

    /// The number a value stands for, if it keeps the rule.
    pub fn read(self, value: &Json<'_>) -> Result<i64, Problem> {
        self.check(coerce::int(value)?)
    }
}
