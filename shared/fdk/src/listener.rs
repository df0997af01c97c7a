//! The socket creation protocol.
//!
//! The agent watches the directory and connects the moment the final name appears. So the socket is made
//! under another name, listens, gets its mode, and only then is the final name published, as a symlink
//! whose target is a bare file name: the agent refuses any other.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// The socket could not be made. The process should exit non-zero with this message.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct ListenError {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// A published listener. Dropping it removes both names.
#[derive(Debug)]
pub struct Listener {
    inner: UnixListener,
    socket: PathBuf,
    link: PathBuf,
}

impl Listener {
    /// Makes the socket and publishes it at `path`; files left by an earlier process are replaced.
    /// Must run inside a tokio runtime.
    ///
    /// # Errors
    /// When the directory is missing or not writable, or a name is taken by something that is not a file.
    pub fn publish(path: &Path) -> Result<Self, ListenError> {
        let fail = |action, path: &Path| {
            let path = path.to_owned();
            move |source| ListenError { action, path, source }
        };
        let name = path.file_name().ok_or_else(|| fail("listen on", path)(io::ErrorKind::InvalidInput.into()))?;
        let hidden = hidden_name(name.as_bytes());
        let socket = path.with_file_name(&hidden);
        for stale in [path, &socket] {
            remove(stale).map_err(fail("replace", stale))?;
        }
        let inner = UnixListener::bind(&socket).map_err(fail("listen on", &socket))?;
        let listener = Self { inner, link: path.to_owned(), socket };
        let mode = PermissionsExt::from_mode(0o666);
        std::fs::set_permissions(&listener.socket, mode).map_err(fail("set the mode of", &listener.socket))?;
        symlink(&hidden, path).map_err(fail("publish", path))?;
        Ok(listener)
    }

    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        self.inner.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The agent removes the whole directory anyway; this is for people running functions by hand.
        let _ = std::fs::remove_file(&self.link);
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Another name, no longer than the given one: a final path of 107 bytes leaves no room for a suffix.
fn hidden_name(name: &[u8]) -> OsString {
    let mut hidden = name.to_vec();
    let first = if name.first() == Some(&b'~') { b'_' } else { b'~' };
    match hidden.first_mut() {
        Some(byte) => *byte = first,
        None => hidden.push(first),
    }
    // The first byte of a longer character must not leave its tail behind as broken text.
    if std::str::from_utf8(&hidden).is_err() && std::str::from_utf8(name).is_ok() {
        hidden = hidden.iter().map(|byte| if byte.is_ascii() { *byte } else { b'~' }).collect();
    }
    OsString::from_vec(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_names_differ_and_are_not_longer() {
        for name in ["lsnr.sock", "s", "~", "~~", "_", ".s", "ü", "üsock"] {
            let hidden = hidden_name(name.as_bytes());
            assert_ne!(hidden.as_bytes(), name.as_bytes());
            assert_eq!(hidden.len(), name.len());
            assert!(hidden.to_str().is_some(), "{hidden:?}");
            assert!(![".", ".."].contains(&hidden.to_str().unwrap()));
        }
    }

    #[tokio::test]
    async fn stale_names_are_replaced_and_removed_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lsnr.sock");
        symlink("~snr.sock", &path).unwrap();
        std::fs::write(dir.path().join("~snr.sock"), "").unwrap();
        let listener = Listener::publish(&path).unwrap();
        assert_eq!(std::fs::read_link(&path).unwrap(), Path::new("~snr.sock"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
        drop(listener);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_missing_directory_is_named() {
        let error = Listener::publish(Path::new("/nonexistent/dir/lsnr.sock")).unwrap_err();
        assert_eq!(error.to_string(), "cannot listen on /nonexistent/dir/~snr.sock");
    }

    #[tokio::test]
    async fn a_directory_in_the_way_is_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lsnr.sock");
        std::fs::create_dir(&path).unwrap();
        let error = Listener::publish(&path).unwrap_err();
        assert!(error.to_string().starts_with("cannot replace "), "{error}");
        assert!(path.is_dir());
    }
}
