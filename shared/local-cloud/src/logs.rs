//! What a function's processes print: the last lines in memory, all of them in a file when one is wanted.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Lines that are kept in memory for each function.
const MAX_LINES: usize = 1000;
/// A longer line is cut into several.
const MAX_LINE_BYTES: u64 = 8 * 1024;
/// A log file that reaches this size becomes `<name>.log.1`.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// Where lines go besides memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Nowhere.
    Off,
    /// To stderr as they are.
    Plain,
    /// To stderr behind the function's name.
    Prefixed,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) pid: u32,
    pub(crate) text: String,
}

/// The log of one function.
#[derive(Debug)]
pub(crate) struct FunctionLog {
    name: String,
    echo: Echo,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    lines: VecDeque<Line>,
    next: u64,
    file: Option<LogFile>,
}

impl FunctionLog {
    /// # Errors
    /// When the directory or the file cannot be written.
    pub(crate) fn open(name: &str, directory: Option<&Path>, echo: Echo) -> io::Result<Self> {
        let file = directory.map(|directory| LogFile::open(directory.join(format!("{name}.log")))).transpose()?;
        let inner = Inner { lines: VecDeque::new(), next: 0, file };
        Ok(Self { name: name.to_owned(), echo, inner: Mutex::new(inner) })
    }

    pub(crate) fn append(&self, pid: u32, text: &str) {
        match self.echo {
            Echo::Off => {}
            Echo::Plain => drop(writeln!(io::stderr(), "{text}")),
            Echo::Prefixed => drop(writeln!(io::stderr(), "{} | {text}", self.name)),
        }
        let mut inner = self.lock();
        if let Some(file) = &mut inner.file {
            file.write(pid, text);
        }
        let number = inner.next;
        inner.next += 1;
        inner.lines.push_back(Line { number, pid, text: text.to_owned() });
        if inner.lines.len() > MAX_LINES {
            inner.lines.pop_front();
        }
    }

    /// A line of the supervisor's own, with the key names of the functions' lines.
    pub(crate) fn tell(&self, pid: u32, level: &str, message: &str, mut fields: Value) {
        fields["level"] = json!(level);
        fields["message"] = json!(message);
        fields["function_name"] = json!(self.name);
        fields["service"] = json!("local-cloud");
        fields["timestamp"] = json!(format!("{:.3}", Timestamp::now()));
        self.append(pid, &fields.to_string());
    }

    /// Number of the next line.
    pub(crate) fn mark(&self) -> u64 {
        self.lock().next
    }

    /// Lines of a process from a mark on.
    pub(crate) fn since(&self, mark: u64, pid: u32) -> Vec<String> {
        let inner = self.lock();
        let wanted = inner.lines.iter().filter(|line| line.number >= mark && line.pid == pid);
        wanted.map(|line| line.text.clone()).collect()
    }

    /// The last lines of a process.
    pub(crate) fn last(&self, pid: u32, count: usize) -> Vec<String> {
        let mut lines = self.since(0, pid);
        lines.split_off(lines.len().saturating_sub(count))
    }

    /// Everything in memory.
    pub(crate) fn all(&self) -> Vec<Line> {
        self.lock().lines.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
}

impl LogFile {
    fn open(path: PathBuf) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(named)?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(named)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    /// A full disk must not stop the function.
    fn write(&mut self, pid: u32, text: &str) {
        let line = format!("{pid} {text}\n");
        self.size += line.len() as u64;
        let _ = self.file.write_all(line.as_bytes());
        if self.size > MAX_FILE_BYTES {
            self.rotate();
        }
    }

    fn rotate(&mut self) {
        let old = self.path.with_extension("log.1");
        if fs::rename(&self.path, old).is_ok()
            && let Ok(fresh) = Self::open(self.path.clone())
        {
            *self = fresh;
        }
    }
}

/// Reads a stream to its end, line by line; what is not UTF-8 is replaced.
pub(crate) async fn follow(stream: impl AsyncRead + Unpin, mut take: impl FnMut(&str)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => take(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_processes_are_told_apart() {
        let log = FunctionLog::open("f", None, Echo::Off).unwrap();
        (0..3000).for_each(|n| log.append(n % 2, &format!("line {n}")));
        assert_eq!(log.all().len(), MAX_LINES);
        assert_eq!(log.last(1, 2), ["line 2997", "line 2999"]);
        let mark = log.mark();
        log.append(1, "new");
        assert_eq!(log.since(mark, 1), ["new"]);
        assert!(log.since(mark, 0).is_empty());
    }

    #[test]
    fn files_are_appended_to_and_rotated() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("logs/f.log");
        for text in ["one", "two"] {
            FunctionLog::open("f", path.parent(), Echo::Off).unwrap().append(7, text);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "7 one\n7 two\n");
        let log = FunctionLog::open("f", path.parent(), Echo::Off).unwrap();
        let long = "x".repeat(1 << 20);
        (0..9).for_each(|_| log.append(7, &long));
        assert!(fs::metadata(&path).unwrap().len() < 2 << 20);
        assert!(fs::metadata(path.with_extension("log.1")).unwrap().len() > MAX_FILE_BYTES);
    }

    #[tokio::test]
    async fn endless_lines_are_cut() {
        let text = [vec![b'x'; 20_000], b"\nshort\n\xff".to_vec()].concat();
        let mut lines = Vec::new();
        follow(&text[..], |line| lines.push(line.to_owned())).await;
        let lengths: Vec<_> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [8192, 8192, 3616, 5, 3]);
    }
}
