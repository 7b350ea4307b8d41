use tempfile::TempDir;

use super::*;
use crate::accounts::Bounds;
use crate::scopes::Scope;

fn request(tenant: &str, project: Option<&str>) -> KeyRequest {
    KeyRequest {
        tenant: TenantId::parse(tenant).unwrap(),
        project: project.map(|id| ProjectId::parse(id).unwrap()),
        scopes: Scopes::from_iter([Scope::Read]),
        expires_in: None,
        name: None,
        limits: KeyLimits::default(),
    }
}

fn me() -> Actor {
    Actor::CommandLine("me".into())
}

async fn bounded(bounds: Bounds) -> (TempDir, Accounts) {
    let dir = tempfile::tempdir().unwrap();
    let mut accounts = Accounts::open(dir.path()).await.unwrap();
    accounts.bounds = bounds;
    (dir, accounts)
}

#[tokio::test]
async fn at_the_bound_of_keys_no_more_are_made_and_revoking_makes_no_room() {
    let (_dir, accounts) = bounded(Bounds { keys: 2, ..Bounds::default() }).await;
    let first = accounts.create_key(&me(), request("t", None)).await.unwrap();
    accounts.create_key(&me(), request("t", None)).await.unwrap();
    accounts.revoke_key(&me(), None, &first.id).await.unwrap();
    let refused = accounts.create_key(&me(), request("other", None)).await;
    assert!(matches!(refused, Err(AccountsError::TooManyKeys)), "{refused:?}");
    assert_eq!(accounts.list_keys(None).await.unwrap().len(), 2);
    let other = TenantId::parse("other").unwrap();
    let projects = accounts.list_projects(&other).await;
    assert!(matches!(projects, Err(AccountsError::UnknownTenant(_))), "{projects:?}");
}

#[tokio::test]
async fn at_the_bound_of_a_tenants_working_keys_it_gets_no_more_until_one_ends_and_others_do() {
    let (_dir, accounts) = bounded(Bounds { working_keys_per_tenant: 3, ..Bounds::default() }).await;
    let first = accounts.create_key(&me(), request("t", None)).await.unwrap();
    let second = accounts.create_key(&me(), request("t", None)).await.unwrap();
    let ended = KeyRequest { expires_in: Some(Duration::ZERO), ..request("t", None) };
    for _ in 0..3 {
        accounts.create_key(&me(), ended.clone()).await.unwrap();
    }
    accounts.create_key(&me(), request("t", None)).await.unwrap();
    let refused = accounts.create_key(&me(), request("t", None)).await.unwrap_err();
    assert!(matches!(refused, AccountsError::TooManyWorkingKeys(..)), "{refused}");
    assert!(
        refused.to_string().contains("tenant t has 3") && refused.to_string().contains("revoke"),
        "{refused}"
    );
    accounts.create_key(&me(), request("other", None)).await.unwrap();

    accounts.revoke_key(&me(), None, &first.id).await.unwrap();
    accounts.create_key(&me(), request("t", None)).await.unwrap();
    // A key can be replaced also at the bound.
    accounts.rotate_key(&me(), None, &second.id, Duration::ZERO).await.unwrap();
    let refused = accounts.create_key(&me(), request("t", None)).await;
    assert!(matches!(refused, Err(AccountsError::TooManyWorkingKeys(..))), "{refused:?}");
}

#[tokio::test]
async fn rotating_with_an_overlap_again_and_again_does_not_pass_the_bound_of_working_keys() {
    let (_dir, accounts) = bounded(Bounds { working_keys_per_tenant: 2, ..Bounds::default() }).await;
    let overlap = Duration::from_secs(3600);
    let first = accounts.create_key(&me(), request("t", None)).await.unwrap();
    let second = accounts.rotate_key(&me(), None, &first.id, overlap).await.unwrap();
    let third = accounts.rotate_key(&me(), None, &second.id, overlap).await.unwrap();
    let refused = accounts.rotate_key(&me(), None, &third.id, overlap).await;
    assert!(matches!(refused, Err(AccountsError::TooManyWorkingKeys(..))), "{refused:?}");
}

#[tokio::test]
async fn at_the_bound_of_a_tenants_keys_revoking_makes_no_room_and_others_get_theirs() {
    let (_dir, accounts) = bounded(Bounds { keys_per_tenant: 2, ..Bounds::default() }).await;
    let first = accounts.create_key(&me(), request("t", None)).await.unwrap();
    accounts.create_key(&me(), request("t", None)).await.unwrap();
    accounts.revoke_key(&me(), None, &first.id).await.unwrap();
    let refused = accounts.create_key(&me(), request("t", None)).await.unwrap_err();
    assert!(matches!(refused, AccountsError::TooManyKeysOfTenant(..)), "{refused}");
    accounts.create_key(&me(), request("other", None)).await.unwrap();
}

#[tokio::test]
async fn at_the_bound_of_projects_a_tenant_gets_no_more_and_the_key_is_not_made() {
    let (_dir, accounts) = bounded(Bounds { projects_per_tenant: 3, ..Bounds::default() }).await;
    accounts.create_key(&me(), request("t", Some("one"))).await.unwrap();
    accounts.create_key(&me(), request("t", Some("two"))).await.unwrap();
    let refused = accounts.create_key(&me(), request("t", Some("three"))).await;
    assert!(matches!(refused, Err(AccountsError::TooManyProjects { .. })), "{refused:?}");
    assert_eq!(accounts.list_keys(None).await.unwrap().len(), 2);
    accounts.create_key(&me(), request("t", Some("two"))).await.unwrap();
    accounts.create_key(&me(), request("another", Some("three"))).await.unwrap();
}

#[tokio::test]
async fn at_the_bound_of_tenants_no_more_are_made() {
    let (_dir, accounts) = bounded(Bounds { tenants: 1, ..Bounds::default() }).await;
    accounts.create_key(&me(), request("t", None)).await.unwrap();
    let refused = accounts.create_key(&me(), request("u", None)).await;
    assert!(matches!(refused, Err(AccountsError::TooManyTenants)), "{refused:?}");
    accounts.create_key(&me(), request("t", None)).await.unwrap();
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused() {
    let (_dir, accounts) = bounded(Bounds::default()).await;
    let no_scopes = KeyRequest { scopes: Scopes::default(), ..request("t", None) };
    assert!(matches!(accounts.create_key(&me(), no_scopes).await, Err(AccountsError::NoScopes)));
    let too_long = KeyRequest { expires_in: Some(MAX_EXPIRY + Duration::from_secs(1)), ..request("t", None) };
    assert!(matches!(accounts.create_key(&me(), too_long).await, Err(AccountsError::ExpiryTooLong)));
    for name in ["", "a\nb", &"x".repeat(MAX_KEY_NAME_CHARS + 1)] {
        let named = KeyRequest { name: Some(name.to_owned()), ..request("t", None) };
        assert!(
            matches!(accounts.create_key(&me(), named).await, Err(AccountsError::InvalidKeyName)),
            "{name}"
        );
    }
    assert_eq!(accounts.list_keys(None).await.unwrap(), []);
}
