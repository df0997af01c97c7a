//! Text for people: colours and width where there is a terminal, tables that fit.

use std::io::{self, IsTerminal};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Width where no terminal says otherwise.
const DEFAULT_WIDTH: usize = 110;
const GAP: &str = "  ";

/// What the output goes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    pub(crate) colour: bool,
    pub(crate) width: usize,
    pub(crate) is_terminal: bool,
}

impl Terminal {
    pub(crate) fn stdout() -> Self {
        let columns = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
        Self::new(io::stdout().is_terminal(), columns)
    }

    pub(crate) fn stderr() -> Self {
        let columns = rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| usize::from(size.ws_col));
        Self::new(io::stderr().is_terminal(), columns)
    }

    fn new(is_terminal: bool, columns: Option<usize>) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let width = columns.filter(|columns| *columns > 0).unwrap_or(DEFAULT_WIDTH);
        Self { colour: is_terminal && !dumb && !set("NO_COLOR"), width: width.clamp(60, 120), is_terminal }
    }

    pub(crate) fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Which edge the cells of a column stand at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells; columns are as wide as needed, and the last ones give way when the terminal is narrow.
pub(crate) struct Table {
    heads: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(heads: &[(&str, Align)]) -> Self {
        Self { heads: heads.iter().map(|(head, align)| ((*head).to_owned(), *align)).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell)).collect());
    }

    pub(crate) fn render(&self, terminal: &Terminal) -> String {
        self.lines(terminal, &self.fitted(terminal.width))
    }

    pub(crate) fn render_whole(&self, terminal: &Terminal) -> String {
        self.lines(terminal, &self.wanted())
    }

    fn wanted(&self) -> Vec<usize> {
        let cells = |index: usize| self.rows.iter().filter_map(move |row| row.get(index));
        let widest = |(index, (head, _)): (usize, &(String, Align))| {
            cells(index).map(|cell| cell.width()).chain([head.width()]).max().unwrap_or(0)
        };
        self.heads.iter().enumerate().map(widest).collect()
    }

    /// Texts give way before figures, which are of no use without their end; the widest one first.
    fn fitted(&self, width: usize) -> Vec<usize> {
        let mut widths = self.wanted();
        let room = width.saturating_sub(GAP.len() * widths.len().saturating_sub(1));
        for (edge, least) in [(Align::Left, 8), (Align::Right, 6)] {
            while widths.iter().sum::<usize>() > room {
                let of_edge = widths.iter().enumerate().filter(|(index, _)| self.heads[*index].1 == edge);
                match of_edge.max_by_key(|(_, width)| **width) {
                    Some((widest, width)) if *width > least => widths[widest] -= 1,
                    _ => break,
                }
            }
        }
        widths
    }

    fn lines(&self, terminal: &Terminal, widths: &[usize]) -> String {
        let heads: Vec<_> = self.heads.iter().map(|(head, _)| head.clone()).collect();
        let head = terminal.bold(&self.line(&heads, widths));
        let rows = self.rows.iter().map(|row| self.line(row, widths));
        std::iter::once(head).chain(rows).map(|line| line + "\n").collect()
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let cell = |((text, width), (_, align)): ((&String, &usize), &(String, Align))| pad(text, *width, *align);
        let padded: Vec<_> = cells.iter().zip(widths).zip(&self.heads).map(cell).collect();
        padded.join(GAP).trim_end().to_owned()
    }
}

pub(crate) fn pad(text: &str, width: usize, align: Align) -> String {
    let text = shorten(text, width);
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if align == Align::Left { text + &blanks } else { blanks + &text }
}

/// At most `width` columns wide; what is cut off shows as an ellipsis. Wide characters count twice.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used < width
    };
    text.chars().take_while(fits).collect::<String>().trim_end().to_owned() + "…"
}

/// Data could move the cursor or change colours; whatever is no visible character becomes a dot.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// Breaks a paragraph at blanks. It begins behind something as wide as `indent`, with which the other
/// lines begin.
pub(crate) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let (mut out, mut column) = (String::new(), indent.width());
    for word in clean(text).split_whitespace() {
        if !out.is_empty() && column + 1 + word.width() > width {
            out += "\n";
            out += indent;
            column = indent.width();
        } else if !out.is_empty() {
            out.push(' ');
            column += 1;
        }
        out += word;
        column += word.width();
    }
    out
}

/// `2551942` becomes `2.6 MB`.
pub(crate) fn bytes(count: usize) -> String {
    let count = count as f64;
    match count {
        0.0..1e3 => format!("{count} B"),
        1e3..1e6 => format!("{:.1} kB", count / 1e3),
        _ => format!("{:.1} MB", count / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Terminal = Terminal { colour: false, width: 60, is_terminal: false };

    #[test]
    fn texts_are_cut_by_width_not_by_bytes() {
        let check = |text: &str, width: usize, expected: &str| assert_eq!(shorten(text, width), expected);
        check("short", 5, "short");
        check("shorter", 5, "shor…");
        check("größer als", 6, "größe…");
        check("日本語テキスト", 6, "日本…");
        check("a b", 2, "a…");
        assert_eq!(clean("a\x1b[31m\nb"), "a·[31m·b");
    }

    #[test]
    fn tables_fit_and_align() {
        let mut table = Table::new(&[("NAME", Align::Left), ("N", Align::Right), ("TEXT", Align::Left)]);
        table.row(["a".to_owned(), "10".to_owned(), "x".repeat(200)]);
        table.row(["日本".to_owned(), "7".to_owned(), "y".to_owned()]);
        let text = table.render(&PLAIN);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines.iter().all(|line| line.width() <= 60), "{text}");
        assert_eq!(lines[0], "NAME   N  TEXT");
        assert_eq!(lines[2], "日本   7  y");
        assert!(lines[1].ends_with('…'));
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!([12, 54_321, 2_551_942].map(bytes), ["12 B", "54.3 kB", "2.6 MB"]);
        assert_eq!(wrap("one two three four", 9, "  "), "one two\n  three\n  four");
        assert_eq!(wrap("", 9, "  "), "");
    }
}
