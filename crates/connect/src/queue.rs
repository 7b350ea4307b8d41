//! The gateway's lists in Redis: looked at from their head, and shortened only by what was looked at.
//!
//! Promise: [`Queue::remove`] takes records off a list only if the list still begins with them, in one step with
//! setting aside those that cannot be stored. So a second connector, the gateway's own Pump, a list that expired or a
//! Redis that lost its last second never make it remove what nobody has read.

mod address;
mod failure;

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, RedisResult, cmd};
use sha1::{Digest as _, Sha1};
use tokio::time::Instant;

pub use self::address::{Address, AddressError};
use self::failure::trouble;
use crate::lists::List;
use crate::sink::Trouble;

/// How long a connection to Redis may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the expiry that a gateway sets on its lists is taken off while records wait: several times in the minute
/// that a gateway gives them by default.
pub const KEEP_INTERVAL: Duration = Duration::from_secs(5);
/// How long Redis may take to answer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Takes the first records off a list if it still begins with them. KEYS: the list, the list of those set aside.
/// ARGV: how many, their [`digest`], the most that stay set aside, those to set aside. Answers -1 when the list has
/// changed, else how many of the oldest set aside were given up for room.
///
/// The first write is one that changes nothing and that a full Redis (`maxmemory`) lets through: it refuses a script's
/// growing writes only where they come first, and setting aside is followed by removing more than that.
const REMOVE: &str = "
local n = tonumber(ARGV[1])
local head = redis.call('LRANGE', KEYS[1], 0, n - 1)
local digest = ''
for _, record in ipairs(head) do digest = redis.sha1hex(digest .. record) end
if #head ~= n or digest ~= ARGV[2] then
  return -1
end
local given_up = 0
if #ARGV > 3 then
  redis.call('LTRIM', KEYS[2], 0, -1)
  for i = 4, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
  given_up = math.max(0, redis.call('LLEN', KEYS[2]) - tonumber(ARGV[3]))
  redis.call('LTRIM', KEYS[2], given_up, -1)
end
redis.call('LTRIM', KEYS[1], n, -1)
return given_up";

/// The lists. A connection is made when it is first needed, and again after trouble.
#[derive(Debug)]
pub struct Queue {
    address: Address,
    link: Option<Link>,
    /// When the lists are next to be kept from expiring; at once at first.
    keep_next: Option<Instant>,
    /// The lists whose expiry was taken off.
    expiring: HashSet<String>,
    has_warned: bool,
}

/// What became of records that were to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    /// They are gone, or set aside; so many of those set aside earlier were given up for room.
    Done {
        /// Records given up.
        given_up: u64,
    },
    /// The list no longer begins with them: somebody else takes records off it. Nothing was removed.
    Changed,
}

enum Link {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl Queue {
    /// The lists at an address; nothing is asked of it yet.
    #[must_use]
    pub fn new(address: Address) -> Self {
        Self { address, link: None, keep_next: None, expiring: HashSet::new(), has_warned: false }
    }

    /// How many records wait in each list.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn lengths(&mut self, lists: &[List]) -> Result<Vec<u64>, Trouble> {
        let mut lengths = Vec::with_capacity(lists.len());
        for list in lists {
            lengths.push(self.ask(cmd("LLEN").arg(&list.key)).await?);
        }
        Ok(lengths)
    }

    /// Takes the expiry off every list, if it is time to: a gateway sets it again with each of its writes, and records
    /// that wait for a server would expire with it.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn keep(&mut self, lists: &[List]) -> Result<(), Trouble> {
        if self.keep_next.is_some_and(|next| Instant::now() < next) {
            return Ok(());
        }
        // Before it is tried: a Redis in trouble is not asked more often.
        self.keep_next = Some(Instant::now() + KEEP_INTERVAL);
        for list in lists {
            self.persist(list).await?;
        }
        Ok(())
    }

    /// Keeps the lists from expiring for as long as it is awaited. Trouble is left to those who need an answer.
    pub async fn keep_on(&mut self, lists: &[List]) -> Infallible {
        loop {
            if let Some(next) = self.keep_next {
                tokio::time::sleep_until(next).await;
            }
            let _ = self.keep(lists).await;
        }
    }

    /// The first records of a list, `most` of them or fewer. A list that would expire is kept: records are in it.
    ///
    /// # Errors
    /// Redis cannot be reached, or refuses.
    pub async fn read(&mut self, list: &List, most: usize) -> Result<Vec<Vec<u8>>, Trouble> {
        self.persist(list).await?;
        self.ask(cmd("LRANGE").arg(&list.key).arg(0).arg(most.saturating_sub(1))).await
    }

    /// Removes what was read from the head of a list, and sets aside the records of it at `unusable`, of which the
    /// newest `most_set_aside` stay.
    ///
    /// # Errors
    /// Redis cannot be reached or refuses; whether they were removed is then unknown.
    pub async fn remove(
        &mut self,
        list: &List,
        read: &[Vec<u8>],
        unusable: &[usize],
        most_set_aside: usize,
    ) -> Result<Removed, Trouble> {
        if read.is_empty() {
            return Ok(Removed::Done { given_up: 0 });
        }
        let mut script = cmd("EVAL");
        script.arg(REMOVE).arg(2).arg(&list.key).arg(&list.set_aside);
        script.arg(read.len()).arg(digest(read)).arg(most_set_aside);
        for index in unusable {
            script.arg(&read[*index]);
        }
        let answer: i64 = self.ask(&script).await?;
        Ok(u64::try_from(answer).map_or(Removed::Changed, |given_up| Removed::Done { given_up }))
    }

    async fn persist(&mut self, list: &List) -> Result<(), Trouble> {
        let would_expire: bool = self.ask(cmd("PERSIST").arg(&list.key)).await?;
        if would_expire && !self.expiring.insert(list.key.clone()) && !self.has_warned {
            self.has_warned = true;
            tracing::warn!(%list, "the gateway sets an expiry on its lists again and again: it is taken off here, but while \
                nobody does records expire unread; set analytics_config.storage_expiration_time to -1 in the gateway");
        }
        Ok(())
    }

    async fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Trouble> {
        let answered = self.answer(command).await;
        answered.map_err(|error| {
            // Whatever it was: a new connection begins in a known state.
            self.link = None;
            trouble(&self.address, &error)
        })
    }

    async fn answer<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        let link = match &mut self.link {
            Some(link) => link,
            none => none.insert(connect(&self.address).await?),
        };
        match link {
            Link::Single(connection) => command.query_async(connection).await,
            Link::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

/// What [`REMOVE`] makes of the same records: SHA-1, each time of the digest so far, in hex, and the next record. As
/// all but the first have the same length before them, other records, as many, never make the same bytes. It tells
/// records apart that a gateway wrote and need not withstand a forger: who writes to the list can as well empty it.
fn digest(records: &[Vec<u8>]) -> String {
    records.iter().fold(String::new(), |digest, record| {
        let hash = Sha1::new().chain_update(digest).chain_update(record).finalize();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    })
}

async fn connect(address: &Address) -> RedisResult<Link> {
    // Exactly one provider is meant to be in the process; another part of it may have said so already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    if address.is_cluster {
        let mut client = ClusterClient::builder(address.nodes.clone())
            .retries(2)
            .connection_timeout(CONNECT_TIMEOUT)
            .response_timeout(ANSWER_TIMEOUT);
        if let Some(certificates) = address.certificates() {
            client = client.certs(certificates);
        }
        return Ok(Link::Cluster(client.build()?.get_async_connection().await?));
    }
    let node = address.nodes[0].clone();
    let client = match address.certificates() {
        Some(certificates) => Client::build_with_tls(node, certificates)?,
        None => Client::open(node)?,
    };
    let timeouts = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(ANSWER_TIMEOUT));
    Ok(Link::Single(client.get_multiplexed_async_connection_with_config(&timeouts).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_every_record_and_on_where_each_ends() {
        let of =
            |records: &[&[u8]]| digest(&records.iter().map(|record| record.to_vec()).collect::<Vec<_>>());
        assert_eq!(of(&[b"abc"]), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let all = [of(&[b"ab", b"c", b"d"]), of(&[b"a", b"bc", b"d"]), of(&[b"ab", b"x", b"d"])];
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{all:?}");
    }
}
