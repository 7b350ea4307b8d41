//! Which project a fact may name: a credential that belongs to one writes to no other (spec section 2),
//! and a tenant has no more projects than it may.

use std::borrow::Cow;
use std::collections::HashSet;

use tidegauge_accounts::Principal;
use tidegauge_store::Store;

use super::batch::{Batch, item_loc};
use super::error::{BodyError, Ctx, ErrorDetail, Loc, Problem};
use super::json::{Json, Text};
use crate::auth::Caller;

/// The rule, for the facts of one request.
pub struct ProjectRule<'a> {
    principal: &'a Principal,
    /// Projects that no fact names yet and that there is no room for.
    surplus: HashSet<String>,
}

const OTHER_PROJECT: &str = "this credential writes to its own project only";
const TOO_MANY: &str = "the tenant has as many projects as it may have";

impl<'a> ProjectRule<'a> {
    /// The rule for a caller, where these are the projects that the request's facts name.
    pub fn new<'e>(store: &Store, caller: &'a Caller, named: impl Iterator<Item = Option<&'e str>>) -> Self {
        let principal = &*caller.principal;
        let most = caller.allowance.terms.limits.max_projects;
        let named: HashSet<&str> = named.flatten().collect();
        if named.is_empty() || principal.project.is_some() {
            return Self { principal, surplus: HashSet::new() };
        }
        let surplus = store.look(|view| {
            let tenant = view.gauges.tenant(principal.tenant.as_str());
            let known = tenant.map_or(0, tidegauge_store::TenantGauges::project_count);
            let room = usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(known);
            let is_new = |project: &&str| tenant.is_none_or(|tenant| tenant.project(project).is_none());
            named.into_iter().filter(is_new).skip(room).map(str::to_owned).collect()
        });
        Self { principal, surplus }
    }

    /// Checks the project that a fact names, if it names one; `at` leads to the fact.
    pub fn check(&self, named: Option<&str>, at: &[Loc]) -> Result<(), ErrorDetail> {
        let Some(named) = named else { return Ok(()) };
        let Some(reason) = self.refuses(named) else { return Ok(()) };
        let msg = Cow::Owned(format!("Value error, {reason}"));
        let problem = Problem { kind: "value_error", msg, ctx: Some(Ctx::Error(reason)) };
        let loc = at.iter().copied().chain([Loc::Field("project_id")]).collect();
        let input = Json::Str(Text { text: Cow::Borrowed(named), lone_surrogate: false });
        Err(problem.at(loc, &input))
    }

    /// Checks the items of the list `list`.
    pub fn check_all<'e>(
        &self,
        list: &'static str,
        named: impl Iterator<Item = Option<&'e str>>,
    ) -> Result<(), BodyError> {
        let items = named.enumerate();
        let errors: Vec<_> =
            items.filter_map(|(index, named)| self.check(named, &item_loc(list, index)).err()).collect();
        if errors.is_empty() { Ok(()) } else { Err(BodyError::Invalid(errors)) }
    }

    /// The batch of the list `list`, where an item that breaks the rule is a bad one.
    pub fn applied_to<T>(
        &self,
        list: &'static str,
        batch: Batch<T>,
        project_of: impl Fn(&T) -> Option<&str>,
    ) -> Batch<T> {
        let items = batch.items.into_iter().enumerate().map(|(index, item)| {
            let item = item?;
            self.check(project_of(&item), &item_loc(list, index)).map_err(|detail| vec![detail])?;
            Ok(item)
        });
        Batch { items: items.collect() }
    }

    /// Why a fact may not name this project.
    pub fn refuses(&self, named: &str) -> Option<&'static str> {
        match &self.principal.project {
            Some(own) if own.as_str() != named => Some(OTHER_PROJECT),
            None if self.surplus.contains(named) => Some(TOO_MANY),
            _ => None,
        }
    }
}
