//! A country: two letters of ISO 3166-1.

/// Codes of two letters that registries and databases use for what is no country.
const NO_COUNTRIES: [&str; 3] = ["AP", "EU", "ZZ"];

/// A country's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a code: two letters, A to Z. None for regions and "unknown".
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let letters: [u8; 2] = code.as_bytes().try_into().ok()?;
        let is_country = letters.iter().all(u8::is_ascii_uppercase) && !NO_COUNTRIES.contains(&code);
        is_country.then_some(Self(letters))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Invariant: both are letters of ASCII.
        str::from_utf8(&self.0).unwrap_or_default()
    }
}
