//! The directories of one container on the host: the socket directory, the logs, an empty working
//! directory. Removed on drop.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// Directories of a container.
#[derive(Debug)]
pub struct Home {
    root: TempDir,
    socket_name: String,
}

impl Home {
    /// Fresh directories; the socket is `lsnr.sock`.
    #[must_use]
    pub fn new() -> Self {
        let home = Self { root: TempDir::new().expect("temporary directory"), socket_name: "lsnr.sock".to_owned() };
        for name in ["iofs", "work", "root"] {
            fs::create_dir(home.path(name)).expect("directory");
        }
        // The agent makes it writable for whatever user the image runs as.
        fs::set_permissions(home.iofs(), PermissionsExt::from_mode(0o777)).expect("mode");
        home
    }

    /// Fresh directories with a socket path of exactly this many bytes.
    #[must_use]
    pub fn with_path_length(bytes: usize) -> Self {
        let mut home = Self::new();
        let taken = home.iofs().as_os_str().as_bytes().len() + 1;
        home.socket_name = "s".repeat(bytes.checked_sub(taken).expect("a short path of the temporary directory"));
        home
    }

    /// The directory that the agent shares with the container.
    #[must_use]
    pub fn iofs(&self) -> PathBuf {
        self.path("iofs")
    }

    /// Final name of the socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.iofs().join(&self.socket_name)
    }

    /// Working directory of an unconfined process.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.path("work")
    }

    /// Where the root of a confined process is put together.
    pub(super) fn root(&self) -> PathBuf {
        self.path("root")
    }

    pub(super) fn socket_name(&self) -> &str {
        &self.socket_name
    }

    pub(super) fn log(&self, stream: &str) -> File {
        File::options().create(true).append(true).open(self.path(stream)).expect("log file")
    }

    /// What the process wrote to `stdout` or `stderr` so far.
    #[must_use]
    pub fn logged(&self, stream: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(stream)).unwrap_or_default()).into_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// Names in a directory, sorted.
pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("directory");
    let mut names: Vec<_> = entries.map(|entry| entry.expect("entry").file_name()).collect();
    names.sort();
    names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
}
