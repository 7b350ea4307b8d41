//! From a body's bytes to a JSON value, or the error FastAPI answers where there is none.

use std::borrow::Cow;

use super::content_type;
use super::error::{BodyError, Ctx, Loc, Problem};
use super::fields::MISSING;
use super::json::{self, Json};

/// The value a body holds. A body that is not called JSON is one string, as FastAPI takes it.
pub fn read<'a>(body: &'a [u8], content_type: Option<&str>) -> Result<Json<'a>, BodyError> {
    let text = str::from_utf8(body).map_err(|_| BodyError::Unparsable)?;
    let refuse =
        |problem: Problem, loc, input: &Json<'_>| Err(BodyError::Invalid(vec![problem.at(loc, input)]));
    if text.is_empty() {
        return refuse(MISSING, vec![Loc::Field("body")], &Json::Null);
    }
    if !content_type::is_json(content_type) {
        let text = json::Text { text: Cow::Borrowed(text), lone_surrogate: false };
        return Ok(Json::Str(text));
    }
    // Python drops one byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    match json::parse(text) {
        Ok(value) => Ok(value),
        Err(error) => {
            let msg = Cow::Borrowed("JSON decode error");
            let problem = Problem { kind: "json_invalid", msg, ctx: Some(Ctx::Error(error.message)) };
            refuse(problem, vec![Loc::Field("body"), Loc::Index(error.at)], &Json::Dict(Vec::new()))
        }
    }
}
