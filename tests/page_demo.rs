//! The dashboard in a real browser, with the demo's days in it: what each page shows is what the API says, whatever one
//! picks, and troubles are told. Other pages' tests have facts of their own.

use crate::harness::Site;
use crate::harness::browser::browse;

/// One after the other on one server: to make the demo's days takes longer than to look at them.
const LOOKS: [&str; 6] =
    ["numbers.cjs", "events.cjs", "sessions.cjs", "traffic.cjs", "explore.cjs", "troubles.cjs"];

#[test]
#[expect(clippy::print_stdout, reason = "figures to look at, and no bar")]
fn what_the_pages_show_of_two_days_is_what_the_api_says_of_them() {
    let site = Site::new();
    let server = site.start_demo(&["--days", "2"]);
    for look in LOOKS {
        println!("{look} {}", browse(&server, look));
    }
    server.stop();
}
