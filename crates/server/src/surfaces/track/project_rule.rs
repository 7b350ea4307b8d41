//! A credential that belongs to one project writes to no other (spec section 2).

use std::borrow::Cow;

use tidegauge_accounts::Principal;

use super::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use super::event::TrackEvent;
use super::json::{Json, Text};

/// Checks the event of a single-event body.
pub(super) fn check_single(event: &TrackEvent<'_>, principal: &Principal) -> Result<(), BodyError> {
    check(event, principal, &[Loc::Field("body")]).map_err(|detail| BodyError::Invalid(vec![detail]))
}

/// Checks a batch as a whole.
pub(super) fn check_batch(events: &[TrackEvent<'_>], principal: &Principal) -> Result<(), BodyError> {
    let items = events.iter().enumerate();
    let errors: Vec<_> =
        items.filter_map(|(index, event)| check_item(index, event, principal).err()).flatten().collect();
    if errors.is_empty() { Ok(()) } else { Err(BodyError::Invalid(errors)) }
}

/// Checks one event of a batch.
pub(super) fn check_item(
    index: usize,
    event: &TrackEvent<'_>,
    principal: &Principal,
) -> Result<(), Vec<ErrorDetail>> {
    let at = [Loc::Field("body"), Loc::Field("events"), Loc::Index(index)];
    check(event, principal, &at).map_err(|detail| vec![detail])
}

fn check(event: &TrackEvent<'_>, principal: &Principal, at: &[Loc]) -> Result<(), ErrorDetail> {
    let (Some(own), Some(named)) = (&principal.project, &event.project_id) else { return Ok(()) };
    if own.as_str() == named {
        return Ok(());
    }
    let problem = Problem {
        kind: "value_error",
        msg: Cow::Borrowed("Value error, this credential writes to its own project only"),
        ctx: Some(Ctx::Error("this credential writes to its own project only")),
    };
    let loc = at.iter().copied().chain([Loc::Field("project_id")]).collect();
    let input = Json::Str(Text { text: Cow::Borrowed(named.as_ref()), lone_surrogate: false });
    Err(problem.at(loc, &input))
}
