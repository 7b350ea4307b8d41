//! What is stored of the addresses in a file: as much as the tenant whose rows they are in wants.
//!
//! Promise: what is not to be stored is in no row that reaches the store. Countries are looked up before.

use std::collections::HashMap;

use tidegauge_facts::{DEFAULT_NAME, IpStorage, TenantId};

use crate::cell_rows::OpenRow;
use crate::column::Taken;

/// How addresses are stored, by whose rows they are in.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    others: IpStorage,
    by_tenant: HashMap<Box<str>, IpStorage>,
}

impl Addresses {
    /// What is set for each tenant, and what holds for all others.
    #[must_use]
    pub fn new(others: IpStorage, by_tenant: impl IntoIterator<Item = (TenantId, IpStorage)>) -> Self {
        let by_tenant = by_tenant.into_iter().map(|(tenant, storage)| (tenant.as_str().into(), storage));
        Self { others, by_tenant: by_tenant.collect() }
    }

    /// How those of a tenant are stored.
    pub(crate) fn of(&self, tenant: &str) -> IpStorage {
        self.by_tenant.get(tenant).copied().unwrap_or(self.others)
    }

    /// Leaves in a row whose tenant is known as much of its addresses as is stored.
    pub(crate) fn keep(&self, row: &mut OpenRow<'_>) {
        let storage = self.of(row.texts_of("tenant_id").unwrap_or(DEFAULT_NAME));
        if storage == IpStorage::Whole {
            return;
        }
        for column in ["ip", "client_ip"] {
            if let Some(place) = row.columns.place(column) {
                let stored = storage.of(row.texts_of(column)).as_deref().map(str::to_owned);
                row.set(place, stored.map(|text| Taken::Text(text.into())));
            }
        }
    }
}
