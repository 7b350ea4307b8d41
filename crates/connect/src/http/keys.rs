//! Which key an organization's records are sent with. A key belongs to one tenant, so this decides whose they become:
//! an organization that nobody has named is nobody's.

use std::collections::HashMap;
use std::fmt;

use reqwest::header::HeaderValue;
use tidegauge_facts::ids::is_valid_id;

use crate::gateway_record::Unusable;

/// In the place of an organization: all that are not named.
pub const ANY: &str = "*";

/// Why there are no such keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    /// Nobody's records are wanted.
    #[error("say whose records the key is for: --org ORGANIZATION, or --org '*' for all of the gateway's")]
    NoOrganization,
    /// Two keys for one organization.
    #[error("an organization is named twice")]
    Twice,
    /// A key with a line end or the like in it.
    #[error("a key is a line of printable characters")]
    Unprintable,
}

/// The keys. They are in no text that this prints.
pub struct Keys {
    headers: Vec<HeaderValue>,
    by_organization: HashMap<String, usize>,
}

impl Keys {
    /// Pairs of an organization (or `*`, all that are not named) and the key for it.
    ///
    /// # Errors
    /// [`NoKeys`] says which rule is broken.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, NoKeys> {
        let mut keys: Vec<String> = Vec::new();
        let mut by_organization = HashMap::new();
        for (organization, key) in pairs {
            let index = keys.iter().position(|known| *known == key).unwrap_or(keys.len());
            if index == keys.len() {
                keys.push(key);
            }
            if by_organization.insert(organization, index).is_some() {
                return Err(NoKeys::Twice);
            }
        }
        if by_organization.is_empty() {
            return Err(NoKeys::NoOrganization);
        }
        let headers = keys.iter().map(|key| header(key)).collect::<Result<_, _>>()?;
        Ok(Self { headers, by_organization })
    }

    pub(super) fn of(&self, organization: &str) -> Result<usize, Unusable> {
        let key = self.by_organization.get(organization).or_else(|| self.by_organization.get(ANY));
        key.copied().ok_or_else(|| match is_valid_id(organization) {
            true => Unusable(format!("no key for organization {organization}").into()),
            false if organization.is_empty() => Unusable::new("the record names no organization"),
            false => Unusable::new("no key for an organization whose id is none"),
        })
    }

    pub(super) fn header(&self, key: usize) -> HeaderValue {
        self.headers[key].clone()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

fn header(key: &str) -> Result<HeaderValue, NoKeys> {
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(NoKeys::Unprintable);
    }
    let mut header = HeaderValue::try_from(format!("Bearer {key}")).map_err(|_| NoKeys::Unprintable)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(pairs: &[(&str, &str)]) -> Result<Keys, NoKeys> {
        Keys::new(pairs.iter().map(|(organization, key)| ((*organization).to_owned(), (*key).to_owned())))
    }

    #[test]
    fn an_organization_that_nobody_named_has_no_key() {
        let some = keys(&[("a", "k1"), ("b", "k2"), ("c", "k1")]).unwrap();
        assert_eq!((some.of("a"), some.of("b"), some.of("c")), (Ok(0), Ok(1), Ok(0)));
        assert_eq!(some.of("d").unwrap_err().0, "no key for organization d");
        assert_eq!(some.of("").unwrap_err().0, "the record names no organization");
        assert_eq!(some.of("x\n").unwrap_err().0, "no key for an organization whose id is none");
        let all = keys(&[("a", "k1"), (ANY, "k2")]).unwrap();
        assert_eq!((all.of("a"), all.of("d"), all.of("")), (Ok(0), Ok(1), Ok(1)));
    }

    #[test]
    fn keys_that_cannot_be_meant_are_refused() {
        assert_eq!(keys(&[]).unwrap_err(), NoKeys::NoOrganization);
        assert_eq!(keys(&[("a", "k"), ("a", "l")]).unwrap_err(), NoKeys::Twice);
        assert_eq!(keys(&[("a", "k\n")]).unwrap_err(), NoKeys::Unprintable);
        assert_eq!(keys(&[("a", "")]).unwrap_err(), NoKeys::Unprintable);
    }
}
