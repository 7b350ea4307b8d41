//! What the shop sells and its pages: forty of them, looked at by a power law.

use crate::dice::Dice;

/// A thing to buy.
#[derive(Debug)]
pub(crate) struct Product {
    pub id: &'static str,
    pub category: &'static str,
    pub name: &'static str,
    /// In hundredths of the currency.
    pub cents: i64,
}

const fn product(id: &'static str, category: &'static str, name: &'static str, cents: i64) -> Product {
    Product { id, category, name, cents }
}

/// The most looked at first.
pub(crate) const PRODUCTS: [Product; 22] = [
    product("sku-1001", "lamps", "reading-lamp", 4_900),
    product("sku-1002", "desks", "standing-desk", 38_900),
    product("sku-1003", "chairs", "task-chair", 21_900),
    product("sku-1004", "lamps", "paper-lantern", 2_450),
    product("sku-1005", "kitchen", "pour-over-set", 3_650),
    product("sku-1006", "textiles", "wool-throw", 7_900),
    product("sku-1007", "kitchen", "stoneware-mug", 1_450),
    product("sku-1008", "chairs", "lounge-chair", 54_900),
    product("sku-1009", "storage", "wall-shelf", 6_900),
    product("sku-1010", "desks", "writing-desk", 27_500),
    product("sku-1011", "textiles", "linen-curtain", 5_400),
    product("sku-1012", "garden", "folding-table", 8_900),
    product("sku-1013", "storage", "archive-box", 1_190),
    product("sku-1014", "kitchen", "cast-iron-pan", 5_900),
    product("sku-1015", "lamps", "floor-lamp", 12_900),
    product("sku-1016", "garden", "rain-barrel", 9_900),
    product("sku-1017", "textiles", "cotton-rug", 14_900),
    product("sku-1018", "chairs", "stool", 3_900),
    product("sku-1019", "storage", "coat-rack", 4_200),
    product("sku-1020", "garden", "herb-planter", 2_900),
    product("sku-1021", "kitchen", "tea-kettle", 4_400),
    product("sku-1022", "desks", "drawer-unit", 11_900),
];

/// Pages that show no product, the most looked at first.
const PAGES: [&str; 18] = [
    "/",
    "/new",
    "/sale",
    "/c/lamps",
    "/c/desks",
    "/c/chairs",
    "/journal/small-rooms",
    "/c/kitchen",
    "/stores",
    "/c/textiles",
    "/help/delivery",
    "/c/storage",
    "/journal/light-in-winter",
    "/c/garden",
    "/about",
    "/help/returns",
    "/gift-cards",
    "/jobs",
];

const SITE: &str = "https://shop.example";

/// Numbers from 0 on: the first one twice as often as the second, three times as often as the third.
fn by_power_law(length: usize, dice: &mut Dice) -> usize {
    dice.weighted((0..length).map(|place| 1.0 / (place + 1) as f64))
}

pub(crate) fn some_page(dice: &mut Dice) -> String {
    url(PAGES[by_power_law(PAGES.len(), dice)])
}

pub(crate) fn some_product(dice: &mut Dice) -> &'static Product {
    &PRODUCTS[by_power_law(PRODUCTS.len(), dice)]
}

pub(crate) fn url(path: &str) -> String {
    format!("{SITE}{path}")
}

impl Product {
    pub fn url(&self) -> String {
        format!("{SITE}/p/{}", self.name)
    }
}

/// Where visitors come from, and how many of a hundred; nothing for those who typed the address.
pub(crate) const REFERRERS: [(Option<&str>, f64); 8] = [
    (None, 36.0),
    (Some("https://search.example/"), 31.0),
    (Some("https://social.example/feed"), 12.0),
    (Some("https://news.example/living"), 6.0),
    (Some("https://mail.example/"), 5.0),
    (Some("https://video.example/watch"), 4.0),
    (Some("https://prices.example/compare"), 4.0),
    (Some("https://partner.example/offers"), 2.0),
];

/// Campaigns, and the medium that each came by.
pub(crate) const CAMPAIGNS: [(&str, &str); 5] = [
    ("autumn-sale", "email"),
    ("small-rooms", "social"),
    ("brand-search", "cpc"),
    ("first-order", "cpc"),
    ("loyalty", "email"),
];

/// What people look for.
pub(crate) const SEARCHES: [&str; 10] =
    ["desk", "lamp", "chair", "shelf", "rug", "mug", "curtain", "coat rack", "planter", "gift"];
