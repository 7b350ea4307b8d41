//! The platform's own published Python client (`mudbase` on PyPI) works against Tidegauge unchanged.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::python::{PYTHON, interpreter};
use crate::harness::{Server, Site};

#[test]
fn the_published_client_reads_a_projects_analytics_and_meets_errors_as_its_own_exceptions() {
    let python = interpreter();
    let site = Site::new();
    let server = site.start(&[]);
    let key = site.admin_key();
    let client = server.client();

    let before = &ask(&python, &server, &key, "default")["answer"];
    assert_eq!(
        (&before["total_events"], &before["last_activity"]),
        (&json!(["int", 0]), &json!(["NoneType", null]))
    );

    let project = "685ad30be129932fbb7a1047";
    let event = |at: &str| json!({"event_name": "a", "project_id": project, "timestamp": at});
    client.track(&event("2024-01-15T10:00:00.123Z"));
    client.batch(&[event("2024-01-15T09:00:00Z"), event("2024-01-14T10:00:00Z")]);
    let answer = &ask(&python, &server, &key, project)["answer"];
    assert_eq!(answer["project_id"], json!(["str", project]));
    assert_eq!(answer["total_events"], json!(["int", 3]));
    assert_eq!(answer["active_connections"], json!(["int", 0]));
    assert_eq!(answer["last_activity"], json!(["datetime", "2024-01-15T10:00:00.123000+00:00"]));
    assert_eq!(answer["timestamp"][0], "datetime");

    assert_refused(
        &ask(&python, &server, &key, "nosuch"),
        "NotFoundException",
        404,
        "NOT_FOUND",
        "Project not found",
    );
    let wrong = ask(&python, &server, "wrong", project);
    assert_refused(&wrong, "UnauthorizedException", 401, "UNAUTHORIZED", "Authentication required");
}

fn assert_refused(answer: &Value, exception: &str, status: u16, code: &str, error: &str) {
    assert_eq!((&answer["exception"], &answer["status"]), (&json!(exception), &json!(status)), "{answer}");
    let body = &answer["error"];
    assert_eq!((&body["error"][1], &body["code"][1]), (&json!(error), &json!(code)));
    assert_eq!((&body["details"], &body["timestamp"][0]), (&json!(["ErrorDetails", {}]), &json!("datetime")));
    let path = body["path"][1].as_str().unwrap();
    assert!(path.starts_with("/api/realtime/projects/") && path.ends_with("/analytics"), "{path}");
    assert!(!body["request_id"][1].as_str().unwrap().is_empty());
}

fn ask(python: &Path, server: &Server, key: &str, project: &str) -> Value {
    let output = Command::new(python)
        .arg(format!("{PYTHON}/project_analytics.py"))
        .env("TIDEGAUGE_URL", server.client().base())
        .env("TIDEGAUGE_KEY", key)
        .env("TIDEGAUGE_PROJECT", project)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
