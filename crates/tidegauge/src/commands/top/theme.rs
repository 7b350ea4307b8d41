//! Colours, where they are wanted: not when NO_COLOR says otherwise.

use std::env;

use ratatui::style::{Color, Modifier, Style};

/// What things look like.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    has_colour: bool,
}

impl Theme {
    /// As the environment wants it (<https://no-color.org>: set to anything but nothing).
    pub fn of_environment() -> Self {
        Self { has_colour: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) }
    }

    #[cfg(test)]
    pub fn plain() -> Self {
        Self { has_colour: false }
    }

    #[cfg(test)]
    pub fn colourful() -> Self {
        Self { has_colour: true }
    }

    /// What counts.
    pub fn accent(self) -> Style {
        self.coloured(Color::Cyan)
    }

    /// What is well.
    pub fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// What is not.
    pub fn bad(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What stands back.
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.has_colour { Style::new().fg(colour) } else { Style::new() }
    }
}
