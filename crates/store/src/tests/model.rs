//! Random histories against a slow, obvious model: appends, repeats, flushes, crashes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// Events as (tenant, project, id, hours from noon).
    Append(Vec<(u8, u8, u16, i8)>),
    Flush,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let event = (0..3_u8, 0..3_u8, 0..60_u16, -30..30_i8);
    let step = prop_oneof![
        6 => prop::collection::vec(event, 1..20).prop_map(Step::Append),
        1 => Just(Step::Flush),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..25)
}

/// What the store should know, in maps.
#[derive(Default)]
struct Model {
    ids: BTreeSet<(u8, u8, u16)>,
    projects: BTreeMap<(u8, u8), (u64, i64)>,
    today: BTreeMap<u8, u64>,
}

impl Model {
    fn append(&mut self, (tenant, project, id, hours): (u8, u8, u16, i8), at: i64) -> bool {
        if !self.ids.insert((tenant, project, id)) {
            return false;
        }
        let project = self.projects.entry((tenant, project)).or_insert((0, i64::MIN));
        project.0 += 1;
        project.1 = project.1.max(at);
        if (-12..12).contains(&hours) {
            *self.today.entry(tenant).or_default() += 1;
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_store_knows_what_the_model_knows(steps in steps()) {
        let mut dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut model = Model::default();
        for step in steps {
            match step {
                Step::Append(events) => {
                    let texts: Vec<_> = events
                        .iter()
                        .map(|(tenant, project, id, _)| {
                            (format!("t{tenant}"), format!("p{project}"), id.to_string())
                        })
                        .collect();
                    let rows = events.iter().zip(&texts).map(|(event, (tenant, project, id))| {
                        let print = store.fingerprint(tenant, project, Table::Events, id);
                        let at = noon() + i64::from(event.3) * 3_600_000_000;
                        let row = self::event(tenant, project, id, true);
                        (Some(print), Event { event_time: at, ..row })
                    });
                    let expected = events
                        .iter()
                        .filter(|event| model.append(**event, noon() + i64::from(event.3) * 3_600_000_000))
                        .count();
                    let appended = store.append(rows).unwrap();
                    prop_assert_eq!(appended.stored, expected);
                    wait(appended).unwrap();
                }
                Step::Flush => flush(&store),
                Step::Crash => {
                    let copy = copy_of(dir.path());
                    store = open(copy.path());
                    dir = copy;
                }
            }
            check(&store, &model)?;
        }
    }
}

fn check(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let mut ids = BTreeMap::new();
    for batch in store.snapshot().scan(Table::Events) {
        let batch = batch.unwrap();
        let tenants = crate::read::Labels::of(&batch, "tenant_id").unwrap();
        let projects = crate::read::Labels::of(&batch, "project_id").unwrap();
        let texts = crate::read::texts(&batch, "event_id").unwrap();
        for row in 0..batch.num_rows() {
            let tenant = tenants.get(row)[1..].parse::<u8>().unwrap();
            let project = projects.get(row)[1..].parse::<u8>().unwrap();
            *ids.entry((tenant, project, texts.value(row).parse::<u16>().unwrap())).or_insert(0) += 1;
        }
    }
    prop_assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), model.ids.clone());
    prop_assert!(ids.values().all(|count| *count == 1));
    store.look(|view| {
        for ((tenant, project), (events, newest)) in &model.projects {
            let tenant = view.gauges.tenant(&format!("t{tenant}")).unwrap();
            let gauges = tenant.project(&format!("p{project}")).unwrap();
            prop_assert_eq!((gauges.events, gauges.last_activity), (*events, Some(*newest)));
        }
        for tenant in 0..3 {
            let events =
                view.gauges.tenant(&format!("t{tenant}")).map_or(0, |t| t.events_on_day_of(Micros(noon())));
            prop_assert_eq!(events, model.today.get(&tenant).copied().unwrap_or(0));
        }
        Ok(())
    })
}
