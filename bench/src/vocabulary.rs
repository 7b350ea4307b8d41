//! The words the events are made of: names, pages, referrers and browsers as a shop's web site and app would send them.
//! Constants only; how often each is drawn is decided in `events`.

/// Event names with their category, the most frequent first: the draw is skewed towards the front.
pub const NAMES: [(&str, &str); 40] = [
    ("page_view", "page_view"),
    ("scroll_depth", "user_action"),
    ("button_click", "user_action"),
    ("product_view", "page_view"),
    ("search", "user_action"),
    ("session_start", "system"),
    ("add_to_cart", "trading"),
    ("api_latency", "performance"),
    ("image_zoom", "user_action"),
    ("filter_apply", "user_action"),
    ("web_vitals", "performance"),
    ("login", "auth"),
    ("form_focus", "user_action"),
    ("checkout_start", "trading"),
    ("video_play", "feature"),
    ("js_error", "error"),
    ("remove_from_cart", "trading"),
    ("purchase", "trading"),
    ("session_end", "system"),
    ("logout", "auth"),
    ("coupon_apply", "trading"),
    ("wishlist_add", "feature"),
    ("share", "feature"),
    ("video_complete", "feature"),
    ("signup", "auth"),
    ("payment_failed", "error"),
    ("language_change", "feature"),
    ("theme_change", "feature"),
    ("review_submit", "user_action"),
    ("chat_open", "feature"),
    ("file_download", "user_action"),
    ("notification_open", "feature"),
    ("password_reset", "auth"),
    ("refund_request", "trading"),
    ("api_error", "error"),
    ("cache_miss", "performance"),
    ("feature_flag_seen", "feature"),
    ("two_factor", "auth"),
    ("subscription_renew", "trading"),
    ("account_delete", "auth"),
];

/// Sections of the site; a page is a section and a number.
pub const SECTIONS: [&str; 12] =
    ["p", "c", "blog", "help", "account", "cart", "deals", "brand", "search", "orders", "new", "gift"];

/// Where visitors come from, when they come from somewhere.
pub const REFERRERS: [&str; 10] = [
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://duckduckgo.com/",
    "https://news.ycombinator.com/",
    "https://www.reddit.com/r/deals",
    "https://t.co/Qz81kLm",
    "https://l.facebook.com/",
    "https://www.youtube.com/",
    "https://mail.example.com/",
    "https://partner.example.net/a",
];

/// Buttons, filters and plans that properties speak of.
pub const ELEMENTS: [&str; 10] = [
    "hero",
    "buy-now",
    "nav-top",
    "footer",
    "size-m",
    "color-red",
    "sort-price",
    "plan-pro",
    "tab-specs",
    "close",
];

/// Client versions an app reports itself with.
const APP_VERSIONS: [&str; 5] = ["3.2.1", "3.2.0", "3.1.7", "3.0.12", "2.9.4"];

/// Phones an app reports.
const PHONES: [&str; 6] = [
    "iPhone15,2; iOS 17.5",
    "iPhone14,7; iOS 18.1",
    "iPhone16,1; iOS 18.2",
    "Pixel 8; Android 15",
    "SM-S921B; Android 14",
    "SM-A546E; Android 14",
];

/// Chrome majors seen on the desktop and on Android.
const CHROMES: [u32; 5] = [131, 130, 129, 128, 126];

/// Builds the 50 user agents: 30 of the shop's app, 20 of browsers.
pub fn user_agents() -> Vec<String> {
    let mut agents = Vec::with_capacity(50);
    for version in APP_VERSIONS {
        agents.extend(PHONES.map(|phone| format!("ShopApp/{version} ({phone})")));
    }
    for chrome in CHROMES {
        agents.push(format!(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Safari/537.36"
        ));
        agents.push(format!(
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{chrome}.0.0.0 Mobile Safari/537.36"
        ));
        let firefox = chrome + 1;
        agents.push(format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"
        ));
        agents.push(format!(
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{firefox}.0) Gecko/20100101 Firefox/{firefox}.0"
        ));
    }
    agents
}
