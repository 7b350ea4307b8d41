//! The dashboard in a real browser, on servers with a few facts of the scripts' own: signing in, Now, Connections,
//! Settings, the view and its address, and all of it by the keyboard.

use crate::harness::Site;
use crate::harness::browser::browse;

fn in_browser(script: &str) -> String {
    let site = Site::new();
    let server = site.start(&[]);
    let printed = browse(&server, script);
    server.stop();
    printed
}

#[test]
fn signing_in_lets_in_who_may_read_tells_the_others_why_and_keeps_the_credential_nowhere() {
    in_browser("sign_in.cjs");
}

#[test]
#[expect(clippy::print_stdout, reason = "the promise is two seconds: how fast it was is told")]
fn now_fills_by_itself_shows_an_event_within_two_seconds_and_agrees_with_the_api() {
    println!("{}", in_browser("now.cjs"));
}

#[test]
fn connections_shows_the_summarys_numbers_however_they_are_narrowed() {
    in_browser("connections.cjs");
}

#[test]
fn settings_do_against_the_api_what_they_say_and_only_for_administrators() {
    in_browser("settings.cjs");
}

#[test]
fn a_view_is_chosen_by_pointer_and_keys_and_its_address_shows_it_to_others() {
    in_browser("view.cjs");
}

#[test]
fn the_pages_are_used_by_keyboard_alone_and_axe_finds_nothing_in_both_themes_wide_and_narrow() {
    in_browser("keyboard.cjs");
}
