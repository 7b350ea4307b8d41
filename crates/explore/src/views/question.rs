//! What one question is of: whose rows, and the one state of the store that all its parts see.

use std::sync::Arc;

use tidegauge_facts::Micros;
use tidegauge_reports::Scope;
use tidegauge_store::connections::Lives;
use tidegauge_store::{Budget, Snapshot, Store};

use crate::explorer::Asker;

/// One question's rows.
#[derive(Debug)]
pub(crate) struct Question {
    pub scope: Scope,
    pub now: Micros,
    pub snapshot: Snapshot,
    /// What the ledger knows of the tenant's connections; none when it has had none.
    pub ledger: Option<Known>,
    pub store: Arc<Store>,
    /// How many may read side by side.
    pub partitions: usize,
}

/// A tenant's connections in the ledger.
#[derive(Debug)]
pub(crate) struct Known {
    pub lives: Lives,
    /// From when on these are all; before that, the facts have to be read.
    pub since: i64,
    /// How long a connection may be silent, in microseconds.
    pub idle: i64,
}

impl Question {
    pub fn new(store: &Arc<Store>, budget: Budget, asker: Asker, partitions: usize) -> Self {
        let (snapshot, ledger) = store.look(|view| {
            let tenant = asker.scope.tenant.as_str();
            let known = view.ledger.tenant(tenant).map(|ledger| Known {
                lives: ledger.lives(),
                since: view.ledger.since(),
                idle: view.ledger.idle(tenant),
            });
            (view.snapshot(), known)
        });
        Self {
            scope: asker.scope,
            now: asker.now,
            snapshot: snapshot.within(Arc::new(budget)),
            ledger,
            store: Arc::clone(store),
            partitions,
        }
    }

    pub fn budget(&self) -> &Budget {
        self.snapshot.budget()
    }

    pub fn tenant(&self) -> &str {
        self.scope.tenant.as_str()
    }

    pub fn project(&self) -> Option<&str> {
        self.scope.project.as_ref().map(|project| project.as_str())
    }
}
