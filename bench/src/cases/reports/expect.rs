//! What the answers must be: worked out from the dataset in the plainest way.

use std::collections::HashMap;

use serde_json::Value;

use super::dataset::{Connection, Dataset, Event, names_of, space_of};
use super::rows::Seen;
use crate::vocabulary::NAMES;

const SECOND_US: i64 = 1_000_000;

/// A column that `latest-event` may tell events apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    EventType,
    ProductId,
    DeviceId,
    ClientId,
    Interaction,
    SpaceId,
    InstallationId,
    SessionId,
}

impl Column {
    /// Its name on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::EventType => "eventType",
            Self::ProductId => "productId",
            Self::DeviceId => "deviceId",
            Self::ClientId => "clientId",
            Self::Interaction => "interaction",
            Self::SpaceId => "spaceId",
            Self::InstallationId => "installationId",
            Self::SessionId => "sessionId",
        }
    }

    /// The event's value: its own, else its session's; 0 stands for an unknown one.
    fn value(self, dataset: &Dataset, event: &Event) -> u64 {
        let session = &dataset.sessions[event.session as usize];
        match self {
            Self::EventType => event.name.into(),
            Self::ProductId => event.product.into(),
            Self::DeviceId => event.own_device.or(session.device).map_or(0, |device| u64::from(device) + 1),
            Self::ClientId => session.client.into(),
            Self::Interaction => event.interaction.into(),
            Self::SpaceId => space_of(session.installation) as u64,
            Self::InstallationId => session.installation.into(),
            Self::SessionId => event.session.into(),
        }
    }
}

/// The newest event of each combination.
pub fn latest_events(dataset: &Dataset, [a, b]: [Column; 2]) -> Seen {
    let mut newest: HashMap<(u64, u64), &Event> = HashMap::new();
    for event in &dataset.events {
        let key = (a.value(dataset, event), b.value(dataset, event));
        let known = newest.entry(key).or_insert(event);
        if known.at < event.at {
            *known = event;
        }
    }
    let sum = newest.values().map(|event| u64::from(event.int1)).sum();
    Seen { rows: newest.len() as u64, sum }
}

/// All events.
pub fn events(dataset: &Dataset) -> Seen {
    let sum = dataset.events.iter().map(|event| u64::from(event.int1)).sum();
    Seen { rows: dataset.events.len() as u64, sum }
}

/// The sessions that `is_stored` says are there, by their number.
pub fn sessions(dataset: &Dataset, is_stored: impl Fn(usize) -> bool) -> Seen {
    let stored = dataset.sessions.iter().enumerate().filter(|(nth, _)| is_stored(*nth));
    stored.fold(Seen::default(), |seen, (_, session)| Seen {
        rows: seen.rows + 1,
        sum: seen.sum + u64::from(session.accuracy),
    })
}

/// A report of a single object: whether it is right, and what is compared with a peer. `asked` are the microseconds
/// between which it was asked.
pub type Check = fn(&Dataset, &Value, asked: (i64, i64)) -> Result<Seen, String>;

/// `GET /api/realtime/projects/{id}/analytics`, and the tenant's; compared are events and open connections.
pub fn analytics(dataset: &Dataset, answer: &Value, _: (i64, i64)) -> Result<Seen, String> {
    let (events, open) = (dataset.events.len() as u64, open_connections(dataset));
    same("totalEvents", &answer["totalEvents"], events)?;
    same("activeConnections", &answer["activeConnections"], open)?;
    Ok(Seen { rows: events, sum: open })
}

/// `GET .../history`; compared are the buckets with events, and all their events.
pub fn history(dataset: &Dataset, answer: &Value, _: (i64, i64)) -> Result<Seen, String> {
    let buckets = answer["data"].as_array().ok_or("history has no data")?;
    let starts: Vec<i64> =
        buckets.iter().map(|bucket| micros(&bucket["timestamp"])).collect::<Result<_, _>>()?;
    if starts.len() < 2 || !starts.is_sorted() {
        return Err(format!("history has {} buckets", starts.len()));
    }
    let end = starts[starts.len() - 1] + (starts[1] - starts[0]);
    let mut expected = vec![0u64; starts.len()];
    for event in dataset.events.iter().filter(|event| (starts[0]..end).contains(&event.at)) {
        expected[starts.partition_point(|start| *start <= event.at) - 1] += 1;
    }
    for (bucket, expected) in buckets.iter().zip(&expected) {
        same(&format!("events of {}", bucket["timestamp"]), &bucket["events"], *expected)?;
    }
    let busy = expected.iter().filter(|events| **events > 0).count();
    Ok(Seen { rows: busy as u64, sum: expected.iter().sum() })
}

/// `GET .../throughput`; compared are the names, and all their events.
pub fn throughput(dataset: &Dataset, answer: &Value, asked: (i64, i64)) -> Result<Seen, String> {
    let window = answer["windowMs"].as_i64().ok_or("throughput has no windowMs")? * 1_000;
    // Which events a window has depends on when exactly it was asked for; here it is the same at both ends.
    let counts = |now: i64| {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for event in dataset.events.iter().filter(|event| (now - window..=now).contains(&event.at)) {
            *counts.entry(NAMES[usize::from(event.name)].0).or_default() += 1;
        }
        counts
    };
    let (first, last) = (counts(asked.0), counts(asked.1));
    let by_name = answer["byType"].as_object().ok_or("throughput has no byType")?;
    let told: u64 = by_name.values().filter_map(Value::as_u64).sum();
    same("totalEvents", &answer["totalEvents"], told)?;
    for (name, count) in by_name {
        let between =
            [first.get(name.as_str()), last.get(name.as_str())].map(|count| count.copied().unwrap_or(0));
        let count = count.as_u64().unwrap_or(0);
        if count < between[0].min(between[1]) || count > between[0].max(between[1]) {
            return Err(format!("{count} events of {name}, expected {between:?}"));
        }
    }
    if by_name.len() < first.len().min(last.len()) {
        return Err(format!("{} names, expected {}", by_name.len(), first.len()));
    }
    Ok(Seen { rows: by_name.len() as u64, sum: told })
}

/// `GET /api/connection-analytics/summary`; compared are the rows, and all their connections.
pub fn summary(dataset: &Dataset, answer: &Value, asked: (i64, i64)) -> Result<Seen, String> {
    let mut groups: HashMap<[String; 3], Vec<&Connection>> = HashMap::new();
    for connection in &dataset.connections {
        groups.entry(names_of(connection)).or_default().push(connection);
    }
    let rows = answer.as_array().ok_or("the summary is no array")?;
    same("rows of the summary", &rows.len().into(), groups.len() as u64)?;
    for row in rows {
        let key = ["serviceName", "protocolName", "dataCenter"]
            .map(|name| row[name].as_str().unwrap_or_default().to_owned());
        let group = groups.get(&key).ok_or_else(|| format!("no connection is of {key:?}"))?;
        check_row(row, group, asked).map_err(|error| format!("{key:?}: {error}"))?;
    }
    Ok(Seen { rows: rows.len() as u64, sum: dataset.connections.len() as u64 })
}

fn check_row(row: &Value, group: &[&Connection], asked: (i64, i64)) -> Result<(), String> {
    let count = group.len() as u64;
    let keys: std::collections::HashSet<u16> = group.iter().map(|connection| connection.key).collect();
    same("totalConnections", &row["totalConnections"], count)?;
    same("newConnectionsInPeriod", &row["newConnectionsInPeriod"], count)?;
    same("uniqueApiKeys", &row["uniqueApiKeys"], keys.len() as u64)?;
    let open = group.iter().filter(|connection| connection.closed.is_none()).count();
    same("activeConnections", &row["activeConnections"], open as u64)?;
    let opened = group.iter().map(|connection| connection.opened);
    let (first, last) = (opened.clone().min(), opened.max());
    if Some(micros(&row["firstConnection"])?) != first || Some(micros(&row["lastConnection"])?) != last {
        return Err("firstConnection or lastConnection is another".to_owned());
    }
    // The lives of open connections go on while it is asked.
    let lives = |now: i64| -> i64 {
        group.iter().map(|connection| connection.closed.unwrap_or(now) - connection.opened).sum()
    };
    let (least, most) = (lives(asked.0), lives(asked.1));
    for (name, divisor) in [
        ("averageConnectionDurationSeconds", count as i64 * SECOND_US),
        ("totalConnectionTimeSeconds", SECOND_US),
    ] {
        let told = row[name].as_i64().ok_or_else(|| format!("there is no {name}"))?;
        if told < least / divisor || told > most / divisor {
            return Err(format!("{name} is {told}, not {} to {}", least / divisor, most / divisor));
        }
    }
    Ok(())
}

fn open_connections(dataset: &Dataset) -> u64 {
    dataset.connections.iter().filter(|connection| connection.closed.is_none()).count() as u64
}

fn same(what: &str, told: &Value, expected: u64) -> Result<(), String> {
    match told.as_u64() == Some(expected) {
        true => Ok(()),
        false => Err(format!("{what}: {told}, expected {expected}")),
    }
}

fn micros(instant: &Value) -> Result<i64, String> {
    let text = instant.as_str().ok_or_else(|| format!("{instant} is no instant"))?;
    let parsed: jiff::Timestamp = text.parse().map_err(|error| format!("{text}: {error}"))?;
    Ok(parsed.as_microsecond())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dataset() -> Dataset {
        Dataset::new(10_000, "2026-11-21T07:35:53.5Z".parse().unwrap())
    }

    #[test]
    fn one_event_too_few_in_a_bucket_is_told() {
        let dataset = dataset();
        let hours = ["2026-11-21T05:00:00.000Z", "2026-11-21T06:00:00.000Z"];
        let counts = hours.map(|hour| {
            let from = micros(&json!(hour)).unwrap();
            let hour = from..from + 3_600 * SECOND_US;
            dataset.events.iter().filter(|event| hour.contains(&event.at)).count()
        });
        let answer = |less: usize| {
            json!({"data": [
                {"timestamp": hours[0], "events": counts[0]},
                {"timestamp": hours[1], "events": counts[1] - less},
            ]})
        };
        let sum = (counts[0] + counts[1]) as u64;
        assert_eq!(history(&dataset, &answer(0), (0, 0)), Ok(Seen { rows: 2, sum }));
        assert!(history(&dataset, &answer(1), (0, 0)).unwrap_err().contains("expected"));
    }

    #[test]
    fn a_wrong_total_and_a_missing_row_are_told() {
        let dataset = dataset();
        let open = open_connections(&dataset);
        assert!(open > 0);
        let right = json!({"totalEvents": 10_000, "activeConnections": open});
        assert_eq!(analytics(&dataset, &right, (0, 0)), Ok(Seen { rows: 10_000, sum: open }));
        let wrong = json!({"totalEvents": 9_999, "activeConnections": open});
        assert!(analytics(&dataset, &wrong, (0, 0)).is_err());
        assert!(summary(&dataset, &json!([]), (0, 0)).unwrap_err().contains("rows of the summary"));
    }

    #[test]
    fn an_events_own_device_goes_before_its_sessions() {
        let dataset = dataset();
        let own = dataset.events.iter().find(|event| event.own_device.is_some()).unwrap();
        assert_eq!(Column::DeviceId.value(&dataset, own), u64::from(own.own_device.unwrap()) + 1);
        let devices = latest_events(&dataset, [Column::DeviceId, Column::DeviceId]);
        assert!(devices.rows > latest_events(&dataset, [Column::EventType, Column::EventType]).rows);
    }
}
