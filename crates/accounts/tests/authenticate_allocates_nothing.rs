//! The promise of `KeyRing::authenticate`, counted by an allocator of the test's own.

#![allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{fresh, me, now, request};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; the counter itself allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[tokio::test]
async fn authenticating_allocates_nothing() {
    let (_dir, accounts) = fresh().await;
    let ring = accounts.key_ring().await.unwrap();
    let key = accounts.create_key(&me(), request("t")).await.unwrap();
    let revoked = accounts.create_key(&me(), request("t")).await.unwrap();
    accounts.revoke_key(&me(), None, &revoked.id).await.unwrap();
    let now = now();

    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..100 {
        assert!(ring.authenticate(key.text.expose(), now).is_some());
        assert!(ring.authenticate(revoked.text.expose(), now).is_none());
        assert!(ring.authenticate("wrong", now).is_none());
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}
