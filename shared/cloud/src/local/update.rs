//! Conditional replacement in a directory, which a file system does not offer by itself.
//!
//! One writer at a time, in this process and among processes (a lock on the root directory, which the kernel
//! gives back when a process dies). A new version is renamed into place, so a reader or a crash sees the old
//! or the new one.

use std::fs::{File, FileTimes};
use std::io::Write;
use std::path::Path as FilePath;
use std::time::{Duration, SystemTime};

use futures_util::lock::Mutex;
use object_store::path::Path;
use object_store::{Error, ObjectStoreExt, PutPayload, PutResult, Result, UpdateVersion};

use super::Store;

/// Writers of this process queue here, so that the wait for other processes below is short.
static WRITERS: Mutex<()> = Mutex::new(());

pub(super) async fn replace(
    store: &Store,
    location: &Path,
    payload: &PutPayload,
    expected: &UpdateVersion,
) -> Result<PutResult> {
    let _writers = WRITERS.lock().await;
    let _others = lock(&store.root).map_err(generic)?;
    let current = match store.files.head(location).await {
        Ok(current) => current,
        Err(Error::NotFound { path, source }) => return Err(Error::Precondition { path, source }),
        Err(other) => return Err(other),
    };
    if current.e_tag != expected.e_tag || expected.e_tag.is_none() {
        let source = format!("the object is {:?} by now", current.e_tag.unwrap_or_default()).into();
        return Err(Error::Precondition { path: location.to_string(), source });
    }
    put_in_place(&store.root.join(location.as_ref()), payload).map_err(generic)?;
    let written = store.files.head(location).await?;
    Ok(PutResult { e_tag: written.e_tag, version: None, extensions: Default::default() })
}

fn lock(root: &FilePath) -> std::io::Result<File> {
    let directory = File::open(root)?;
    directory.lock()?;
    Ok(directory)
}

/// The time of change is part of the version, so it always moves on: the clock of a file system may stand
/// for milliseconds, and a file's number is used again.
fn put_in_place(target: &FilePath, payload: &PutPayload) -> std::io::Result<()> {
    let before = std::fs::metadata(target)?.modified()?;
    // The adapter hides names with a `#` from listings.
    let mut staged = target.as_os_str().to_owned();
    staged.push("#update");
    let mut file = File::create(&staged)?;
    for part in payload {
        file.write_all(part)?;
    }
    let after = SystemTime::now().max(before + Duration::from_nanos(1));
    file.set_times(FileTimes::new().set_modified(after))?;
    file.sync_all()?;
    std::fs::rename(&staged, target)
}

fn generic(source: std::io::Error) -> Error {
    Error::Generic { store: "local directory", source: Box::new(source) }
}
