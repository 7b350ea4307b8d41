//! The project `shop`: people who look around on a web page, and some who buy.

use serde_json::json;
use tidegauge_facts::events::{Category, Priority};

use crate::catalog::{CAMPAIGNS, Product, REFERRERS, SEARCHES, some_page, some_product, url};
use crate::clients::BROWSERS;
use crate::diary::{Diary, Entry};
use crate::dice::Dice;
use crate::fact::Due;
use crate::people::{Crowd, Visitor};
use crate::visit::Visit;

pub(crate) const PROJECT: &str = "shop";
/// Visits a day.
pub(crate) const VISITS: f64 = 1_650.0;
pub(crate) const CROWD: Crowd = Crowd { number: 1, people: 26_000.0, known: 0.42, clients: &BROWSERS };

/// How many of a hundred visits end at the first page.
const BOUNCE: f64 = 0.31;
/// And how many go on to each further step of those who took the one before.
const TO_CART: f64 = 0.24;
const TO_CHECKOUT: f64 = 0.56;
const TO_PURCHASE: f64 = 0.68;

/// Tells a visit that begins at `at`.
pub(crate) fn visit(visitor: Visitor, at: i64, is_burst: bool, mut dice: Dice, out: &mut Vec<Due>) {
    let visit = Visit {
        project: PROJECT,
        session_id: Some(format!("ses_{}", dice.hex(16))),
        started: at,
        visitor: Some(visitor),
        stand: None,
        referrer: REFERRERS[dice.weighted(REFERRERS.map(|(_, share)| share))].0,
        app_id: Some("storefront"),
        app_version: Some(dice.pick(&["2025.46", "2025.46", "2025.47"])),
        capture_id: None,
    };
    let has_campaign = visit.referrer.is_some() && dice.chance(0.22);
    let mut diary = Diary::open(visit, dice, out);
    let campaign = has_campaign.then(|| diary.dice.pick(&CAMPAIGNS));
    land(&mut diary, campaign);
    if diary.dice.chance(BOUNCE) {
        return;
    }
    sign_in(&mut diary);
    let seen = look_around(&mut diary);
    if is_burst && diary.dice.chance(0.7) {
        // Who gets no answer tries again.
        for _ in 0..1 + diary.dice.poisson(2.0) {
            fail(&mut diary, "api_error", "the checkout did not answer", 503);
        }
    }
    if let Some(product) = seen {
        buy(&mut diary, product, is_burst);
    }
}

fn land(diary: &mut Diary<'_>, campaign: Option<(&'static str, &'static str)>) {
    let page = some_page(&mut diary.dice);
    let entry = Entry::new("page_view", Category::PageView).page(&page);
    let entry = match campaign {
        Some((campaign, medium)) => {
            entry.with(&json!({"campaign": campaign, "medium": medium, "landing": true}))
        }
        None => entry.with(&json!({"landing": true})),
    };
    diary.write(entry.priority(Priority::Low));
    if diary.dice.chance(0.25) {
        diary.wait(1.5);
        let dice = &mut diary.dice;
        let lcp = dice.log_normal(1_450.0, 0.5) as i64;
        let (cls, inp) = (dice.below(180) as f64 / 1000.0, dice.log_normal(110.0, 0.6) as i64);
        let vitals = json!({"lcp_ms": lcp, "cls": cls, "inp_ms": inp});
        diary.write(Entry::new("web_vitals", Category::Performance).page(&page).with(&vitals));
    }
}

fn sign_in(diary: &mut Diary<'_>) {
    if diary.visit.account().is_none() || !diary.dice.chance(0.55) {
        return;
    }
    let page = url("/login");
    diary.wait(9.0);
    if diary.dice.chance(0.09) {
        let failed = Entry::new("login_failed", Category::Auth).priority(Priority::High);
        diary.write(failed.page(&page).with(&json!({"reason": "wrong password"})));
        diary.wait(12.0);
    }
    diary.is_signed_in = true;
    let method = diary.dice.pick(&["password", "passkey", "passkey", "email link"]);
    diary.write(Entry::new("login", Category::Auth).page(&page).with(&json!({"method": method})));
}

/// Looks at pages and products, and answers the last product.
fn look_around(diary: &mut Diary<'_>) -> Option<&'static Product> {
    let mut seen = None;
    let steps = 1 + diary.dice.poisson(2.6);
    for _ in 0..steps {
        diary.wait(24.0);
        let chosen = diary.dice.unit();
        if chosen < 0.52 {
            let product = some_product(&mut diary.dice);
            let page = product.url();
            diary.write(Entry::new("page_view", Category::PageView).page(&page).priority(Priority::Low));
            diary.at += 180_000;
            let price = product.cents as f64 / 100.0;
            let entry = Entry::new("product_view", Category::UserAction).page(&page).product(product);
            diary.write(entry.with(&json!({"name": product.name, "price": price})));
            seen = Some(product);
        } else if chosen < 0.68 {
            let found = diary.dice.poisson(6.0);
            let query = diary.dice.pick(&SEARCHES);
            let entry = Entry::new("search", Category::Feature).page(&url("/search"));
            diary.write(entry.with(&json!({"query": query, "results": found})));
        } else {
            let page = some_page(&mut diary.dice);
            diary.write(Entry::new("page_view", Category::PageView).page(&page).priority(Priority::Low));
        }
        if diary.dice.chance(0.006) {
            fail(diary, "js_error", "undefined is not a function", 0);
        }
    }
    seen
}

fn buy(diary: &mut Diary<'_>, product: &'static Product, is_burst: bool) {
    if !diary.dice.chance(TO_CART) {
        return;
    }
    diary.wait(18.0);
    let count = 1 + diary.dice.poisson(0.35) as i64;
    let currency = diary.visit.country().map_or("EUR", |country| country.currency);
    let amount = (product.cents * count) as f64 / 100.0;
    let entry = Entry::new("add_to_cart", Category::UserAction).page(&product.url()).product(product);
    diary.write(
        entry.with(&json!({"quantity": count, "amount": amount, "currency": currency})).ints(count, None),
    );
    if !diary.dice.chance(TO_CHECKOUT) {
        return;
    }
    diary.wait(35.0);
    let page = url("/checkout");
    diary.write(Entry::new("page_view", Category::PageView).page(&page).priority(Priority::Low));
    diary.wait(2.0);
    let entry = Entry::new("checkout", Category::UserAction).page(&page);
    diary.write(entry.with(&json!({"amount": amount, "currency": currency})));
    diary.wait(55.0);
    if diary.dice.chance(if is_burst { 0.6 } else { 0.03 }) {
        fail(diary, "payment_failed", "the payment was declined", 402);
        return;
    }
    if diary.dice.chance(TO_PURCHASE) {
        let order = format!("ord_{}", diary.dice.hex(10));
        let method = diary.dice.pick(&["card", "card", "card", "wallet", "invoice"]);
        let bought = json!({
            "order_id": order, "amount": amount, "currency": currency, "items": count, "method": method,
        });
        let entry = Entry::new("purchase", Category::UserAction).page(&url("/checkout/thanks"));
        let entry = entry.product(product).with(&bought).priority(Priority::High);
        diary.write(entry.ints(product.cents * count, Some(count)));
    }
}

fn fail(diary: &mut Diary<'_>, name: &'static str, message: &str, code: i64) {
    diary.wait(3.0);
    let entry = Entry::new(name, Category::Error).page(&url("/checkout")).priority(Priority::High);
    diary.write(entry.with(&json!({"message": message, "code": code})));
}
