//! What is drawn, as text, at several sizes.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::super::follow::{News, Wish};
use super::*;

fn drawn(board: &Board, size: (u16, u16), theme: Theme) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, board, theme)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let lines = buffer.content.chunks(width);
    lines.map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
}

fn board() -> Board {
    let wish = Wish { project: None, has_feed: true };
    let mut board = Board::new("http://127.0.0.1:8080", wish.clone());
    board.hear(News::Connected(wish));
    let name = |name: &str, count| NameCount { name: name.to_owned(), count };
    for second in 0..130_u32 {
        board.hear(News::Snapshot(Snapshot {
            time: "2026-11-21T10:00:05.000Z".into(),
            open_connections: 417,
            events_per_second: f64::from(second % 10),
            requests_per_second: 6.0,
            error_rate: Some(0.0123),
            total_events: 1,
            top_names: vec![
                name("page_view", 120),
                name("a\u{1b}[2Jb", 60),
                name("ein sehr langer Name von etwas", 1),
            ],
        }));
    }
    board.hear(News::Event(FeedLine {
        time: "10:00:04".into(),
        name: "purchase".into(),
        category: "user_action".into(),
        project: "shop".into(),
        more: "DE  shop.example/checkout/thanks".into(),
    }));
    board
}

#[test]
fn a_terminal_of_80_by_24_shows_everything() {
    let shown = text(&drawn(&board(), (80, 24), Theme::plain()));
    for part in [
        "Tidegauge http://127.0.0.1:8080  all projects  ● live 10:00:05",
        "connections",
        "events/s",
        "requests/s",
        "errors, 60 s",
        "╻ ╻  ╺┓ ╺━┓",
        "page_view        120 ██████ ",
        "10:00:04 purchase shop DE  shop.example",
        "q quit   p pause   f events   Tab project",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'));
    assert_eq!(shown.lines().count(), 24);
}

#[test]
fn it_says_when_it_is_paused_lost_or_over_and_which_project_it_shows() {
    let mut board = board();
    let mut head = |change: &dyn Fn(&mut Board)| {
        change(&mut board);
        text(&drawn(&board, (100, 24), Theme::plain())).lines().next().unwrap().to_owned()
    };
    assert!(head(&|board| board.is_paused = true).contains("paused"));
    let lost = head(&|board| board.hear(News::Lost("refused".into())));
    assert!(lost.contains("not connected: refused; trying again"), "{lost}");
    let over = head(&|board| board.hear(News::Refused("revoked".into())));
    assert!(over.contains("ended: revoked"), "{over}");
    let of_project = head(&|board| board.wish.project = Some("shop".into()));
    assert!(of_project.contains("  shop  "), "{of_project}");
}

#[test]
fn without_the_feed_the_names_have_all_the_room() {
    let mut board = board();
    board.press(super::super::board::Pressed::Feed);
    let shown = text(&drawn(&board, (80, 24), Theme::plain()));
    assert!(!shown.contains("┌events─") && shown.contains("page_view"), "{shown}");
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let board = board();
    for width in [1, 2, 5, 20, 40, 67, 68, 300] {
        for height in [1, 2, 3, 7, 9, 12, 16, 24, 100] {
            drawn(&board, (width, height), Theme::plain());
            drawn(&Board::new("u", board.wish.clone()), (width, height), Theme::plain());
        }
    }
    let narrow = text(&drawn(&board, (40, 24), Theme::plain()));
    assert!(narrow.contains("requests/s") && narrow.contains("purchase"), "{narrow}");
}

#[test]
fn a_terminal_without_colour_gets_none() {
    let has_colour = |theme| {
        let buffer = drawn(&board(), (80, 24), theme);
        buffer.content.iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    };
    assert!(has_colour(Theme::colourful()));
    assert!(!has_colour(Theme::plain()));
}
