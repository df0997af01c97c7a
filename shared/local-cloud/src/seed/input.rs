//! The files that a seed names, opened so that none of them can hold the command up or fill the memory.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file, through links too. What is looked at is what was opened. Without a wait, for a pipe
/// lets its reader wait until somebody writes.
///
/// # Errors
/// When there is none, or it is a directory, a pipe, a device or a socket.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a regular file")),
    }
}

/// Reads no more than so many bytes as text.
///
/// # Errors
/// As [`open`], for a longer file, and for one that is not UTF-8.
pub(super) fn read_text(path: &Path, most: u64) -> io::Result<String> {
    let file = open(path)?;
    let mut text = String::new();
    // It may grow while it is read.
    file.take(most + 1).read_to_string(&mut text)?;
    match text.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("expected at most {most} bytes"))),
        false => Ok(text),
    }
}

/// A reader that fails when too much is read, in all or since the last mark.
pub(super) struct Bounded<R> {
    inner: R,
    /// Bytes that may still be read in all.
    left: u64,
    total: u64,
    stretch: u64,
    /// Bytes since the mark.
    since: u64,
}

impl<R: Read> Bounded<R> {
    /// At most `total` bytes, and `stretch` between two marks.
    pub(super) fn new(inner: R, total: u64, stretch: u64) -> Self {
        Self { inner, left: total, total, stretch, since: 0 }
    }

    /// What is read from now on is a new stretch.
    pub(super) fn mark(&mut self) {
        self.since = 0;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since > self.stretch {
            let text = format!("expected rows of at most {} bytes", self.stretch);
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let count = self.inner.read(buffer)?;
        let read = count as u64;
        self.since = self.since.saturating_add(read);
        self.left = self.left.checked_sub(read).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, format!("expected at most {} bytes", self.total))
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("file"), "text").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("to-zero")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        assert_eq!(read_text(&at("file"), 4).unwrap(), "text");
        assert_eq!(read_text(&at("link"), 100).unwrap(), "text");
        assert!(read_text(&at("file"), 3).unwrap_err().to_string().contains("at most 3 bytes"));
        for name in ["pipe", "to-zero", ".", "/dev/zero", "/dev/null", "/dev/tty"] {
            let told = open(&at(name)).map(drop);
            // There may be no terminal.
            assert!(told.is_err(), "{name}");
            assert!(name == "/dev/tty" || told.unwrap_err().to_string() == "expected a regular file", "{name}");
        }
        for name in ["socket", "missing"] {
            assert!(open(&at(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn an_endless_source_comes_to_an_end() {
        let read = |total: u64, stretch: u64, marks: bool| {
            let mut bounded = Bounded::new(io::repeat(b'x'), total, stretch);
            let (mut chunk, mut count) = ([0; 10], 0);
            loop {
                match bounded.read(&mut chunk) {
                    Ok(more) => count += more,
                    Err(error) => return (count, error.to_string()),
                }
                if marks {
                    bounded.mark();
                }
            }
        };
        assert_eq!(read(1000, 50, false), (60, "expected rows of at most 50 bytes".to_owned()));
        assert_eq!(read(1000, 50, true), (1000, "expected at most 1000 bytes".to_owned()));
        let mut whole = Vec::new();
        Bounded::new(&b"0123456789"[..], 10, 10).read_to_end(&mut whole).unwrap();
        assert_eq!(whole, b"0123456789");
    }
}
