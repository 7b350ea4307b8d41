//! Known addresses, addresses that have no country, and files that are none.

mod mmdb;

use std::fs;

use proptest::prelude::*;

use super::*;

fn bundled() -> Countries {
    Countries::open(&CountrySource::Bundled).unwrap()
}

fn code(countries: &Countries, address: &str) -> Option<String> {
    countries.of(address).map(|country| country.as_str().to_owned())
}

/// What opening a file with these bytes says.
fn opened(bytes: &[u8]) -> Result<Countries, String> {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("c.mmdb");
    fs::write(&path, bytes).unwrap();
    let opened = Countries::open(&CountrySource::File(path.clone())).map_err(|error| error.to_string());
    opened.map_err(|error| error.replace(path.to_str().unwrap(), "FILE"))
}

#[test]
fn the_bundled_data_knows_addresses_of_registries_and_networks() {
    let countries = bundled();
    for (address, expected) in [
        ("8.8.8.8", "US"),
        ("193.0.6.139", "NL"),        // RIPE NCC
        ("202.12.27.33", "JP"),       // a root server
        ("80.67.169.12", "FR"),       // FDN
        ("::ffff:193.0.6.139", "NL"), // IPv4 in IPv6
        ("2001:67c:2e8:22::c100:68b", "NL"),
        ("2001:4860:4860::8888", "US"),
    ] {
        assert_eq!(code(&countries, address).as_deref(), Some(expected), "{address}");
    }
}

#[test]
fn what_is_no_address_or_nobodys_has_no_country_even_where_a_file_covers_everything() {
    let everything = opened(&mmdb::file((&["country_code"], "NZ"), (&["country_code"], "NZ"))).unwrap();
    let bundled = bundled();
    assert_eq!(code(&everything, "1.1.1.1").as_deref(), Some("NZ"));
    for address in [
        "",
        " ",
        "host",
        "1.2.3",
        "1.2.3.4:80",
        "[::1]",
        "1.2.3.4 ",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2001:1ff:ffff::1",
        "2002:c100:68b::1",
        "3fff::1",
        "::ffff:10.0.0.1",
        "64:ff9b::1",
    ] {
        assert_eq!(code(&everything, address), None, "{address}");
        assert_eq!(code(&bundled, address), None, "{address}");
    }
    // A file of IPv4 alone says nothing of IPv6.
    assert_eq!(code(&everything, "2001:4860:4860::8888"), None);
}

#[test]
fn what_lies_beside_addresses_of_protocols_is_anybodys() {
    let is_public = |address: &str| is_public(address.parse().unwrap());
    for address in ["192.88.98.255", "192.88.100.0", "2001:200::1", "2003::1", "2000::1"] {
        assert!(is_public(address), "{address}");
    }
    for address in ["192.88.99.0", "192.88.99.255", "2001::1", "2001:1ff::1", "2002::", "2002:ffff::1"] {
        assert!(!is_public(address), "{address}");
    }
}

#[test]
fn a_file_may_have_either_shape_and_what_is_no_code_of_a_country_is_none() {
    let countries = opened(&mmdb::file((&["country", "iso_code"], "FI"), (&["country_code"], "SE"))).unwrap();
    assert_eq!(code(&countries, "8.8.8.8").as_deref(), Some("FI"));
    assert_eq!(code(&countries, "193.0.6.139").as_deref(), Some("SE"));
    for no_country in ["EU", "AP", "ZZ", "None", "fi", "", "F1", "FIN"] {
        let countries =
            opened(&mmdb::file((&["country_code"], "FI"), (&["country_code"], no_country))).unwrap();
        assert_eq!(code(&countries, "193.0.6.139"), None, "{no_country}");
    }
}

#[test]
fn off_knows_nothing() {
    let off = Countries::open(&CountrySource::Off).unwrap();
    assert!(off.is_off() && !bundled().is_off());
    assert_eq!(code(&off, "8.8.8.8"), None);
    let sources = ["off", "bundled", "./off"].map(|text| text.parse::<CountrySource>().unwrap());
    assert_eq!(sources, [CountrySource::Off, CountrySource::Bundled, CountrySource::File("./off".into())]);
}

#[test]
fn a_file_that_is_missing_cut_damaged_or_about_something_else_says_so() {
    let missing =
        Countries::open(&CountrySource::File("/nonexistent/c.mmdb".into())).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read the country database /nonexistent/c.mmdb: "), "{missing}");
    let damaged = "the country database FILE is not in MaxMind's format, or damaged: ";
    let good = mmdb::file((&["country_code"], "FI"), (&["country_code"], "SE"));
    for end in 0..good.len() {
        let error = opened(&good[..end]).unwrap_err();
        assert!(error.starts_with(damaged), "cut at {end}: {error}");
    }
    // A pointer past the data.
    let mut circle = good.clone();
    circle[5] = 200;
    assert!(opened(&circle).unwrap_err().starts_with(damaged));
    let other = mmdb::file((&["autonomous_system"], "A"), (&["autonomous_system"], "B"));
    assert_eq!(opened(&other).unwrap_err(), "the country database FILE holds no countries");
}

#[test]
fn the_bundled_data_is_sound_and_of_the_day_that_its_source_names() {
    let file = CountryFile::bundled().unwrap();
    assert!(file.count_countries().unwrap() > 200);
    let day = BUNDLED_SOURCE.strip_prefix("IPtoASN countries of ").and_then(|rest| rest.get(..10)).unwrap();
    let parts: Vec<u64> = day.split('-').map(|part| part.parse().unwrap()).collect();
    let [year, month, day] = parts[..] else { panic!("{BUNDLED_SOURCE}") };
    // Days from 1970 by the civil calendar, counted in years that begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let built = file.built_at() / 86_400;
    assert!(built.abs_diff(days) <= 1, "{BUNDLED_SOURCE}: built {built}, said {days}");
}

proptest! {
    #[test]
    fn no_damage_to_a_file_makes_it_panic(at in 0_usize..300, to in any::<u8>(), address in any::<u32>()) {
        let mut bytes = mmdb::file((&["country_code"], "FI"), (&["country", "iso_code"], "SE"));
        let at = at % bytes.len();
        bytes[at] = to;
        if let Ok(countries) = opened(&bytes) {
            let _ = countries.of(&std::net::Ipv4Addr::from(address).to_string());
        }
    }
}
