//! Where the configuration file is, and what `~` means.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::{Effects, Error};

const FALLBACK: &str = "OCI_CONFIG_FILE";
const WHAT: &str = "configuration file";

/// A file and what is in it.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) text: Zeroizing<String>,
}

/// The configuration file. Without a path: `~/.oci/config`, then the one that `OCI_CONFIG_FILE` names, then
/// `~/.oraclebmc/config`. The variable loses against a default file that is there, in all of Oracle's SDKs. `None`
/// when nothing names a file and there is none at the usual places.
pub(super) fn find(effects: &Effects, path: Option<&Path>) -> Result<Option<Found>, Error> {
    if let Some(path) = path {
        return read_named(effects, path);
    }
    if let Some(found) = read_at_home(effects, ".oci/config")? {
        return Ok(Some(found));
    }
    match effects.text(FALLBACK)?.filter(|named| !named.trim().is_empty()) {
        Some(named) => read_named(effects, Path::new(named.trim())),
        None => read_at_home(effects, ".oraclebmc/config"),
    }
}

/// What to say when there is none.
pub(super) fn missing(effects: &Effects) -> Error {
    let path = home(effects).unwrap_or_else(|| PathBuf::from("~")).join(".oci/config");
    Error::Unreadable { what: WHAT, path, kind: ErrorKind::NotFound }
}

/// The path with `~` or `~/` at its start replaced by the home directory; `None` when there is none.
pub(super) fn expand(effects: &Effects, path: &Path) -> Option<PathBuf> {
    match path.strip_prefix("~") {
        Ok(rest) if rest.as_os_str().is_empty() => home(effects),
        Ok(rest) => Some(home(effects)?.join(rest)),
        Err(_) => Some(path.to_owned()),
    }
}

fn home(effects: &Effects) -> Option<PathBuf> {
    effects.environment.var("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

fn read(effects: &Effects, path: PathBuf) -> Result<Found, Error> {
    let text = effects.read_text(WHAT, &path)?;
    Ok(Found { path, text })
}

fn read_named(effects: &Effects, path: &Path) -> Result<Option<Found>, Error> {
    let homeless = || {
        let reason = "~ has no meaning because HOME is not set".to_owned();
        Error::Config { path: path.to_owned(), line: None, reason }
    };
    read(effects, expand(effects, path).ok_or_else(homeless)?).map(Some)
}

/// `None` when nothing is there. A file that is there and cannot be read is an error: what follows would be
/// another identity than the one that its owner means.
fn read_at_home(effects: &Effects, path: &str) -> Result<Option<Found>, Error> {
    let Some(home) = home(effects) else { return Ok(None) };
    match read(effects, home.join(path)) {
        Err(Error::Unreadable { kind: ErrorKind::NotFound | ErrorKind::NotADirectory, .. }) => Ok(None),
        other => other.map(Some),
    }
}
