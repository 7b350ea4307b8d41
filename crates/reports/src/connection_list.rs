//! Single connections (the `query` beside seed 001's `summary`).

use tidegauge_facts::connections::api_key_id;
use tidegauge_facts::time::SECOND;
use tidegauge_facts::{Micros, ProjectId, TenantId};
use tidegauge_store::connections::{Description, Life, NONE};
use tidegauge_store::{Reader, StoreError};
use uuid::Uuid;

use crate::connection_filter::{ConnectionFilter, Period};
use crate::connection_source::Connections;

/// What single connections are asked for with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFilter {
    /// Of which kind.
    pub kind: ConnectionFilter,
    /// Opened in it.
    pub period: Period,
    /// Opened with this key (`tidegauge_facts::connections::api_key_id`).
    pub api_key: Option<Uuid>,
    /// This one alone.
    pub connection_id: Option<String>,
    /// Open now.
    pub active_only: bool,
    /// At most so many rows.
    pub limit: usize,
}

/// One connection as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRow {
    /// What it is called.
    pub names: Description,
    /// Latest sign of life.
    pub last_activity: Micros,
    /// When it was opened.
    pub opened_at: Micros,
    /// Its life until closed or now, in seconds, rounded down.
    pub duration_seconds: u64,
    /// Whether it is open now.
    pub is_active: bool,
}

/// The report as of `now`, latest opened first, then by id; of one project when one is given.
///
/// # Errors
/// Something cannot be read.
pub fn connection_list(
    store: &Reader<'_>,
    tenant: &TenantId,
    project: Option<&ProjectId>,
    filter: &ListFilter,
    now: Micros,
) -> Result<Vec<ConnectionRow>, StoreError> {
    // Every open connection is in the ledger, however long ago it was opened.
    let from = if filter.active_only { now.0 } else { filter.period.from.map_or(i64::MIN, |from| from.0) };
    let Some(connections) = Connections::since(store, tenant, from, now)? else { return Ok(Vec::new()) };
    let lives = connections.lives();
    let groups = lives.groups().iter().map(|group| {
        project.is_none_or(|project| *group.project == *project.as_str())
            && filter.kind.admits(&group.service, &group.protocol, &group.data_center)
    });
    let is_wanted: Vec<bool> = groups.collect();
    let fits = |life: &Life| {
        is_wanted[life.group as usize]
            && filter.period.holds(Micros(life.opened))
            && (!filter.active_only || life.is_open())
    };
    let mut found: Vec<(u32, Life)> = match &filter.connection_id {
        Some(id) => {
            let known = |life: &Life| (life.group as usize) < is_wanted.len();
            connections.of_id(id).into_iter().filter(|(_, life)| known(life) && fits(life)).collect()
        }
        None => lives.places().filter(|(_, life)| fits(life)).map(|(place, life)| (place, *life)).collect(),
    };
    if let Some(wanted) = filter.api_key {
        keep_of_key(&mut found, wanted, &connections);
    }
    keep_latest(&mut found, filter.limit);
    let names = connections.describe(&found);
    let rows = found.iter().zip(names).filter_map(|((_, life), names)| Some((life, names?)));
    let mut rows: Vec<ConnectionRow> = rows.map(|(life, names)| row(life, names, now)).collect();
    rows.sort_by(|a, b| b.opened_at.cmp(&a.opened_at).then_with(|| a.names.id.cmp(&b.names.id)));
    rows.truncate(filter.limit);
    Ok(rows)
}

/// The latest opened, `limit` of them and those opened at the same instant as the last.
fn keep_latest(found: &mut Vec<(u32, Life)>, limit: usize) {
    if let Some(last) = limit.checked_sub(1).filter(|last| *last < found.len()) {
        let (_, (_, at_limit), _) =
            found.select_nth_unstable_by(last, |(_, a), (_, b)| b.opened.cmp(&a.opened));
        let oldest = at_limit.opened;
        found.retain(|(_, life)| life.opened >= oldest);
    }
}

/// Those opened with the key of this id.
fn keep_of_key(found: &mut Vec<(u32, Life)>, wanted: Uuid, connections: &Connections<'_>) {
    let mut codes: Vec<u32> = found.iter().map(|(_, life)| life.key).filter(|key| *key != NONE).collect();
    codes.sort_unstable();
    codes.dedup();
    let keys = connections.keys(&codes);
    let of_key =
        codes.iter().zip(keys).filter(|(_, key)| key.as_deref().and_then(api_key_id) == Some(wanted));
    let of_key: Vec<u32> = of_key.map(|(code, _)| *code).collect();
    found.retain(|(_, life)| of_key.contains(&life.key));
}

fn row(life: &Life, names: Description, now: Micros) -> ConnectionRow {
    ConnectionRow {
        names,
        last_activity: Micros(life.last),
        opened_at: Micros(life.opened),
        duration_seconds: u64::try_from((life.end(now.0) - life.opened) / SECOND).unwrap_or(0),
        is_active: life.is_open(),
    }
}
