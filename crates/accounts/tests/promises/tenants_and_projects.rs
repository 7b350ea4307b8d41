//! What exists: the first start, tenants and projects.

use crate::common::{Place, me, now, project, projects, request, tenant};
use tidegauge_accounts::{
    Accounts, AccountsError, KeyRequest, MaxProjects, Scopes, TenantLimitsPatch, TenantSettingsPatch,
};
use tidegauge_facts::TenantId;

promises![
    of_four_processes_that_start_at_once_on_nothing_one_makes_the_key,
    max_projects_of_a_tenant_holds_for_its_new_projects,
    what_is_there_already_is_not_made_again,
    the_first_start_makes_one_admin_key_and_the_second_none,
    a_directory_that_has_any_tenant_has_had_its_first_start,
    of_eight_first_starts_at_once_on_two_handles_one_makes_the_key,
    many_can_open_an_empty_place_at_once,
    a_project_is_made_once_with_its_tenant_and_found_afterwards,
    the_database_itself_keeps_the_rule_for_ids,
];

async fn the_first_start_makes_one_admin_key_and_the_second_none(place: Place) {
    let accounts = place.open().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts.first_start().await.unwrap().unwrap();
    let principal = ring.authenticate(key.text.expose(), now()).unwrap();
    assert_eq!((&principal.tenant, &principal.project), (&tenant("default"), &None));
    assert_eq!(principal.scopes, Scopes::ALL);
    assert_eq!(projects(&accounts, "default").await, [project("default")]);
    assert!(accounts.first_start().await.unwrap().is_none());
}

async fn a_directory_that_has_any_tenant_has_had_its_first_start(place: Place) {
    let accounts = place.open().await;
    accounts.create_key(&me(), request("acme")).await.unwrap();
    assert!(accounts.first_start().await.unwrap().is_none());
}

async fn of_eight_first_starts_at_once_on_two_handles_one_makes_the_key(place: Place) {
    // Both create and migrate the same database at the same moment.
    let (one, two) = tokio::join!(place.open(), place.open());
    let handles = [one, two];
    let tasks: Vec<_> = (0..8)
        .map(|i| {
            let accounts = handles[i % 2].clone();
            tokio::spawn(async move { accounts.first_start().await.unwrap() })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        made += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(made, 1);
    assert_eq!(handles[0].list_keys(None).await.unwrap().len(), 1);
}

async fn of_four_processes_that_start_at_once_on_nothing_one_makes_the_key(place: Place) {
    let children: Vec<_> = (0..4).map(|_| place.child("children::a_first_start").spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let accounts = place.open().await;
    let keys = accounts.list_keys(None).await.unwrap();
    assert_eq!(keys.len(), 1);
    assert!(keys[0].scopes == Scopes::ALL);
}

async fn many_can_open_an_empty_place_at_once(place: Place) {
    let tasks: Vec<_> = (0..12)
        .map(|_| {
            let location = place.location();
            tokio::spawn(async move { Accounts::open(location).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

async fn a_project_is_made_once_with_its_tenant_and_found_afterwards(place: Place) {
    let accounts = place.open().await;
    let (acme, shop) = (tenant("acme"), project("shop"));
    assert!(!accounts.project_exists(&acme, &shop).await.unwrap());
    for _ in 0..2 {
        accounts.ensure_project(&me(), &acme, &shop).await.unwrap();
    }
    assert!(accounts.project_exists(&acme, &shop).await.unwrap());
    assert!(!accounts.project_exists(&tenant("other"), &shop).await.unwrap());
    assert_eq!(projects(&accounts, "acme").await, [project("default"), shop]);
    let others = accounts.list_projects(&tenant("other")).await;
    assert!(matches!(others, Err(AccountsError::UnknownTenant(_))), "{others:?}");
}

async fn the_database_itself_keeps_the_rule_for_ids(place: Place) {
    let accounts = place.open().await;
    let mut raw = place.raw().await;
    let long = "x".repeat(128);
    let longer = "x".repeat(129);
    let candidates = [
        "a",
        "A.b-c:d_9",
        &long,
        &longer,
        "",
        " ",
        "a b",
        "ä",
        "a/b",
        "a^",
        "[",
        "]",
        "a\n",
        "a\nb",
        "Z",
        "z",
    ];
    for id in candidates {
        let is_stored =
            sqlx::query("INSERT INTO tenants VALUES ($1, 0)").bind(id).execute(&mut raw).await.is_ok();
        assert_eq!(is_stored, TenantId::parse(id).is_ok(), "{id:?}");
    }
    accounts.close().await;
}

async fn what_is_there_already_is_not_made_again(place: Place) {
    let accounts = place.open().await;
    let acme = tenant("acme");
    let made = accounts.create_tenant(&me(), &acme).await.unwrap();
    assert_eq!(made, accounts.tenant(&acme).await.unwrap());
    let again = accounts.create_tenant(&me(), &acme).await.unwrap_err();
    assert!(matches!(again, AccountsError::TenantExists(_)), "{again}");
    let row = accounts.create_project(&me(), &acme, &project("shop")).await.unwrap();
    assert_eq!(accounts.list_projects(&acme).await.unwrap()[1], row);
    for id in ["shop", "default"] {
        let again = accounts.create_project(&me(), &acme, &project(id)).await.unwrap_err();
        assert!(matches!(again, AccountsError::ProjectExists(..)), "{again}");
    }
    let typo = accounts.create_project(&me(), &tenant("typo"), &project("shop")).await.unwrap_err();
    assert!(matches!(typo, AccountsError::UnknownTenant(_)), "{typo}");
    assert_eq!(accounts.list_tenants().await.unwrap().len(), 1);
}

async fn max_projects_of_a_tenant_holds_for_its_new_projects(place: Place) {
    let accounts = place.open().await;
    let (acme, other) = (tenant("acme"), tenant("other"));
    for id in [&acme, &other] {
        accounts.create_tenant(&me(), id).await.unwrap();
    }
    let limit = |most| TenantSettingsPatch {
        limits: Some(Some(TenantLimitsPatch { max_projects: Some(most), ..TenantLimitsPatch::default() })),
        ..TenantSettingsPatch::default()
    };
    accounts.set_tenant_settings(&me(), &acme, limit(MaxProjects::new(2).ok())).await.unwrap();
    accounts.create_project(&me(), &acme, &project("one")).await.unwrap();
    let refused = accounts.create_project(&me(), &acme, &project("two")).await.unwrap_err();
    assert!(matches!(refused, AccountsError::TooManyProjects { most: 2, .. }), "{refused}");
    let in_key = KeyRequest { project: Some(project("two")), ..request("acme") };
    let refused = accounts.create_key(&me(), in_key).await.unwrap_err();
    assert!(matches!(refused, AccountsError::TooManyProjects { .. }), "{refused}");
    assert_eq!(projects(&accounts, "acme").await, [project("default"), project("one")]);
    for id in ["one", "two"] {
        accounts.create_project(&me(), &other, &project(id)).await.unwrap();
    }
    accounts.set_tenant_settings(&me(), &acme, limit(None)).await.unwrap();
    accounts.create_project(&me(), &acme, &project("two")).await.unwrap();
}
