//! One line about a server, for a script.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::timeout;

use super::follow::{News, Wish, follow};
use super::server::Server;
use super::snapshot::Snapshot;
use crate::commands::say;

/// How long the server has to say how it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints the first snapshot.
pub fn print(server: &Server, project: Option<&str>, is_json: bool) -> anyhow::Result<()> {
    let snapshot = first(server, project)?;
    if is_json {
        say(&serde_json::to_string(&snapshot)?);
    } else {
        say(&line(&snapshot));
    }
    Ok(())
}

fn first(server: &Server, project: Option<&str>) -> anyhow::Result<Snapshot> {
    let (send, news) = mpsc::channel();
    let (_wishes, wish) = watch::channel(Wish { project: project.map(str::to_owned), has_feed: false });
    let runtime = Builder::new_current_thread().enable_all().build()?;
    // The stream goes on until nobody listens: one look at the news after each piece of it.
    runtime.block_on(async {
        let asked = async {
            let mut following = std::pin::pin!(follow(server, wish, &send));
            loop {
                let is_over = timeout(Duration::from_millis(20), &mut following).await.is_ok();
                for told in news.try_iter() {
                    match told {
                        News::Snapshot(snapshot) => return Ok(snapshot),
                        News::Lost(why) | News::Refused(why) => bail!("{}: {why}", server.url()),
                        _ => {}
                    }
                }
                if is_over {
                    bail!("{}: the stream ended", server.url());
                }
            }
        };
        let late = anyhow!("{} has not said how it is in {} s", server.url(), PATIENCE.as_secs());
        timeout(PATIENCE, asked).await.unwrap_or(Err(late))
    })
}

/// A snapshot as words.
fn line(snapshot: &Snapshot) -> String {
    let errors =
        snapshot.error_rate.map_or_else(|| "no requests".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
    let names = snapshot.top_names.iter().take(5).map(|name| format!("{} {}", name.name, name.count));
    let line = format!(
        "{}  connections {}  events/s {:.1}  requests/s {:.1}  errors {errors}  events {}  {}",
        snapshot.time,
        snapshot.open_connections,
        snapshot.events_per_second,
        snapshot.requests_per_second,
        snapshot.total_events,
        names.collect::<Vec<_>>().join(", "),
    );
    // A name is whatever somebody sent: nothing of it may move the cursor.
    line.trim_end().chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::NameCount;
    use super::*;

    #[test]
    fn a_line_holds_the_numbers_and_nothing_that_a_terminal_obeys() {
        let top_names = vec![NameCount { name: "a\u{1b}[2Jb\n".into(), count: 7 }];
        let snapshot = Snapshot {
            time: "t".into(),
            open_connections: 3,
            error_rate: Some(0.0125),
            top_names,
            ..Snapshot::default()
        };
        let line = line(&snapshot);
        assert!(line.contains("connections 3") && line.contains("errors 1.2 %"), "{line}");
        assert!(line.contains("a\u{fffd}[2Jb\u{fffd} 7") && !line.contains(char::is_control), "{line}");
    }
}
