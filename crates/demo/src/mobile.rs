//! The project `mobile-app`: people who follow prices in an app, and some who trade.

use serde_json::json;
use tidegauge_facts::events::{Category, Priority};

use crate::clients::PHONES;
use crate::diary::{Diary, Entry};
use crate::dice::Dice;
use crate::fact::Due;
use crate::people::{Crowd, Visitor};
use crate::visit::Visit;

pub(crate) const PROJECT: &str = "mobile-app";
/// Visits a day.
pub(crate) const VISITS: f64 = 750.0;
pub(crate) const CROWD: Crowd = Crowd { number: 2, people: 7_000.0, known: 0.93, clients: &PHONES };

/// Screens, the most looked at first.
const SCREENS: [(&str, f64); 6] = [
    ("app://home", 34.0),
    ("app://watchlist", 26.0),
    ("app://instrument", 20.0),
    ("app://portfolio", 11.0),
    ("app://news", 6.0),
    ("app://settings", 3.0),
];
/// What is traded: made up.
pub(crate) const INSTRUMENTS: [&str; 8] =
    ["TIDE", "GAUGE", "FJORD", "DELTA", "KELP", "BUOY", "REEF", "SPRAY"];

/// Tells a visit that begins at `at`.
pub(crate) fn visit(visitor: Visitor, at: i64, is_burst: bool, mut dice: Dice, out: &mut Vec<Due>) {
    let version = visitor.client.browser.1;
    let visit = Visit {
        project: PROJECT,
        session_id: Some(format!("app_{}", dice.hex(16))),
        started: at,
        visitor: Some(visitor),
        stand: None,
        referrer: None,
        app_id: Some("harbor"),
        app_version: Some(version),
        capture_id: None,
    };
    let mut diary = Diary::open(visit, dice, out);
    start(&mut diary);
    let screens = 1 + diary.dice.poisson(2.8);
    for _ in 0..screens {
        let (screen, _) = SCREENS[diary.dice.weighted(SCREENS.map(|(_, share)| share))];
        diary.write(Entry::new("screen_view", Category::PageView).page(screen).priority(Priority::Low));
        diary.wait(11.0);
        act(&mut diary, screen);
    }
    if diary.dice.chance(if is_burst { 0.3 } else { 0.008 }) {
        let trouble = json!({"exception": "NetworkTimeout", "foreground": true});
        diary.write(Entry::new("app_crash", Category::Error).priority(Priority::Critical).with(&trouble));
    }
}

fn start(diary: &mut Diary<'_>) {
    let is_cold = diary.dice.chance(0.4);
    diary.write(Entry::new("app_open", Category::UserAction).with(&json!({"cold": is_cold})));
    diary.at += 300_000;
    if is_cold {
        let took = diary.dice.log_normal(820.0, 0.4) as i64;
        let entry = Entry::new("cold_start", Category::Performance);
        diary.write(entry.with(&json!({"duration_ms": took})).ints(took, None));
    }
    diary.wait(1.5);
    if diary.visit.account().is_some() {
        diary.is_signed_in = true;
        let name = if diary.dice.chance(0.8) { "token_refreshed" } else { "login" };
        diary.write(Entry::new(name, Category::Auth).priority(Priority::Low));
        diary.wait(1.0);
    }
}

fn act(diary: &mut Diary<'_>, screen: &str) {
    if screen == "app://instrument" {
        let instrument = diary.dice.pick(&INSTRUMENTS);
        let price = diary.dice.between(1_200, 48_000) as f64 / 100.0;
        let quote = json!({"instrument": instrument, "price": price});
        diary.write(Entry::new("quote_viewed", Category::Trading).page(screen).with(&quote));
        if diary.is_signed_in && diary.dice.chance(0.16) {
            trade(diary, instrument, price);
        }
        diary.wait(8.0);
    } else if diary.dice.chance(0.12) {
        let feature =
            diary.dice.pick(&["price_alert_set", "chart_zoomed", "watchlist_changed", "share_opened"]);
        diary.write(Entry::new(feature, Category::Feature).page(screen));
        diary.wait(6.0);
    }
}

fn trade(diary: &mut Diary<'_>, instrument: &str, price: f64) {
    diary.wait(20.0);
    let (quantity, side) = (diary.dice.between(1, 40), diary.dice.pick(&["buy", "buy", "sell"]));
    let order = json!({
        "order_id": format!("trd_{}", diary.dice.hex(10)), "instrument": instrument, "side": side,
        "quantity": quantity, "price": price, "amount": (price * quantity as f64 * 100.0).round() / 100.0,
    });
    diary.write(Entry::new("order_placed", Category::Trading).priority(Priority::High).with(&order));
    diary.wait(0.8);
    let outcome = if diary.dice.chance(0.94) { "order_filled" } else { "order_rejected" };
    diary.write(Entry::new(outcome, Category::Trading).priority(Priority::High).with(&order));
}
