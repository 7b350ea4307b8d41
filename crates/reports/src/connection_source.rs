//! Where connections are read from: the ledger as far back as it reaches, the facts before that.

use std::sync::Arc;

use tidegauge_facts::{Micros, TenantId};
use tidegauge_store::connections::{Description, Life, Lives, TenantLedger, connections_since};
use tidegauge_store::{Reader, StoreError};

/// A tenant's connections that were open at some moment since an instant.
pub(crate) enum Connections<'s> {
    /// From the ledger, as of one moment.
    Ledger {
        /// The store, for what connections are called.
        store: &'s Reader<'s>,
        /// Whose they are.
        tenant: &'s TenantId,
        /// The lives.
        lives: Lives,
    },
    /// Counted from the facts.
    Facts(Box<TenantLedger>),
}

impl<'s> Connections<'s> {
    /// The connections since `from`, or all that the ledger knows when it knows them all; none when the tenant has had none.
    pub fn since(
        store: &'s Reader<'s>,
        tenant: &'s TenantId,
        from: i64,
        now: Micros,
    ) -> Result<Option<Self>, StoreError> {
        let known = store.look(|view| {
            let Some(ledger) = view.ledger.tenant(tenant.as_str()) else { return Ok(None) };
            match from >= view.ledger.since() {
                true => Ok(Some(ledger.lives())),
                false => Err((
                    store.bounded(view.snapshot()),
                    ledger.facts_from(from),
                    view.ledger.idle(tenant.as_str()),
                )),
            }
        });
        let (snapshot, from, idle) = match known {
            Ok(lives) => return Ok(lives.map(|lives| Self::Ledger { store, tenant, lives })),
            Err(unknown) => unknown,
        };
        let facts = connections_since(&snapshot, tenant.as_str(), from, idle, now.0)?;
        Ok(Some(Self::Facts(Box::new(facts))))
    }

    /// The lives.
    pub fn lives(&self) -> Lives {
        match self {
            Self::Ledger { lives, .. } => lives.clone(),
            Self::Facts(ledger) => ledger.lives(),
        }
    }

    /// The connections of this id.
    pub fn of_id(&self, id: &str) -> Vec<(u32, Life)> {
        match self {
            Self::Ledger { store, tenant, .. } => store.look(|view| {
                view.ledger.tenant(tenant.as_str()).map(|ledger| ledger.of_id(id)).unwrap_or_default()
            }),
            Self::Facts(ledger) => ledger.of_id(id),
        }
    }

    /// The API keys (as hashes) of these codes.
    pub fn keys(&self, codes: &[u32]) -> Vec<Option<Arc<str>>> {
        match self {
            Self::Ledger { store, tenant, .. } => store.look(|view| {
                view.ledger.tenant(tenant.as_str()).map(|ledger| ledger.keys(codes)).unwrap_or_default()
            }),
            Self::Facts(ledger) => ledger.keys(codes),
        }
    }

    /// What the connections at these places are called; none for one that has left the ledger meanwhile.
    pub fn describe(&self, places: &[(u32, Life)]) -> Vec<Option<Description>> {
        let describe = |ledger: &TenantLedger| {
            let names = |(place, life): &(u32, Life)| {
                ledger.describe(*place).filter(|_| ledger.is_still(*place, life.opened))
            };
            places.iter().map(names).collect()
        };
        match self {
            Self::Ledger { store, tenant, .. } => {
                store.look(|view| view.ledger.tenant(tenant.as_str()).map(describe).unwrap_or_default())
            }
            Self::Facts(ledger) => describe(ledger),
        }
    }
}
