//! What the other processes of these tests do, each when its parent asks for it by name.

use tidegauge_accounts::{IdleTimeout, TenantSettingsPatch};

use crate::common::{me, parents_accounts, request, tenant};

#[tokio::test]
#[ignore = "what another test runs in a process of its own"]
async fn a_key_for_t() {
    let Some(accounts) = parents_accounts().await else { return };
    accounts.create_key(&me(), request("t")).await.unwrap();
    // No close: a process that ends with its commit done has done enough.
}

#[tokio::test]
#[ignore = "what another test runs in a process of its own"]
async fn a_timeout_of_1234() {
    let Some(accounts) = parents_accounts().await else { return };
    let patch = TenantSettingsPatch {
        idle_timeout: Some(IdleTimeout::from_secs(1234).ok()),
        ..TenantSettingsPatch::default()
    };
    accounts.set_tenant_settings(&me(), &tenant("t"), patch).await.unwrap();
}

#[tokio::test]
#[ignore = "what another test runs in a process of its own"]
async fn a_first_start() {
    let Some(accounts) = parents_accounts().await else { return };
    accounts.first_start().await.unwrap();
}
