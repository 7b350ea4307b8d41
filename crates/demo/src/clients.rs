//! What people hold in their hands: user agents, and what they say when they are taken apart.

use crate::dice::Dice;

/// A program on a device.
#[derive(Debug)]
pub(crate) struct Client {
    pub user_agent: &'static str,
    pub device_vendor: Option<&'static str>,
    pub device_model: Option<&'static str>,
    pub device_type: &'static str,
    pub os: (&'static str, &'static str),
    pub browser: (&'static str, &'static str),
    pub engine: (&'static str, &'static str),
    pub cpu: &'static str,
    pub screen: (i64, i64),
    /// How many of a hundred have it.
    share: f64,
}

impl Client {
    /// The browser's major version.
    pub fn major(&self) -> &'static str {
        self.browser.1.split('.').next().unwrap_or_default()
    }
}

/// What visitors of a web page have.
pub(crate) const BROWSERS: [Client; 12] = [
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Windows", "10"),
        browser: ("Chrome", "142.0.0.0"),
        engine: ("Blink", "142.0.0.0"),
        cpu: "amd64",
        screen: (1920, 1080),
        share: 24.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
        device_vendor: Some("Apple"),
        device_model: Some("iPhone"),
        device_type: "mobile",
        os: ("iOS", "18.6"),
        browser: ("Mobile Safari", "18.6"),
        engine: ("WebKit", "605.1.15"),
        cpu: "arm64",
        screen: (393, 852),
        share: 21.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
        device_vendor: None,
        device_model: Some("K"),
        device_type: "mobile",
        os: ("Android", "10"),
        browser: ("Mobile Chrome", "142.0.0.0"),
        engine: ("Blink", "142.0.0.0"),
        cpu: "arm64",
        screen: (412, 915),
        share: 20.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
        device_vendor: Some("Apple"),
        device_model: Some("Macintosh"),
        device_type: "desktop",
        os: ("macOS", "10.15.7"),
        browser: ("Safari", "18.6"),
        engine: ("WebKit", "605.1.15"),
        cpu: "arm64",
        screen: (1512, 982),
        share: 8.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
        device_vendor: Some("Apple"),
        device_model: Some("Macintosh"),
        device_type: "desktop",
        os: ("macOS", "10.15.7"),
        browser: ("Chrome", "142.0.0.0"),
        engine: ("Blink", "142.0.0.0"),
        cpu: "arm64",
        screen: (1728, 1117),
        share: 7.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Windows", "10"),
        browser: ("Edge", "142.0.0.0"),
        engine: ("Blink", "142.0.0.0"),
        cpu: "amd64",
        screen: (1536, 864),
        share: 6.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Windows", "10"),
        browser: ("Firefox", "145.0"),
        engine: ("Gecko", "145.0"),
        cpu: "amd64",
        screen: (1920, 1200),
        share: 4.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 15; SAMSUNG SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        device_vendor: Some("Samsung"),
        device_model: Some("SM-S921B"),
        device_type: "mobile",
        os: ("Android", "15"),
        browser: ("Samsung Internet", "28.0"),
        engine: ("Blink", "130.0.0.0"),
        cpu: "arm64",
        screen: (360, 780),
        share: 3.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
        device_vendor: Some("Apple"),
        device_model: Some("iPad"),
        device_type: "tablet",
        os: ("iOS", "18.5"),
        browser: ("Mobile Safari", "18.5"),
        engine: ("WebKit", "605.1.15"),
        cpu: "arm64",
        screen: (834, 1194),
        share: 2.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Linux", "x86_64"),
        browser: ("Firefox", "145.0"),
        engine: ("Gecko", "145.0"),
        cpu: "amd64",
        screen: (2560, 1440),
        share: 1.8,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Linux", "x86_64"),
        browser: ("Chrome", "141.0.0.0"),
        engine: ("Blink", "141.0.0.0"),
        cpu: "amd64",
        screen: (1920, 1080),
        share: 1.2,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        device_vendor: None,
        device_model: None,
        device_type: "desktop",
        os: ("Chrome OS", "14541.0.0"),
        browser: ("Chrome", "140.0.0.0"),
        engine: ("Blink", "140.0.0.0"),
        cpu: "amd64",
        screen: (1366, 768),
        share: 1.0,
    },
];

/// What the app runs on.
pub(crate) const PHONES: [Client; 4] = [
    Client {
        user_agent: "HarborApp/5.8.1 (iOS 18.6; iPhone)",
        device_vendor: Some("Apple"),
        device_model: Some("iPhone"),
        device_type: "mobile",
        os: ("iOS", "18.6"),
        browser: ("HarborApp", "5.8.1"),
        engine: ("WebKit", "605.1.15"),
        cpu: "arm64",
        screen: (393, 852),
        share: 44.0,
    },
    Client {
        user_agent: "HarborApp/5.8.1 (Android 15; Pixel 9)",
        device_vendor: Some("Google"),
        device_model: Some("Pixel 9"),
        device_type: "mobile",
        os: ("Android", "15"),
        browser: ("HarborApp", "5.8.1"),
        engine: ("Blink", "142.0.0.0"),
        cpu: "arm64",
        screen: (412, 923),
        share: 30.0,
    },
    Client {
        user_agent: "HarborApp/5.7.0 (Android 14; SM-A546B)",
        device_vendor: Some("Samsung"),
        device_model: Some("SM-A546B"),
        device_type: "mobile",
        os: ("Android", "14"),
        browser: ("HarborApp", "5.7.0"),
        engine: ("Blink", "139.0.0.0"),
        cpu: "arm64",
        screen: (360, 780),
        share: 19.0,
    },
    Client {
        user_agent: "HarborApp/5.6.2 (iOS 17.7; iPad)",
        device_vendor: Some("Apple"),
        device_model: Some("iPad"),
        device_type: "tablet",
        os: ("iOS", "17.7"),
        browser: ("HarborApp", "5.6.2"),
        engine: ("WebKit", "605.1.15"),
        cpu: "arm64",
        screen: (820, 1180),
        share: 7.0,
    },
];

/// What stands in the halls.
pub(crate) const TERMINAL: Client = Client {
    user_agent: "Mozilla/5.0 (X11; Linux aarch64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 LanternKiosk/3.2",
    device_vendor: Some("Lantern"),
    device_model: Some("K-32"),
    device_type: "kiosk",
    os: ("Linux", "aarch64"),
    browser: ("Chrome", "138.0.0.0"),
    engine: ("Blink", "138.0.0.0"),
    cpu: "arm64",
    screen: (1080, 1920),
    share: 100.0,
};

/// One of these, by what people have.
pub(crate) fn pick(of: &'static [Client], dice: &mut Dice) -> &'static Client {
    &of[dice.weighted(of.iter().map(|client| client.share))]
}
