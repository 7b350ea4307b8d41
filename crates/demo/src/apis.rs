//! The APIs behind the gateway, and what each of their endpoints takes.

use crate::dice::Dice;
use crate::{kiosk, mobile, shop};

/// An API.
#[derive(Debug)]
pub(crate) struct Api {
    pub id: &'static str,
    pub name: &'static str,
    pub version: &'static str,
    pub project: &'static str,
    pub endpoints: &'static [Endpoint],
    /// How many of a hundred requests it answers.
    pub share: f64,
}

/// An endpoint.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    /// How often it is asked, beside the API's others.
    pub share: f64,
    /// Half of its answers take shorter, in milliseconds, behind the gateway.
    pub median_ms: f64,
    /// Half of its answers are shorter.
    pub bytes: f64,
}

const fn endpoint(
    method: &'static str,
    path: &'static str,
    share: f64,
    median_ms: f64,
    bytes: f64,
) -> Endpoint {
    Endpoint { method, path, share, median_ms, bytes }
}

pub(crate) const APIS: [Api; 6] = [
    Api {
        id: "catalog",
        name: "Catalog",
        version: "v2",
        project: shop::PROJECT,
        share: 34.0,
        endpoints: &[
            endpoint("GET", "/products", 30.0, 46.0, 18_400.0),
            endpoint("GET", "/products/{id}", 41.0, 21.0, 3_100.0),
            endpoint("GET", "/products/{id}/reviews", 12.0, 64.0, 7_900.0),
            endpoint("GET", "/search", 14.0, 118.0, 11_200.0),
            endpoint("GET", "/categories", 3.0, 9.0, 2_400.0),
        ],
    },
    Api {
        id: "orders",
        name: "Orders",
        version: "v3",
        project: shop::PROJECT,
        share: 17.0,
        endpoints: &[
            endpoint("GET", "/orders", 27.0, 58.0, 9_600.0),
            endpoint("POST", "/orders", 16.0, 142.0, 1_300.0),
            endpoint("GET", "/orders/{id}", 36.0, 33.0, 2_700.0),
            endpoint("PUT", "/carts/{id}", 18.0, 41.0, 1_900.0),
            endpoint("DELETE", "/carts/{id}", 3.0, 27.0, 60.0),
        ],
    },
    Api {
        id: "payments",
        name: "Payments",
        version: "v1",
        project: shop::PROJECT,
        share: 9.0,
        endpoints: &[
            endpoint("POST", "/payments", 46.0, 236.0, 980.0),
            endpoint("GET", "/payments/{id}", 38.0, 52.0, 1_150.0),
            endpoint("POST", "/payments/{id}/refunds", 4.0, 310.0, 720.0),
            endpoint("GET", "/methods", 12.0, 17.0, 640.0),
        ],
    },
    Api {
        id: "accounts",
        name: "Accounts",
        version: "v2",
        project: mobile::PROJECT,
        share: 13.0,
        endpoints: &[
            endpoint("POST", "/token", 38.0, 88.0, 1_050.0),
            endpoint("GET", "/me", 47.0, 14.0, 900.0),
            endpoint("PUT", "/me/preferences", 6.0, 31.0, 400.0),
            endpoint("GET", "/me/devices", 9.0, 23.0, 1_700.0),
        ],
    },
    Api {
        id: "quotes",
        name: "Quotes",
        version: "v4",
        project: mobile::PROJECT,
        share: 22.0,
        endpoints: &[
            endpoint("GET", "/quotes/{symbol}", 58.0, 8.0, 520.0),
            endpoint("GET", "/quotes/{symbol}/history", 19.0, 96.0, 42_000.0),
            endpoint("GET", "/markets", 12.0, 19.0, 4_800.0),
            endpoint("POST", "/alerts", 4.0, 37.0, 310.0),
            endpoint("POST", "/trades", 7.0, 164.0, 840.0),
        ],
    },
    Api {
        id: "devices",
        name: "Devices",
        version: "v1",
        project: kiosk::PROJECT,
        share: 5.0,
        endpoints: &[
            endpoint("GET", "/devices/{id}/config", 61.0, 12.0, 2_200.0),
            endpoint("POST", "/devices/{id}/telemetry", 34.0, 18.0, 90.0),
            endpoint("GET", "/firmware", 5.0, 420.0, 880_000.0),
        ],
    },
];

impl Endpoint {
    /// A path as somebody asks for it.
    pub fn raw_path(&self, dice: &mut Dice) -> String {
        self.path
            .replace("{symbol}", dice.pick(&mobile::INSTRUMENTS))
            .replace("{id}", &format!("{:05}", 10_000 + dice.below(9_000)))
    }
}
