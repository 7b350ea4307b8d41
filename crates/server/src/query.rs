//! Query parameters: found by name, decoded, each at most once.
//!
//! Promise: an error names the parameter and never quotes its value, which may be a credential.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A request's query, as it stands in the URL.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a>(&'a str);

/// Why a parameter is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadQuery {
    /// It stands there more than once, under one name or two.
    #[error("the parameter {0} is given more than once")]
    Repeated(&'static str),
    /// Its bytes are no text.
    #[error("the parameter {0} is not UTF-8")]
    NotText(&'static str),
    /// It breaks its rule, which is told.
    #[error("the parameter {0} must be {1}")]
    Breaks(&'static str, &'static str),
}

impl<'a> Query<'a> {
    /// The query of a URL, if it has one.
    #[must_use]
    pub fn of(uri: &'a axum::http::Uri) -> Self {
        Self(uri.query().unwrap_or_default())
    }

    /// All parameters of this name, in their order; empty ones count as absent.
    ///
    /// # Errors
    /// One is no text.
    pub fn all(self, name: &'static str) -> Result<Vec<Cow<'a, str>>, BadQuery> {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let named = pairs.filter(|(given, _)| decoded(given).is_some_and(|given| given == name));
        let values = named.map(|(_, value)| decoded(value).ok_or(BadQuery::NotText(name)));
        values.filter(|value| value.as_ref().map_or(true, |value| !value.is_empty())).collect()
    }

    /// The parameter that goes by any of `names`; an empty one counts as absent, as an empty field of a form is.
    ///
    /// # Errors
    /// It is there more than once, or is no text.
    pub fn one(self, names: &[&'static str]) -> Result<Option<Cow<'a, str>>, BadQuery> {
        let mut found = None;
        for pair in self.0.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some(name) = names.iter().find(|known| decoded(name).is_some_and(|name| name == **known))
            else {
                continue;
            };
            if found.is_some() {
                return Err(BadQuery::Repeated(name));
            }
            found = Some(decoded(value).ok_or(BadQuery::NotText(name))?);
        }
        Ok(found.filter(|value| !value.is_empty()))
    }
}

/// The text of a name or value; `None` when it is not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    // In a query a space may be written as a plus (HTML forms).
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode_str(&spaced).decode_utf8().ok().map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(query: &str) -> Result<Option<String>, BadQuery> {
        Query(query).one(&["a", "alpha"]).map(|value| value.map(Cow::into_owned))
    }

    #[test]
    fn a_parameter_is_found_by_any_of_its_names_and_decoded() {
        assert_eq!(one("x=1&a=b%20c%2B&y=2"), Ok(Some("b c+".into())));
        assert_eq!(one("alpha=b+c"), Ok(Some("b c".into())));
        assert_eq!(one("%61=%C3%A9"), Ok(Some("é".into())));
    }

    #[test]
    fn an_absent_and_an_empty_one_are_the_same() {
        for query in ["", "b=1", "a", "a=", "aa=1", "&&", "A=1"] {
            assert_eq!(one(query), Ok(None), "{query}");
        }
    }

    #[test]
    fn a_repeated_one_and_one_that_is_no_text_are_refused_without_being_quoted() {
        assert_eq!(one("a=1&a=1"), Err(BadQuery::Repeated("a")));
        assert_eq!(one("a=1&alpha=2"), Err(BadQuery::Repeated("alpha")));
        assert_eq!(one("a=secret%ff"), Err(BadQuery::NotText("a")));
        assert_eq!(one("b=%ff&%ff=b&a=1"), Ok(Some("1".into())));
    }
}
