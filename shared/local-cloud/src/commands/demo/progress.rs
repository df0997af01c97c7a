//! What is going on, on stderr, so that stdout holds the result alone.

use std::io::{self, Write};
use std::time::Duration;

use crate::terminal::Terminal;

const FRAMES: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

pub(super) struct Progress(Terminal);

impl Progress {
    pub(super) fn new() -> Self {
        Self(Terminal::stderr())
    }

    pub(super) fn step(&self, name: &str, text: &str) {
        self.clear();
        let name = self.0.good(&format!("{name:>13}"));
        let _ = writeln!(io::stderr(), "{name}  {text}");
    }

    /// A spinner with the seconds so far; without a terminal nothing moves.
    pub(super) fn tick(&self, number: usize, elapsed: Duration, what: &str) {
        if self.0.is_terminal {
            let frame = FRAMES[number % FRAMES.len()];
            let _ = write!(io::stderr(), "\r\x1b[K{frame:>13}  {what}, {:.1} s", elapsed.as_secs_f64());
        }
    }

    fn clear(&self) {
        if self.0.is_terminal {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
