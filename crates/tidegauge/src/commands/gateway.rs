//! Where a gateway's Redis is, as `connect tyk` and `serve` are told it.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use tidegauge_connect::queue::Address;

use super::wrong_usage;

/// What the arguments say of Redis.
pub struct RedisArgs<'a> {
    pub urls: &'a [String],
    pub is_cluster: bool,
    pub authority: Option<&'a Path>,
    pub password_file: Option<&'a Path>,
    pub list: &'a str,
}

impl RedisArgs<'_> {
    /// The address; the process ends where the arguments make none.
    pub fn address(&self) -> anyhow::Result<Address> {
        // Braces choose a key's slot, and the list of what is set aside has to be in the slot of the list itself.
        if self.is_cluster && self.list.contains(['{', '}']) {
            wrong_usage(&"in a Redis Cluster the name of a list must not have braces");
        }
        let address = if self.is_cluster { Address::cluster(self.urls) } else { Address::server(self.urls) };
        let mut address = address.unwrap_or_else(|error| wrong_usage(&error));
        if let Some(file) = self.password_file {
            address = address.with_password(&one_line(file)?);
        }
        if let Some(authority) = self.authority {
            address = address.with_authority(file(authority)?).unwrap_or_else(|error| wrong_usage(&error));
        }
        Ok(address)
    }
}

/// What a file holds.
pub fn file(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A secret from a file, without the line's end.
pub fn one_line(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.trim().to_owned())
}
