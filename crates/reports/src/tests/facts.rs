//! Facts to put into a store, and a store to put them into.

use std::path::Path;
use std::time::{Duration, Instant};

use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::{Event, Micros, Row, Session};
use tidegauge_store::{Options, Store};

/// A store in which nothing is flushed unless asked.
pub fn open(path: &Path) -> Store {
    let options =
        Options { flush_interval: Duration::from_hours(24), flush_bytes: u64::MAX, ..Options::default() };
    Store::open(path, options).unwrap()
}

/// Appends rows and waits until they are durable.
pub fn append<R: Row>(store: &Store, rows: impl Iterator<Item = R>) {
    let appended = store.append(rows.map(|row| (None, row))).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(appended.ticket.committed()).unwrap();
}

/// Moves everything hot into segments.
pub fn flush(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while store.look(|view| !view.hot.parts().is_empty()) {
        store.request_flush();
        assert!(Instant::now() < deadline, "the flush never came: {:?}", store.health());
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn event<'a>(tenant: &'a str, id: &'a str, at: i64) -> Event<'a> {
    Event {
        tenant_id: tenant,
        project_id: "p",
        event_id: id,
        id_assigned: true,
        event_time: at,
        received_at: Micros::now().0,
        event_name: "view",
        category: Category::UserAction,
        priority: Priority::Medium,
        ..Event::default()
    }
}

pub fn session<'a>(tenant: &'a str, id: &'a str, at: i64) -> Session<'a> {
    Session {
        tenant_id: tenant,
        project_id: "p",
        session_id: id,
        event_time: at,
        received_at: Micros::now().0,
        capture_id: None,
        ip: None,
        environment: None,
        data_residency: None,
        country: None,
        space_id: None,
        app_id: None,
        app_version: None,
        installation_id: None,
        installation_version: None,
        device_id: None,
        client_id: None,
        user_id: None,
        location_accuracy: None,
        latitude: None,
        longitude: None,
        client_created: None,
        client_ip: None,
        client_user_agent: None,
        client_device_vendor: None,
        client_device_model: None,
        client_device_type: None,
        client_os_name: None,
        client_os_version: None,
        client_browser_name: None,
        client_browser_version: None,
        client_browser_major: None,
        client_browser_engine: None,
        client_browser_engine_version: None,
        client_cpu_architecture: None,
        client_screen_width: None,
        client_screen_height: None,
        client_screen_color_depth: None,
        client_screen_pixel_depth: None,
    }
}
