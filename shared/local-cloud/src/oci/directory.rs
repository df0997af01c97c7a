//! The private directory of a server, and those that dead ones have left.
//!
//! A server holds a lock on a file of its directory as long as it lives. The kernel releases it however the
//! server ends, so that a directory whose lock can be taken has no owner.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

const PREFIX: &str = "causeway-oci-";
const LOCK: &str = "owner.lock";
/// Under this name until the lock is held: nobody must find it open.
const UNLOCKED: &str = "owner.new";

/// A directory that only this user can enter. It is removed at the end.
pub(super) struct Private {
    directory: TempDir,
    /// Released after the directory is gone.
    _lock: File,
}

impl Private {
    /// Makes one in `parent`, after the ones there whose owners are dead have been removed.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        let permissions = fs::Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new().prefix(PREFIX).permissions(permissions).tempdir_in(parent)?;
        let unlocked = directory.path().join(UNLOCKED);
        let lock = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unlocked)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::new(io::ErrorKind::WouldBlock, "somebody holds a new lock"),
        })?;
        fs::rename(&unlocked, directory.path().join(LOCK))?;
        // Whose files are ours is what a new one of ours says.
        let own = lock.metadata()?.uid();
        // What cannot be removed does not keep a server from starting.
        let _ = remove_dead(parent, own);
        Ok(Self { directory, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

fn remove_dead(parent: &Path, own: u32) -> io::Result<()> {
    for entry in fs::read_dir(parent)?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
            let _ = remove_if_dead(&entry.path(), own);
        }
    }
    Ok(())
}

/// A directory without a lock is of somebody who is just making it, or none of ours.
fn remove_if_dead(directory: &Path, own: u32) -> io::Result<()> {
    // Not through a link.
    let found = fs::symlink_metadata(directory)?;
    if !found.is_dir() || found.uid() != own {
        return Ok(());
    }
    let path = directory.join(LOCK);
    let lock = fs::symlink_metadata(&path)?;
    if !lock.is_file() || lock.uid() != own {
        return Ok(());
    }
    let lock = File::open(&path)?;
    match lock.try_lock() {
        Ok(()) => fs::remove_dir_all(directory),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dead_servers_left_goes_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let at = |name: &str| parent.path().join(name);
        let make = |name: &str, files: &[&str]| {
            fs::create_dir(at(name)).unwrap();
            for file in files {
                fs::write(at(name).join(file), "x").unwrap();
            }
        };
        make("causeway-oci-dead", &[LOCK, "key.pem"]);
        make("causeway-oci-dead/discovery-agent", &["key.pem"]);
        make("causeway-oci-young", &[UNLOCKED]);
        make("causeway-oci-other", &["key.pem"]);
        make("causeway-else", &[LOCK]);
        make("elsewhere", &[LOCK, "kept"]);
        fs::write(at("causeway-oci-file"), "x").unwrap();
        std::os::unix::fs::symlink(at("elsewhere"), at("causeway-oci-link")).unwrap();
        make("causeway-oci-linked", &[]);
        std::os::unix::fs::symlink(at("elsewhere/kept"), at("causeway-oci-linked").join(LOCK)).unwrap();
        let first = Private::new(parent.path()).unwrap();
        assert!(!at("causeway-oci-dead").exists());
        for kept in [
            "causeway-oci-young",
            "causeway-oci-other",
            "causeway-else/owner.lock",
            "elsewhere/kept",
            "causeway-oci-file",
            "causeway-oci-link",
            "causeway-oci-linked",
        ] {
            assert!(at(kept).exists(), "{kept}");
        }
        let second = Private::new(parent.path()).unwrap();
        assert!(first.path().join(LOCK).exists() && second.path() != first.path());
        assert_eq!(fs::metadata(first.path()).unwrap().permissions().mode() & 0o777, 0o700);
        // As a killed server leaves it.
        let path = first.path().to_owned();
        let Private { directory, _lock: lock } = first;
        let left = directory.keep();
        drop(lock);
        assert!(left == path && path.exists());
        drop(Private::new(parent.path()).unwrap());
        assert!(!path.exists() && second.path().exists());
    }

    #[test]
    fn a_directory_of_another_user_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("causeway-oci-x");
        fs::create_dir(&path).unwrap();
        fs::write(path.join(LOCK), "").unwrap();
        let own = fs::metadata(&path).unwrap().uid();
        remove_if_dead(&path, own.wrapping_add(1)).unwrap();
        assert!(path.exists());
        remove_if_dead(&path, own).unwrap();
        assert!(!path.exists());
    }
}
