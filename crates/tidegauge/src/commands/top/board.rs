//! What is on the screen: the newest snapshot, the last two minutes, the newest events, and what was pressed.

use std::collections::VecDeque;

use super::follow::{News, Wish};
use super::snapshot::{FeedLine, Snapshot};

/// Seconds that a line of the past holds.
pub const PAST_SECONDS: usize = 120;
/// Events that are kept for the feed: more than the tallest terminal has lines.
const MAX_FEED: usize = 500;

/// How the stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    Connecting,
    Live,
    /// It is tried again.
    Lost(String),
    /// It is not.
    Over(String),
}

/// Everything that is shown.
#[derive(Debug)]
pub struct Board {
    pub url: String,
    pub wish: Wish,
    pub projects: Vec<String>,
    pub connection: Connection,
    pub is_paused: bool,
    /// Some events of the feed are missing.
    pub has_missed: bool,
    pub snapshot: Option<Snapshot>,
    pub past: Past,
    pub feed: VecDeque<FeedLine>,
}

/// The last seconds, oldest first.
#[derive(Debug, Default)]
pub struct Past {
    pub connections: VecDeque<u64>,
    /// In thousandths.
    pub events: VecDeque<u64>,
    /// In thousandths.
    pub requests: VecDeque<u64>,
    /// In thousandths of a percent.
    pub errors: VecDeque<u64>,
}

/// A key that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressed {
    Quit,
    Pause,
    Feed,
    NextProject,
    PreviousProject,
}

impl Board {
    pub fn new(url: &str, wish: Wish) -> Self {
        Self {
            url: url.to_owned(),
            wish,
            projects: Vec::new(),
            connection: Connection::Connecting,
            is_paused: false,
            has_missed: false,
            snapshot: None,
            past: Past::default(),
            feed: VecDeque::new(),
        }
    }

    /// Takes in what is told. While it is paused, what is shown stays.
    pub fn hear(&mut self, news: News) {
        match news {
            News::Connected(wish) if wish == self.wish => self.connection = Connection::Live,
            News::Lost(why) => self.connection = Connection::Lost(why),
            News::Refused(why) => self.connection = Connection::Over(why),
            News::Projects(projects) => self.projects = projects,
            _ if self.is_paused => {}
            News::Snapshot(snapshot) => {
                self.past.note(&snapshot);
                self.snapshot = Some(snapshot);
            }
            News::Event(line) => {
                self.feed.push_front(line);
                self.feed.truncate(MAX_FEED);
            }
            News::Missed => self.has_missed = true,
            News::Connected(_) | News::Stop => {}
        }
    }

    /// Does what a key says, and tells whether something else is wished for now.
    pub fn press(&mut self, pressed: Pressed) -> bool {
        match pressed {
            Pressed::Quit => {}
            Pressed::Pause => self.is_paused = !self.is_paused,
            Pressed::Feed => {
                self.wish.has_feed = !self.wish.has_feed;
                self.feed.clear();
                return true;
            }
            Pressed::NextProject => return self.turn(1),
            Pressed::PreviousProject => return self.turn(self.projects.len()),
        }
        false
    }

    /// All projects together come first, then each of them.
    fn turn(&mut self, steps: usize) -> bool {
        let choices = self.projects.len() + 1;
        if choices == 1 {
            return false;
        }
        let at = self.wish.project.as_ref().and_then(|name| self.projects.iter().position(|one| one == name));
        let next = (at.map_or(0, |at| at + 1) + steps) % choices;
        self.wish.project = next.checked_sub(1).map(|at| self.projects[at].clone());
        self.connection = Connection::Connecting;
        (self.snapshot, self.past) = (None, Past::default());
        self.feed.clear();
        (self.has_missed, self.is_paused) = (false, false);
        true
    }
}

impl Past {
    fn note(&mut self, snapshot: &Snapshot) {
        let thousandths = |number: f64| (number.max(0.0) * 1000.0) as u64;
        let second = [
            (&mut self.connections, snapshot.open_connections),
            (&mut self.events, thousandths(snapshot.events_per_second)),
            (&mut self.requests, thousandths(snapshot.requests_per_second)),
            (&mut self.errors, thousandths(snapshot.error_rate.unwrap_or(0.0) * 100.0)),
        ];
        for (past, value) in second {
            past.push_back(value);
            if past.len() > PAST_SECONDS {
                past.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        let mut board = Board::new("http://h", Wish { project: None, has_feed: true });
        board.hear(News::Projects(vec!["a".into(), "b".into()]));
        board
    }

    fn snapshot(events_per_second: f64) -> News {
        News::Snapshot(Snapshot { events_per_second, ..Snapshot::default() })
    }

    #[test]
    fn tab_goes_through_all_projects_and_back_to_all_of_them_together() {
        let mut board = board();
        let mut chosen = || {
            assert!(board.press(Pressed::NextProject));
            board.wish.project.clone()
        };
        assert_eq!([chosen(), chosen(), chosen()], [Some("a".into()), Some("b".into()), None]);
        assert!(board.press(Pressed::PreviousProject));
        assert_eq!(board.wish.project.as_deref(), Some("b"));
        let mut alone = Board::new("http://h", Wish { project: Some("x".into()), has_feed: false });
        assert!(!alone.press(Pressed::NextProject));
        assert_eq!(alone.wish.project.as_deref(), Some("x"));
    }

    #[test]
    fn what_is_shown_stays_while_it_is_paused() {
        let mut board = board();
        board.hear(snapshot(1.0));
        assert!(!board.press(Pressed::Pause));
        board.hear(snapshot(2.0));
        board.hear(News::Event(FeedLine::default()));
        assert_eq!((board.past.events.len(), board.feed.len()), (1, 0));
        board.hear(News::Lost("gone".into()));
        assert_eq!(board.connection, Connection::Lost("gone".into()));
        board.press(Pressed::Pause);
        board.hear(snapshot(3.5));
        assert_eq!(board.past.events, [1000, 3500]);
    }

    #[test]
    fn no_more_than_two_minutes_and_so_many_events_are_kept() {
        let mut board = board();
        for number in 0..1000 {
            board.hear(snapshot(f64::from(number)));
            board.hear(News::Event(FeedLine { time: number.to_string(), ..FeedLine::default() }));
        }
        assert_eq!((board.past.events.len(), board.past.errors.len()), (PAST_SECONDS, PAST_SECONDS));
        assert_eq!((board.feed.len(), &*board.feed[0].time), (MAX_FEED, "999"));
    }

    #[test]
    fn a_stream_of_a_wish_of_before_does_not_count_as_connected() {
        let mut board = board();
        let before = board.wish.clone();
        board.press(Pressed::NextProject);
        board.hear(News::Connected(before));
        assert_eq!(board.connection, Connection::Connecting);
        board.hear(News::Connected(board.wish.clone()));
        assert_eq!(board.connection, Connection::Live);
    }
}
