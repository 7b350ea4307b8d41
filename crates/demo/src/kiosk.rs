//! The project `kiosk`: screens in halls, which people touch while the halls are open.

use serde_json::json;
use tidegauge_facts::events::{Category, Priority};
use tidegauge_facts::time::{DAY, MINUTE, SECOND};

use crate::catalog::some_product;
use crate::clients::TERMINAL;
use crate::countries::address;
use crate::diary::{Diary, Entry};
use crate::dice::Dice;
use crate::fact::Due;
use crate::people::Visitor;
use crate::stands::{STANDS, Stand};
use crate::visit::Visit;

pub(crate) const PROJECT: &str = "kiosk";
/// Visits a day, of all kiosks together.
pub(crate) const VISITS: f64 = 290.0;
/// How often a kiosk says how it is, in minutes; and while it is looked at, in seconds.
const STATUS_MINUTES: i64 = 60;
const LIVE_STATUS_SECONDS: i64 = 20;

/// Tells a visit to the kiosk of this number that begins at `at`.
pub(crate) fn visit(seed: u64, number: usize, at: i64, is_burst: bool, mut dice: Dice, out: &mut Vec<Due>) {
    let session_id = Some(format!("kio_{}", dice.hex(16)));
    let visit = Visit { session_id, ..at_stand(seed, number, at, &mut dice) };
    let mut diary = Diary::open(visit, dice, out);
    diary.write(Entry::new("screen_touched", Category::UserAction).interaction(true));
    diary.wait(3.0);
    let mut total = 0;
    for _ in 0..1 + diary.dice.poisson(2.2) {
        let product = some_product(&mut diary.dice);
        let entry = Entry::new("product_browsed", Category::UserAction).product(product);
        diary.write(entry.interaction(true).ints(product.cents, None));
        diary.wait(9.0);
        if diary.dice.chance(0.34) {
            total += product.cents;
            let entry = Entry::new("item_added", Category::UserAction).product(product);
            diary.write(entry.interaction(true).ints(product.cents, Some(1)));
            diary.wait(5.0);
        }
    }
    if total > 0 && diary.dice.chance(0.62) {
        diary.wait(14.0);
        if diary.dice.chance(if is_burst { 0.5 } else { 0.02 }) {
            let entry = Entry::new("card_reader_error", Category::Error).priority(Priority::Critical);
            diary.write(entry.interaction(false).with(&json!({"message": "no answer from the card reader"})));
        } else {
            let entry = Entry::new("payment_completed", Category::UserAction).priority(Priority::High);
            diary.write(entry.interaction(true).ints(total, None));
            diary.wait(2.0);
            diary.write(Entry::new("receipt_printed", Category::System).interaction(false));
        }
    }
    diary.at += 30 * SECOND;
    diary.write(Entry::new("idle_loop_started", Category::System).interaction(false).priority(Priority::Low));
}

/// Tells how the kiosks are that say so in this minute.
pub(crate) fn status(seed: u64, minute: i64, is_live: bool, out: &mut Vec<Due>) {
    for number in 0..STANDS {
        let mut dice = Dice::of(seed, &[0x0057_a705, number as u64, minute as u64]);
        // They take turns, so that one of them says something in each second.
        let turn = number as i64 * LIVE_STATUS_SECONDS * SECOND / STANDS as i64;
        let times = match is_live {
            true => MINUTE / (LIVE_STATUS_SECONDS * SECOND),
            false => i64::from((minute / MINUTE + number as i64 * 5) % STATUS_MINUTES == 0),
        };
        for time in 0..times {
            let at = minute + turn + time * LIVE_STATUS_SECONDS * SECOND;
            let visit = at_stand(seed, number, at, &mut dice);
            let mut diary = Diary::open(visit, Dice::of(dice.next(), &[]), out);
            let celsius = 38 + diary.dice.poisson(5.0) as i64;
            let uptime = at.rem_euclid(9 * DAY) / SECOND;
            let entry = Entry::new("device_status", Category::System).priority(Priority::Low);
            let how = json!({"celsius": celsius, "uptime_seconds": uptime, "paper": celsius % 7 != 0});
            diary.write(entry.interaction(false).with(&how).ints(celsius, Some(uptime)));
        }
    }
}

/// Something at a kiosk, in no session.
fn at_stand(seed: u64, number: usize, at: i64, dice: &mut Dice) -> Visit {
    let stand = Stand::of(seed, number);
    let mut of_stand = Dice::of(seed, &[0x0057_ac11, number as u64]);
    let country = stand.space.country();
    let visitor = Visitor {
        client_id: of_stand.hex(20),
        account: None,
        country,
        client: &TERMINAL,
        ip: address(country, &mut of_stand),
        first_seen: at - at.rem_euclid(180 * DAY),
    };
    Visit {
        visitor: Some(visitor),
        stand: Some(stand),
        app_id: Some("lantern"),
        app_version: Some("3.2"),
        capture_id: Some(dice.hex(12)),
        ..Visit::of_nobody(PROJECT, at)
    }
}
