//! The lists in which a Tyk gateway leaves its records: one, ten shards, and each of them again for Protobuf.

use std::fmt;

/// Where the gateway's lists are, unless it is configured otherwise.
pub const DEFAULT_LIST: &str = "analytics-tyk-system-analytics";
/// Shards of a list, `_0` to `_9`: what a gateway with `enable_multiple_analytics_keys` spreads its records over.
pub const SHARDS: usize = 10;
/// What the name of a Protobuf list ends with.
const PROTOBUF_SUFFIX: &str = "_protobuf";
/// What stands before the name of a list in the name of the list of its records that were set aside. The braces make
/// both hash to one slot of a cluster, so that a record can move from one to the other in one step.
const SET_ASIDE: &str = "tidegauge-set-aside:";

/// How a list's records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// MessagePack maps, keyed by Go field names.
    MessagePack,
    /// `AnalyticsRecord` of the gateway's `analytics.proto`.
    Protobuf,
}

/// One list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its key in Redis.
    pub key: String,
    /// The key of the list of those of its records that were set aside.
    pub set_aside: String,
    /// How its records are written.
    pub encoding: Encoding,
}

impl List {
    fn new(key: String, encoding: Encoding) -> Self {
        let set_aside = format!("{SET_ASIDE}{{{key}}}");
        Self { key, set_aside, encoding }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

/// Every list that a gateway may write: `name` and its shards, in both encodings.
#[must_use]
pub fn lists_of(name: &str) -> Vec<List> {
    let shards = (0..SHARDS).map(|shard| format!("{name}_{shard}"));
    std::iter::once(name.to_owned())
        .chain(shards)
        .flat_map(|key| {
            let protobuf = format!("{key}{PROTOBUF_SUFFIX}");
            [List::new(key, Encoding::MessagePack), List::new(protobuf, Encoding::Protobuf)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_has_twenty_two_lists_each_with_one_for_what_is_set_aside() {
        let lists = lists_of(DEFAULT_LIST);
        assert_eq!(lists.len(), 22);
        assert_eq!(lists[0].key, "analytics-tyk-system-analytics");
        assert_eq!(lists[1].key, "analytics-tyk-system-analytics_protobuf");
        assert_eq!(lists[20].key, "analytics-tyk-system-analytics_9");
        assert_eq!(lists[21].key, "analytics-tyk-system-analytics_9_protobuf");
        assert_eq!(lists[0].set_aside, "tidegauge-set-aside:{analytics-tyk-system-analytics}");
    }
}
