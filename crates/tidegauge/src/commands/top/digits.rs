//! Large digits, three lines high, of box-drawing characters.

/// Lines of a large text.
pub const HEIGHT: usize = 3;

/// The lines of a large text. What has no large form stands small on the last line.
pub fn large(text: &str) -> [String; HEIGHT] {
    let mut lines: [String; HEIGHT] = Default::default();
    for char in text.chars() {
        let small = char.to_string();
        let glyph = match char {
            '0' => ["┏━┓ ", "┃ ┃ ", "┗━┛ "],
            '1' => [" ╺┓ ", "  ┃ ", "  ╹ "],
            '2' => ["╺━┓ ", "┏━┛ ", "┗━╸ "],
            '3' => ["╺━┓ ", " ━┫ ", "╺━┛ "],
            '4' => ["╻ ╻ ", "┗━┫ ", "  ╹ "],
            '5' => ["┏━╸ ", "┗━┓ ", "╺━┛ "],
            '6' => ["┏━╸ ", "┣━┓ ", "┗━┛ "],
            '7' => ["╺━┓ ", "  ┃ ", "  ╹ "],
            '8' => ["┏━┓ ", "┣━┫ ", "┗━┛ "],
            '9' => ["┏━┓ ", "┗━┫ ", "╺━┛ "],
            '–' => ["    ", "╺━╸ ", "    "],
            _ => [" ", " ", &*small],
        };
        lines.iter_mut().zip(glyph).for_each(|(line, part)| line.push_str(part));
    }
    lines
}

/// A count in at most four digits: 9999, 12.3k, 456k, 7.8M.
pub fn short(number: f64) -> String {
    let (scaled, unit) = match number {
        number if number < 9_999.5 => (number, ""),
        number if number < 999_500.0 => (number / 1e3, "k"),
        number if number < 999_500_000.0 => (number / 1e6, "M"),
        number => (number / 1e9, "G"),
    };
    let decimals = usize::from(scaled < 99.95 && (!unit.is_empty() || scaled.fract() != 0.0));
    format!("{scaled:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_short_whatever_its_size() {
        for (number, text) in [
            (0.0, "0"),
            (7.0, "7"),
            (12.5, "12.5"),
            (123.4, "123"),
            (9_999.0, "9999"),
            (12_340.0, "12.3k"),
            (456_000.0, "456k"),
            (999_600.0, "1.0M"),
            (7_800_000_000.0, "7.8G"),
        ] {
            assert_eq!(short(number), text);
        }
    }

    #[test]
    fn the_lines_of_a_large_text_are_equally_long() {
        let lines = large("1234567890.–k%");
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()));
        assert_eq!(large("4"), ["╻ ╻ ", "┗━┫ ", "  ╹ "]);
    }
}
