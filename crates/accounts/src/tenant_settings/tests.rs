use serde_json::json;

use super::*;

fn patched(settings: &TenantSettings, patch: serde_json::Value) -> TenantSettings {
    let mut settings = settings.clone();
    settings.apply(serde_json::from_value(patch).unwrap());
    settings
}

fn refusal(patch: serde_json::Value) -> String {
    serde_json::from_value::<TenantSettingsPatch>(patch).unwrap_err().to_string()
}

#[test]
fn what_is_absent_stays_null_goes_back_and_a_value_is_set() {
    let all = patched(
        &TenantSettings::default(),
        json!({
            "idle_timeout_seconds": 600,
            "limits": {"requests_per_second": 10, "max_projects": 3},
            "retention_days": {"events": 30, "requests": 7},
            "ip_addresses": "shortened",
            "cors_origins": ["https://app.example.com"],
        }),
    );
    assert_eq!(patched(&all, json!({})), all);
    let other = patched(
        &all,
        json!({
            "idle_timeout_seconds": null,
            "limits": {"requests_per_second": null, "report_seconds": 5},
            "retention_days": null,
            "cors_origins": [],
        }),
    );
    assert_eq!(
        serde_json::to_value(&other).unwrap(),
        json!({
            "idle_timeout_seconds": null,
            "limits": {"requests_per_second": null, "events_per_second": null, "bytes_per_second": null,
                "open_connections": null, "concurrent_reports": null, "report_memory_bytes": null,
                "report_seconds": 5, "max_projects": 3},
            "retention_days": {"events": null, "sessions": null, "connections": null, "requests": null},
            "ip_addresses": "shortened",
            "cors_origins": [],
        })
    );
    let back = json!({"limits": null, "ip_addresses": null, "cors_origins": null});
    assert_eq!(patched(&other, back), TenantSettings::default());
}

#[test]
fn a_patch_reads_back_as_it_was_written() {
    let patch =
        json!({"idle_timeout_seconds": null, "limits": {"max_projects": null}, "ip_addresses": "none"});
    let read: TenantSettingsPatch = serde_json::from_value(patch.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), patch);
}

#[test]
fn an_unknown_name_is_refused_and_named() {
    for (patch, name) in [
        (json!({"idle_timeout": 5}), "idle_timeout"),
        (json!({"limits": {"request_per_second": 5}}), "request_per_second"),
        (json!({"retention_days": {"event": 5}}), "event"),
        (json!({"ip_addresses": "half"}), "half"),
    ] {
        let refusal = refusal(patch);
        assert!(refusal.contains("unknown") && refusal.contains(name), "{refusal}");
    }
}

#[test]
fn a_value_out_of_bounds_is_refused_with_its_bounds() {
    for (patch, bound) in [
        (json!({"idle_timeout_seconds": 0}), "86400"),
        (json!({"idle_timeout_seconds": "10m"}), "86400"),
        (
            json!({"limits": {"requests_per_second": 0}}),
            "requests_per_second is a whole number from 1 to 10000000",
        ),
        (json!({"limits": {"report_memory_bytes": 1024}}), "1 MiB"),
        (json!({"limits": {"max_projects": 10_001}}), "10000"),
        (json!({"limits": {"max_projects": -1}}), "10000"),
        (json!({"limits": {"max_projects": 1.5}}), "10000"),
        (json!({"limits": {"max_projects": "5"}}), "10000"),
        (json!({"retention_days": {"events": 36_501}}), "36500 days"),
        (json!({"cors_origins": ["https://app.example.com/"]}), "without a path"),
        (json!({"cors_origins": "*"}), "sequence"),
    ] {
        let refusal = refusal(patch);
        assert!(refusal.contains(bound), "{refusal}");
    }
}
