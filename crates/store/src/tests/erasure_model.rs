//! Random histories of rows, flushes, erasures and crashes against a slow, obvious model.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use proptest::prelude::*;
use tidegauge_facts::connections::State;
use tidegauge_facts::{Request, Session};

use super::erasure::until_done;
use super::*;
use crate::Person;
use crate::traffic::{Family, Level, Wanted};

/// A row: its table, tenant, user, client, and session or connection. 0 is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drawn {
    table: u8,
    tenant: u8,
    user: u8,
    client: u8,
    link: u8,
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Drawn>),
    Flush,
    /// Of a tenant: 0 a user, 1 a client, 2 a session.
    Erase(u8, u8, u8),
    /// What is requested from now on waits, until something else than rows and requests comes: then it shares a pass.
    Hold,
    Wait,
    Crash,
    /// A crash at the n-th step of the erasures that follow.
    CrashAt(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Most are one tenant's, of few sessions: so that requests get into each other's way.
    let tenant = || prop_oneof![3 => Just(0_u8), 1 => Just(1)];
    let row = (0..4_u8, tenant(), 0..4_u8, 0..4_u8, 0..5_u8)
        .prop_map(|(table, tenant, user, client, link)| Drawn { table, tenant, user, client, link });
    let step = prop_oneof![
        6 => prop::collection::vec(row, 1..25).prop_map(Step::Append),
        3 => Just(Step::Flush),
        5 => (tenant(), 0..3_u8, 1..4_u8).prop_map(|(tenant, kind, id)| Step::Erase(tenant, kind, id)),
        2 => Just(Step::Hold),
        1 => Just(Step::Wait),
        1 => Just(Step::Crash),
        2 => (0..18_usize).prop_map(Step::CrashAt),
    ];
    prop::collection::vec(step, 3..20)
}

fn name(kind: &str, n: u8) -> Option<String> {
    (n > 0).then(|| format!("{kind}={n};"))
}

/// What should be there: rows by their numbers, which are their instants too.
#[derive(Debug, Default)]
struct Model {
    rows: BTreeMap<i64, Drawn>,
    next: i64,
    erased: BTreeSet<String>,
}

impl Model {
    fn erase(&mut self, tenant: u8, kind: u8, id: u8) -> Person {
        let own = |row: &Drawn| match (kind, row.table) {
            (0, 0..=2) => Some(row.user),
            (1, 0 | 1 | 3) => Some(row.client),
            (2, 0 | 1) => Some(row.link),
            _ => None,
        };
        // A connection always has an id, a session's row may only describe a client.
        let has_link = |row: &Drawn| row.table == 2 || row.table < 2 && row.link > 0;
        let of_tenant = self.rows.values().filter(|row| row.tenant == tenant);
        let naming = of_tenant.filter(|row| own(row) == Some(id) && has_link(row));
        let linked: BTreeSet<(bool, u8)> =
            naming.filter(|row| (1..=2).contains(&row.table)).map(|row| (row.table == 2, row.link)).collect();
        self.rows.retain(|_, row| {
            let is_joined = kind < 2
                && own(row) == Some(0)
                && has_link(row)
                && linked.contains(&(row.table == 2, row.link));
            row.tenant != tenant || !(own(row) == Some(id) || is_joined)
        });
        let (text, person): (_, fn(String) -> Person) = match kind {
            0 => (name("user", id), Person::User),
            1 => (name("client", id), Person::Client),
            _ => (name("link", id), Person::Session),
        };
        let text = text.unwrap();
        self.erased.insert(text.clone());
        person(text)
    }

    /// The texts that no row has any more.
    fn gone(&self) -> impl Iterator<Item = &String> {
        let texts =
            |row: &Drawn| [name("user", row.user), name("client", row.client), name("link", row.link)];
        let left: BTreeSet<String> = self.rows.values().flat_map(texts).flatten().collect();
        self.erased.iter().filter(move |text| !left.contains(*text))
    }
}

fn append(store: &Store, model: &mut Model, rows: &[Drawn]) {
    for row in rows {
        let at = noon() + model.next;
        model.rows.insert(model.next, *row);
        model.next += 1;
        let (tenant, id) = (format!("t{}", row.tenant), format!("row-{at}"));
        let (user, client, link) =
            (name("user", row.user), name("client", row.client), name("link", row.link));
        let received_at = Micros::now().0;
        let appended = match row.table {
            0 => {
                let event = Event {
                    event_time: at,
                    user_id: user.as_deref(),
                    client_id: client.as_deref(),
                    session_id: link.as_deref(),
                    ..event(&tenant, "p", &id, true)
                };
                store.append(std::iter::once((None, event)))
            }
            1 => {
                let session = Session {
                    tenant_id: &tenant,
                    project_id: "p",
                    session_id: link.as_deref().unwrap_or_default(),
                    event_time: at,
                    received_at,
                    user_id: user.as_deref(),
                    client_id: client.as_deref(),
                    ..Session::default()
                };
                store.append(std::iter::once((None, session)))
            }
            2 => {
                let connection = Connection {
                    tenant_id: &tenant,
                    user_id: user.as_deref(),
                    ..connection(link.as_deref().unwrap_or("none"), "p", State::Activity, at)
                };
                store.append(std::iter::once((None, connection)))
            }
            _ => {
                let request = Request {
                    tenant_id: &tenant,
                    project_id: "p",
                    request_id: &id,
                    event_time: at,
                    received_at,
                    api_id: "api",
                    path: "/",
                    response_code: Some(200),
                    oauth_id: client.as_deref(),
                    ..Request::default()
                };
                store.append(std::iter::once((None, request)))
            }
        };
        wait(appended.unwrap()).unwrap();
    }
}

/// The rows' numbers, by table and tenant.
fn rows_of(store: &Store) -> Vec<(u8, String, i64)> {
    let mut rows = Vec::new();
    for (code, table) in (0..).zip(Table::ALL) {
        for batch in store.snapshot().scan(table) {
            let batch = batch.unwrap();
            let tenants = crate::read::Labels::of(&batch, "tenant_id").unwrap();
            let times = crate::read::instants(&batch, "event_time").unwrap();
            rows.extend(
                (0..batch.num_rows()).map(|row| (code, tenants.get(row).to_owned(), times[row] - noon())),
            );
        }
    }
    rows.sort();
    rows
}

fn hits(store: &Store, tenant: &str, family: Family, who: &str) -> u64 {
    let day = Level::Day.span(Micros(noon()));
    let wanted = Wanted { tenant, family, who, level: Level::Day, spans: day - 1..day + 2 };
    let mut hits = 0;
    store.snapshot().traffic().visit(&wanted, |entry| hits += entry.measure.hits).unwrap();
    hits
}

/// The connections that the ledger knows: tenant, id and user.
fn known(store: &Store) -> BTreeSet<(String, String, Option<String>)> {
    store.look(|view| {
        let all = view.ledger.tenants().flat_map(|(tenant, ledger)| {
            ledger.iter().filter_map(move |(place, _)| {
                let is = ledger.describe(place)?;
                Some((tenant.to_owned(), is.id.to_string(), is.user.map(|user| user.to_string())))
            })
        });
        all.collect()
    })
}

/// How many connections are open, and were at once by the hour.
fn numbers(store: &Store) -> Vec<(u64, Vec<u32>)> {
    store.look(|view| {
        let of = |tenant| view.ledger.tenant(tenant);
        let ledgers = ["t0", "t1"].into_iter().filter_map(of).filter(|ledger| ledger.known() > 0);
        let peaks =
            |ledger: &crate::connections::TenantLedger| ledger.peaks().highest(noon() - DAY, HOUR, 48);
        ledgers.map(|ledger| (ledger.open(), peaks(ledger))).collect()
    })
}

fn check(store: &Store, path: &Path, model: &Model) -> Result<(), TestCaseError> {
    let mut expected: Vec<_> =
        model.rows.iter().map(|(n, row)| (row.table, format!("t{}", row.tenant), *n)).collect();
    expected.sort();
    prop_assert_eq!(rows_of(store), expected);

    let mut connections: BTreeMap<(u8, u8), u8> = BTreeMap::new();
    for row in model.rows.values().filter(|row| row.table == 2) {
        let user = connections.entry((row.tenant, row.link)).or_default();
        *user = if row.user > 0 { row.user } else { *user };
    }
    let connections: BTreeSet<_> = connections
        .into_iter()
        .map(|((tenant, link), user)| {
            (format!("t{tenant}"), name("link", link).unwrap_or("none".into()), name("user", user))
        })
        .collect();
    prop_assert_eq!(known(store), connections);

    flush(store);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !store.snapshot().traffic().is_whole() {
        prop_assert!(Instant::now() < deadline, "traffic was never made again");
        std::thread::yield_now();
    }
    for tenant in 0..2 {
        let of_tenant = || model.rows.values().filter(|row| row.table == 3 && row.tenant == tenant);
        let tenant = format!("t{tenant}");
        prop_assert_eq!(hits(store, &tenant, Family::Apis, ""), of_tenant().count() as u64);
        for client in 1..4 {
            let count = of_tenant().filter(|row| row.client == client).count() as u64;
            prop_assert_eq!(hits(store, &tenant, Family::Client, &name("client", client).unwrap()), count);
        }
    }
    for text in model.gone() {
        let found = raw_search::find(path, text);
        prop_assert!(found.is_empty(), "{text} is still in {found:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_person_s_rows_go_and_no_others_whatever_happens_meanwhile(steps in steps()) {
        let mut dir = fast_dir();
        let mut store = open(dir.path());
        let mut model = Model::default();
        let mut held: Option<mpsc::Sender<()>> = None;
        for step in steps {
            if !matches!(step, Step::Append(_) | Step::Erase(..) | Step::Hold) && held.take().is_some() {
                *store.shared().steps.lock() = None;
            }
            match step {
                Step::Append(rows) => append(&store, &mut model, &rows),
                Step::Flush => flush(&store),
                Step::Erase(tenant, kind, id) => {
                    let person = model.erase(tenant, kind, id);
                    store.erase(&format!("t{tenant}"), person).unwrap();
                }
                Step::Hold if held.is_some() => {}
                Step::Hold => {
                    let (go, gone) = mpsc::channel::<()>();
                    let (begin, begun) = mpsc::channel();
                    *store.shared().steps.lock() = Some(Box::new(move |_| {
                        let _ = begin.send(());
                        let _ = gone.recv();
                    }));
                    store.erase("t0", Person::User("nobody".into())).unwrap();
                    begun.recv_timeout(Duration::from_secs(30)).unwrap();
                    held = Some(go);
                }
                Step::Wait => until_done(&store),
                Step::Crash => {
                    // A copy of files that change meanwhile would be what no crash leaves.
                    store.close();
                    let copy = copy_of(dir.path());
                    store = open(copy.path());
                    dir = copy;
                }
                Step::CrashAt(wanted) => {
                    let copy: Arc<Mutex<Option<tempfile::TempDir>>> = Arc::default();
                    let (into, from) = (Arc::clone(&copy), dir.path().to_owned());
                    let mut step = 0;
                    *store.shared().steps.lock() = Some(Box::new(move |_| {
                        if step == wanted {
                            *into.lock() = Some(copy_of(&from));
                        }
                        step += 1;
                    }));
                    until_done(&store);
                    *store.shared().steps.lock() = None;
                    if let Some(copy) = copy.lock().take() {
                        store = open(copy.path());
                        dir = copy;
                    }
                }
            }
        }
        drop(held);
        until_done(&store);
        check(&store, dir.path(), &model)?;
        let before = numbers(&store);
        drop(store);
        prop_assert_eq!(crate::check(dir.path()).unwrap().findings, Vec::<String>::new());
        let store = open(dir.path());
        check(&store, dir.path(), &model)?;
        prop_assert_eq!(numbers(&store), before);
    }
}
