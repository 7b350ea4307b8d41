//! Who calls the APIs: forty keys with aliases, some of them through one of a dozen OAuth clients.

use crate::apis::APIS;
use crate::countries::{Country, address};
use crate::dice::Dice;

/// Keys, by what their holders call them.
const ALIASES: [&str; 40] = [
    "storefront-web",
    "storefront-mobile",
    "harbor-ios",
    "harbor-android",
    "price-feed-eu",
    "price-feed-us",
    "partner-lantern",
    "kiosk-fleet",
    "warehouse-north",
    "warehouse-south",
    "checkout-service",
    "search-indexer",
    "mail-campaigns",
    "loyalty-program",
    "reporting-nightly",
    "support-desk",
    "fraud-screening",
    "returns-portal",
    "gift-cards",
    "stock-sync",
    "partner-meadow",
    "partner-cobalt",
    "partner-juniper",
    "price-watch",
    "sandbox-one",
    "sandbox-two",
    "data-export",
    "tax-service",
    "shipping-labels",
    "invoice-run",
    "quote-widget",
    "chart-embed",
    "alerts-worker",
    "trade-desk",
    "risk-monitor",
    "ledger-sync",
    "device-setup",
    "field-service",
    "night-batch",
    "status-page",
];
/// OAuth clients.
const OAUTH_CLIENTS: [&str; 12] = [
    "client-storefront",
    "client-harbor-ios",
    "client-harbor-android",
    "client-partner-portal",
    "client-support",
    "client-returns",
    "client-loyalty",
    "client-kiosk-admin",
    "client-trade-desk",
    "client-price-watch",
    "client-reporting",
    "client-sandbox",
];
const USER_AGENTS: [&str; 6] = [
    "okhttp/4.12.0",
    "python-requests/2.32.5",
    "axios/1.12.2",
    "HarborApp/5.8.1 CFNetwork/1568.100.1 Darwin/24.0.0",
    "Go-http-client/2.0",
    "curl/8.14.1",
];

/// The holder of a key.
#[derive(Debug)]
pub(crate) struct Consumer {
    number: usize,
    /// The key's hash, as the gateway writes it.
    pub key: String,
    pub alias: String,
    pub oauth_id: Option<&'static str>,
    pub user_agent: &'static str,
    home: u64,
}

/// Whoever calls now: the first keys far more often than the last ones. A key is mostly used from few countries.
pub(crate) fn consumer(seed: u64, country: usize, dice: &mut Dice) -> Consumer {
    let drawn = (ALIASES.len() as f64 * dice.unit().powf(2.2)) as usize;
    // Those of one country prefer some keys to others.
    let number = if dice.chance(0.5) { drawn } else { (drawn * 7 + country * 3) % ALIASES.len() };
    let mut own = Dice::of(seed, &[0x0063_6f6e, number as u64]);
    let key = own.hex(16);
    let has_oauth = own.chance(0.55);
    let oauth_id = OAUTH_CLIENTS[number % OAUTH_CLIENTS.len()];
    Consumer {
        number,
        key,
        alias: ALIASES[number].to_owned(),
        oauth_id: (has_oauth || number == 0).then_some(oauth_id),
        user_agent: USER_AGENTS[own.below(USER_AGENTS.len())],
        home: own.next(),
    }
}

impl Consumer {
    /// An API that it calls, a place in [`APIS`]: mostly one or two of its own.
    pub fn some_api(&self, dice: &mut Dice) -> usize {
        let favourite = (self.home % APIS.len() as u64) as usize;
        if dice.chance(0.35) { favourite } else { dice.weighted(APIS.iter().map(|api| api.share)) }
    }

    /// It calls more often than it may.
    pub fn is_greedy(&self) -> bool {
        self.number == 4
    }

    /// One of its machines.
    pub fn address(&self, country: &Country, dice: &mut Dice) -> String {
        let machine = dice.below(6) as u64;
        address(country, &mut Dice::of(self.home, &[machine]))
    }
}
