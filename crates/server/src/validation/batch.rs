//! Bodies that hold a list of items under one name: `{"events": [...]}`, `{"connections": [...]}`.

use std::borrow::Cow;

use super::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use super::fields::{Fields, MISSING};
use super::json::Json;

/// What became of one item: itself, or every error in it; each error's `loc` starts at `"body"`.
pub type Outcome<T> = Result<T, Vec<ErrorDetail>>;

/// A body whose frame is good; its items may not be.
#[derive(Debug)]
pub struct Batch<T> {
    /// At least one outcome, in the body's order.
    pub items: Vec<Outcome<T>>,
}

/// A batch's good items, and the errors and number of the bad ones.
#[derive(Debug)]
pub struct Sorted<T> {
    /// What may be stored.
    pub good: Vec<T>,
    /// Every error of the others.
    pub errors: Vec<ErrorDetail>,
    /// How many the others are.
    pub failed: usize,
}

/// The items of a list, and the error of the list itself, if it is none, empty or too long; then there are no items.
pub type Listed<T> = (Vec<Outcome<T>>, Option<ErrorDetail>);

impl<T> Batch<T> {
    /// All items, or every error of the body: the answer when the client did not ask for lenient handling.
    pub fn all_or_nothing(self) -> Result<Vec<T>, BodyError> {
        let Sorted { good, errors, .. } = self.sorted();
        if errors.is_empty() { Ok(good) } else { Err(BodyError::Invalid(errors)) }
    }

    /// The good and the bad apart.
    pub fn sorted(self) -> Sorted<T> {
        let mut sorted = Sorted { good: Vec::with_capacity(self.items.len()), errors: Vec::new(), failed: 0 };
        for item in self.items {
            match item {
                Ok(item) => sorted.good.push(item),
                Err(details) => {
                    sorted.failed += 1;
                    sorted.errors.extend(details);
                }
            }
        }
        sorted
    }

    /// A batch of the items, unless the list or a field beside it (`others`) is wrong: that refuses the whole body
    /// even under lenient handling, and errors of items found beside it are told too, where FastAPI puts them.
    pub fn framed((items, list_error): Listed<T>, others: Vec<ErrorDetail>) -> Result<Self, BodyError> {
        if list_error.is_none() && others.is_empty() {
            return Ok(Self { items });
        }
        let item_errors = items.into_iter().filter_map(Result::err).flatten();
        Err(BodyError::Invalid(list_error.into_iter().chain(item_errors).chain(others).collect()))
    }
}

/// The list of 1 to `max` items in the field `name` of a body, each read by `read`, which gets the way to it.
pub fn list<T>(
    fields: &Fields<'_, '_>,
    name: &'static str,
    max: usize,
    read: impl Fn(&Json<'_>, &[Loc]) -> Outcome<T>,
) -> Listed<T> {
    let items = match fields.value(name) {
        None => return (Vec::new(), Some(MISSING.at(fields.loc(name), fields.whole()))),
        Some(value) => match at_least_one(value, max) {
            Ok(items) => items,
            Err(problem) => return (Vec::new(), Some(problem.at(fields.loc(name), value))),
        },
    };
    let read_item = |(index, item)| read(item, &item_loc(name, index));
    (items.iter().enumerate().map(read_item).collect(), None)
}

/// The way to an item of the list `name`.
pub fn item_loc(name: &'static str, index: usize) -> [Loc; 3] {
    [Loc::Field("body"), Loc::Field(name), Loc::Index(index)]
}

const LIST_TYPE: Problem = Problem::plain("list_type", "Input should be a valid list");

fn at_least_one<'v, 'a>(value: &'v Json<'a>, max: usize) -> Result<&'v [Json<'a>], Problem> {
    let items = at_most(value, max)?;
    if items.is_empty() {
        let msg = Cow::Borrowed("List should have at least 1 item after validation, not 0");
        let ctx = Ctx::TooFew { field_type: "List", min: 1, actual: 0 };
        return Err(Problem { kind: "too_short", msg, ctx: Some(ctx) });
    }
    Ok(items)
}

/// The items of a list of at most `max`.
pub fn at_most<'v, 'a>(value: &'v Json<'a>, max: usize) -> Result<&'v [Json<'a>], Problem> {
    let Json::List(items) = value else { return Err(LIST_TYPE) };
    let actual = items.len();
    if actual > max {
        let msg = format!("List should have at most {max} items after validation, not {actual}");
        let ctx = Ctx::TooMany { field_type: "List", max, actual };
        return Err(Problem { kind: "too_long", msg: Cow::Owned(msg), ctx: Some(ctx) });
    }
    Ok(items)
}

/// What became of a batch of `what`, as a sentence for a person.
pub fn stored_sentence(what: &str, stored: usize, repeated: usize, failed: usize) -> String {
    let mut sentence = format!("{stored} {what} stored");
    if repeated > 0 {
        sentence += &format!(", {repeated} already stored before");
    }
    if failed > 0 {
        sentence += &format!(", {failed} refused");
    }
    sentence
}
