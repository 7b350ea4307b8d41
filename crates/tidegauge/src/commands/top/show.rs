//! The terminal while a server is watched: taken over at the start, given back at the end whatever happens.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::board::{Board, Pressed};
use super::follow::{News, Wish, follow};
use super::screen::draw;
use super::server::Server;
use super::theme::Theme;

/// How long it is waited for a key before it is looked for news: how late a number may be.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Before the first snapshot a refusal ends the program; what it says is printed then.
const NOTHING_SEEN: &str = "there is nothing to watch";

/// Shows a server until somebody has seen enough.
pub fn run(server: Server, project: Option<String>) -> anyhow::Result<()> {
    let wish = Wish { project, has_feed: true };
    let mut board = Board::new(server.url(), wish.clone());
    let (send, news) = mpsc::channel();
    let (wishes, wished) = watch::channel(wish);
    let stop = send.clone();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("stream".into()).spawn(move || {
        // A stream that has ended is no reason to be deaf to signals.
        runtime.block_on(async { tokio::join!(follow(&server, wished, &send), asked_to_stop(&stop)) });
    })?;
    // From here on a panic gives the terminal back before it says anything.
    let mut terminal = ratatui::try_init().context("the terminal cannot be taken over")?;
    let shown = show(&mut terminal, &mut board, &news, &wishes);
    ratatui::restore();
    shown
}

fn show(
    terminal: &mut DefaultTerminal,
    board: &mut Board,
    news: &Receiver<News>,
    wishes: &watch::Sender<Wish>,
) -> anyhow::Result<()> {
    let theme = Theme::of_environment();
    loop {
        loop {
            match news.try_recv() {
                Ok(News::Stop) => return Ok(()),
                Ok(News::Refused(why)) if board.snapshot.is_none() => {
                    bail!("{}: {NOTHING_SEEN}: {why}", board.url)
                }
                Ok(told) => board.hear(told),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        terminal.draw(|frame| draw(frame, board, theme))?;
        match pressed()? {
            Some(Pressed::Quit) => return Ok(()),
            Some(key) => {
                let has_other_wish = board.press(key);
                if has_other_wish {
                    wishes.send_replace(board.wish.clone());
                }
            }
            None => {}
        }
    }
}

/// The next key that means something, if one is pressed now.
fn pressed() -> io::Result<Option<Pressed>> {
    if !event::poll(LOOK_EVERY)? {
        return Ok(None);
    }
    Ok(match event::read()? {
        Event::Key(key) if key.kind != KeyEventKind::Release => meaning(key),
        _ => None,
    })
}

fn meaning(key: KeyEvent) -> Option<Pressed> {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Pressed::Quit),
        KeyCode::Char('q') | KeyCode::Esc => Some(Pressed::Quit),
        KeyCode::Char('p') | KeyCode::Char(' ') => Some(Pressed::Pause),
        KeyCode::Char('f') => Some(Pressed::Feed),
        KeyCode::Tab => Some(Pressed::NextProject),
        KeyCode::BackTab => Some(Pressed::PreviousProject),
        _ => None,
    }
}

/// Waits for a signal that ends programs, and says so: the terminal is to be given back first.
async fn asked_to_stop(news: &Sender<News>) {
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    let _ = news.send(News::Stop);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_foot_of_the_screen_says() {
        let plain = |code| meaning(KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(plain(KeyCode::Char('q')), Some(Pressed::Quit));
        assert_eq!(plain(KeyCode::Char('p')), Some(Pressed::Pause));
        assert_eq!(plain(KeyCode::Char('f')), Some(Pressed::Feed));
        assert_eq!(plain(KeyCode::Tab), Some(Pressed::NextProject));
        assert_eq!(plain(KeyCode::Char('c')), None);
        assert_eq!(meaning(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Pressed::Quit));
    }
}
