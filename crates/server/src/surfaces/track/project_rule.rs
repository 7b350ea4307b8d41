//! Which project an event may name: a credential that belongs to one writes to no other (spec section 2),
//! and a tenant has no more projects than it may.

use std::borrow::Cow;
use std::collections::HashSet;

use tidegauge_accounts::{MAX_PROJECTS_PER_TENANT, Principal};
use tidegauge_store::Store;

use super::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use super::event::TrackEvent;
use super::json::{Json, Text};

/// The rule, for the events of one request.
pub(super) struct ProjectRule<'a> {
    principal: &'a Principal,
    /// Projects that no fact names yet and that there is no room for.
    surplus: HashSet<String>,
}

const OTHER_PROJECT: &str = "this credential writes to its own project only";
const TOO_MANY: &str = "the tenant has as many projects as it may have";

impl<'a> ProjectRule<'a> {
    pub fn new<'e>(
        store: &Store,
        principal: &'a Principal,
        events: impl Iterator<Item = &'e TrackEvent<'e>>,
    ) -> Self {
        let named: HashSet<&str> = events.filter_map(|event| event.project_id.as_deref()).collect();
        if named.is_empty() || principal.project.is_some() {
            return Self { principal, surplus: HashSet::new() };
        }
        let surplus = store.look(|view| {
            let tenant = view.gauges.tenant(principal.tenant.as_str());
            let known = tenant.map_or(0, tidegauge_store::TenantGauges::project_count);
            let room = usize::try_from(MAX_PROJECTS_PER_TENANT).unwrap_or(0).saturating_sub(known);
            let is_new = |project: &&str| tenant.is_none_or(|tenant| tenant.project(project).is_none());
            named.into_iter().filter(is_new).skip(room).map(str::to_owned).collect()
        });
        Self { principal, surplus }
    }

    /// Checks the event of a single-event body.
    pub fn check_single(&self, event: &TrackEvent<'_>) -> Result<(), BodyError> {
        self.check(event, &[Loc::Field("body")]).map_err(|detail| BodyError::Invalid(vec![detail]))
    }

    /// Checks a batch as a whole.
    pub fn check_batch(&self, events: &[TrackEvent<'_>]) -> Result<(), BodyError> {
        let items = events.iter().enumerate();
        let errors: Vec<_> = items.filter_map(|(index, event)| self.check_item(index, event).err()).collect();
        if errors.is_empty() { Ok(()) } else { Err(BodyError::Invalid(errors)) }
    }

    /// Checks one event of a batch.
    pub fn check_item(&self, index: usize, event: &TrackEvent<'_>) -> Result<(), ErrorDetail> {
        self.check(event, &[Loc::Field("body"), Loc::Field("events"), Loc::Index(index)])
    }

    fn check(&self, event: &TrackEvent<'_>, at: &[Loc]) -> Result<(), ErrorDetail> {
        let Some(named) = event.project_id.as_deref() else { return Ok(()) };
        let reason = match &self.principal.project {
            Some(own) if own.as_str() != named => OTHER_PROJECT,
            None if self.surplus.contains(named) => TOO_MANY,
            _ => return Ok(()),
        };
        let msg = Cow::Owned(format!("Value error, {reason}"));
        let problem = Problem { kind: "value_error", msg, ctx: Some(Ctx::Error(reason)) };
        let loc = at.iter().copied().chain([Loc::Field("project_id")]).collect();
        let input = Json::Str(Text { text: Cow::Borrowed(named), lone_surrogate: false });
        Err(problem.at(loc, &input))
    }
}
