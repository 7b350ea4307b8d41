//! Draws the board: four large numbers with their last two minutes, the names that come most, the newest events.
//!
//! Promise: it fits whatever size the terminal has, and leaves out the least important first. What somebody has sent moves
//! no cursor: ratatui draws no control characters.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Sparkline};

use super::board::{Board, Connection};
use super::digits::{HEIGHT, large, short};
use super::snapshot::{FeedLine, NameCount, Snapshot};
use super::theme::Theme;

/// A panel with its borders: a large number and two lines of its past.
const PANEL_HEIGHT: u16 = HEIGHT as u16 + 4;
/// Narrower terminals have the panels in two rows.
const NARROW: u16 = 68;
/// What is below the panels needs so many lines, and so many columns to stand side by side.
const LEAST_BELOW: u16 = 4;
const LEAST_BESIDE: u16 = 60;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, board: &Board, theme: Theme) {
    let area = frame.area();
    let rows = if area.width < NARROW { 2 } else { 1 };
    let [head, panels, below, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length((PANEL_HEIGHT * rows).min(area.height.saturating_sub(1))),
        Constraint::Fill(1),
        Constraint::Length(u16::from(area.height > PANEL_HEIGHT * rows + 1)),
    ])
    .areas(area);
    frame.render_widget(head_line(board, theme), head);
    for (place, panel) in grid(panels, rows).into_iter().zip(panels_of(board, theme)) {
        draw_panel(frame, place, &panel);
    }
    if below.height >= LEAST_BELOW {
        draw_below(frame, below, board, theme);
    }
    frame.render_widget(Line::styled(" q quit   p pause   f events   Tab project", theme.quiet()), foot);
}

fn head_line<'b>(board: &'b Board, theme: Theme) -> Line<'b> {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let project = board.wish.project.as_deref().unwrap_or("all projects");
    let (state, style) = match &board.connection {
        Connection::Connecting => ("connecting …".to_owned(), theme.quiet()),
        Connection::Lost(why) => (format!("not connected: {why}; trying again"), theme.bad()),
        Connection::Over(why) => (format!("ended: {why}"), theme.bad()),
        Connection::Live if board.is_paused => ("paused".to_owned(), theme.bad()),
        Connection::Live => {
            let time = board.snapshot.as_ref().map_or("", |snapshot| &*snapshot.time);
            let time = time.split_once('T').and_then(|(_, time)| time.get(..8)).unwrap_or_default();
            (format!("● live {time}"), theme.good())
        }
    };
    Line::from(vec![
        Span::styled(" Tidegauge ", bold),
        Span::styled(&*board.url, theme.quiet()),
        Span::raw("  "),
        Span::styled(project, theme.accent().add_modifier(Modifier::BOLD)),
        Span::raw("  "),
        Span::styled(state, style),
    ])
}

/// One of the four.
struct Panel<'b> {
    title: &'static str,
    number: String,
    style: Style,
    past: &'b VecDeque<u64>,
}

fn panels_of(board: &Board, theme: Theme) -> [Panel<'_>; 4] {
    let of = |number: &dyn Fn(&Snapshot) -> Option<f64>| {
        board.snapshot.as_ref().and_then(number).map_or_else(|| "–".to_owned(), short)
    };
    let error_rate = board.snapshot.as_ref().and_then(|snapshot| snapshot.error_rate);
    let errors = error_rate
        .map_or_else(|| "–".to_owned(), |rate| format!("{}%", short((rate * 1000.0).round() / 10.0)));
    let of_errors = if error_rate.is_some_and(|rate| rate >= 0.05) { theme.bad() } else { theme.accent() };
    let panel = |title, number, style, past| Panel { title, number, style, past };
    let past = &board.past;
    [
        panel("connections", of(&|at| Some(at.open_connections as f64)), theme.accent(), &past.connections),
        panel("events/s", of(&|at| Some(at.events_per_second)), theme.accent(), &past.events),
        panel("requests/s", of(&|at| Some(at.requests_per_second)), theme.accent(), &past.requests),
        panel("errors, 60 s", errors, of_errors, &past.errors),
    ]
}

/// Four places side by side, in so many rows.
fn grid(area: Rect, rows: u16) -> Vec<Rect> {
    let columns = 4 / usize::from(rows);
    let rows = Layout::vertical(vec![Constraint::Fill(1); usize::from(rows)]).split(area);
    let split = |row: &Rect| Layout::horizontal(vec![Constraint::Fill(1); columns]).split(*row).to_vec();
    rows.iter().flat_map(split).collect()
}

fn draw_panel(frame: &mut Frame<'_>, area: Rect, panel: &Panel<'_>) {
    let block = Block::bordered().title(panel.title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let [number, past] =
        Layout::vertical([Constraint::Length(HEIGHT as u16), Constraint::Fill(1)]).areas(inner);
    let lines = large(&panel.number).map(Line::from).to_vec();
    frame.render_widget(Paragraph::new(lines).style(panel.style), number);
    // The newest second is at the right edge.
    let width = usize::from(past.width);
    let shown: Vec<u64> = panel.past.iter().skip(panel.past.len().saturating_sub(width)).copied().collect();
    let pad = u16::try_from(width - shown.len()).unwrap_or(0);
    let past = Rect { x: past.x + pad, width: past.width - pad, ..past };
    frame.render_widget(Sparkline::default().data(shown).style(panel.style), past);
}

fn draw_below(frame: &mut Frame<'_>, area: Rect, board: &Board, theme: Theme) {
    let names = board.snapshot.as_ref().map_or(&[][..], |snapshot| &*snapshot.top_names);
    let has_both = board.wish.has_feed && area.width >= LEAST_BESIDE;
    let shares = match (has_both, board.wish.has_feed) {
        (true, _) => [Constraint::Percentage(38), Constraint::Fill(1)],
        (false, true) => [Constraint::Length(0), Constraint::Fill(1)],
        (false, false) => [Constraint::Fill(1), Constraint::Length(0)],
    };
    let [left, right] = Layout::horizontal(shares).areas(area);
    if left.width > 0 {
        draw_names(frame, left, names, theme);
    }
    if right.width > 0 {
        draw_feed(frame, right, board, theme);
    }
}

fn draw_names(frame: &mut Frame<'_>, area: Rect, names: &[NameCount], theme: Theme) {
    let block = Block::bordered().title("names, 60 s");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let most = names.iter().map(|name| name.count).max().unwrap_or(0).max(1);
    let width = usize::from(inner.width);
    // A third for the name, seven columns for the count, and bars for what is left.
    let of_name = (width / 2).min(20);
    let of_bar = width.saturating_sub(of_name + 8);
    let lines: Vec<Line<'_>> = names
        .iter()
        .take(usize::from(inner.height))
        .map(|NameCount { name, count }| {
            let name: String = name.chars().take(of_name).collect();
            let bar = "█".repeat((of_bar as u64 * count / most) as usize);
            let padding = of_name.saturating_sub(Span::raw(&*name).width());
            Line::from(vec![
                Span::raw(format!("{name}{:padding$}", "")),
                Span::raw(format!("{:>6} ", short(*count as f64))),
                Span::styled(bar, theme.accent()),
            ])
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn draw_feed(frame: &mut Frame<'_>, area: Rect, board: &Board, theme: Theme) {
    let title = if board.has_missed { "events (some were missed)" } else { "events" };
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let has_project = board.wish.project.is_none();
    let line = |line: &FeedLine| {
        let style = if line.category == "error" { theme.bad() } else { theme.accent() };
        let project = if has_project { format!(" {}", line.project) } else { String::new() };
        Line::from(vec![
            Span::styled(format!("{} ", line.time), theme.quiet()),
            Span::styled(line.name.clone(), style),
            Span::raw(project),
            Span::styled(format!(" {}", line.more), theme.quiet()),
        ])
    };
    let lines: Vec<Line<'_>> = board.feed.iter().take(usize::from(inner.height)).map(line).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
