//! Regions: from what people write (`PHX`, ` us-phoenix-1`, `us-x-1.example.cloud`) to a name, a realm and a
//! domain. The rules are those of Oracle's Python and Go SDKs.

pub(crate) mod label;
mod metadata;
mod table;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

pub use metadata::{Metadata, MetadataError, parse_metadata};

use crate::{Effects, Error};
use label::is_host;

/// Second-level domain of a region that nothing is known about.
const FALLBACK_DOMAIN: &str = "oraclecloud.com";
const METADATA: &str = "OCI_REGION_METADATA";
const DEFAULT_DOMAIN: &str = "OCI_DEFAULT_REALM";

/// A region, ready to stand in a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Region {
    /// Its name, such as `us-phoenix-1`; or a complete domain, when a text with a dot was given.
    pub id: String,
    /// Realm, such as `oc1`; `None` when the region is not known. The SDKs take such a one for `oc1`.
    pub realm_key: Option<String>,
    /// Second-level domain, such as `oraclecloud.com`: `id` and this make the end of a host name. What follows
    /// the first dot when `id` is a complete domain.
    pub domain: String,
    /// Whether it is built in or described by metadata. Otherwise `domain` is an assumption.
    pub known: bool,
}

impl Region {
    /// Whether `id` is a complete domain, to which nothing is added.
    #[must_use]
    pub fn is_complete_domain(&self) -> bool {
        self.id.contains('.')
    }
}

/// Resolves regions. Clones share what was read and learnt.
#[derive(Debug, Clone)]
pub struct Regions {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    effects: Effects,
    read: OnceLock<Sources>,
    learnt: Mutex<Vec<Metadata>>,
}

/// What the process's surroundings say. Read at the first region that is not built in.
#[derive(Debug, Default)]
struct Sources {
    described: Vec<Metadata>,
    /// Value of `OCI_DEFAULT_REALM`, or why it is none.
    default_domain: Option<Result<String, Error>>,
    notes: Vec<String>,
}

impl Regions {
    /// Nothing is read before it is needed.
    #[must_use]
    pub fn new(effects: Effects) -> Self {
        Self { shared: Arc::new(Shared { effects, read: OnceLock::new(), learnt: Mutex::default() }) }
    }

    /// Finds a region by name, short code or complete domain; case and surrounding blanks do not matter.
    ///
    /// Built-in regions come first and nothing overrides them. Then the file `~/.oci/regions-config.json`, the
    /// variable `OCI_REGION_METADATA`, and what was [learnt](Self::learn). A text with a dot is a complete
    /// domain. The rest is assumed in the domain `OCI_DEFAULT_REALM`, or else `oraclecloud.com`.
    ///
    /// # Errors
    ///
    /// [`Error::RegionRequired`] for an empty text, [`Error::BadRegion`] for one that cannot stand in a host
    /// name, [`Error::BadVariable`] when `OCI_DEFAULT_REALM` is needed and is no domain.
    pub fn resolve(&self, text: &str) -> Result<Region, Error> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return Err(Error::RegionRequired);
        }
        if let Some(region) = built_in(&text) {
            return Ok(region);
        }
        if !is_host(&text) {
            return Err(Error::BadRegion(text.chars().take(64).collect()));
        }
        self.described(&text).map_or_else(|| self.assumed(text), Ok)
    }

    /// The region that a variable names; `None` when it is not set or empty.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`], and what [`resolve`](Self::resolve) says about `OCI_DEFAULT_REALM`.
    pub fn of_variable(&self, name: &str) -> Result<Option<Region>, Error> {
        let Some(text) = self.shared.effects.text(name)?.filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        match self.resolve(&text) {
            Err(error @ Error::BadRegion(_)) => {
                Err(Error::BadVariable { name: name.to_owned(), reason: error.to_string() })
            }
            other => other.map(Some),
        }
    }

    /// Adds what the metadata service says about a region. What is built in or described otherwise stays.
    pub fn learn(&self, found: Metadata) {
        let mut learnt = self.learnt();
        if !learnt.contains(&found) {
            learnt.push(found);
        }
    }

    /// Region metadata that was left out of account and why. Empty before a region was looked up in it.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.shared.read.get().map(|sources| sources.notes.clone()).unwrap_or_default()
    }

    fn described(&self, text: &str) -> Option<Region> {
        let fits = |one: &&Metadata| one.name == text || one.code == text;
        let described = self.sources().described.iter().find(fits).map(known);
        described.or_else(|| self.learnt().iter().find(fits).map(known))
    }

    fn assumed(&self, id: String) -> Result<Region, Error> {
        let domain = match (id.split_once('.'), &self.sources().default_domain) {
            (Some((_, rest)), _) => rest.to_owned(),
            (None, Some(domain)) => domain.clone()?,
            (None, None) => FALLBACK_DOMAIN.to_owned(),
        };
        Ok(Region { id, realm_key: None, domain, known: false })
    }

    fn sources(&self) -> &Sources {
        self.shared.read.get_or_init(|| Sources::read(&self.shared.effects))
    }

    fn learnt(&self) -> MutexGuard<'_, Vec<Metadata>> {
        self.shared.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn built_in(text: &str) -> Option<Region> {
    let (name, realm) = table::find(text)?;
    let (realm_key, domain) = (Some(realm.key.to_owned()), realm.domain.to_owned());
    Some(Region { id: name.to_owned(), realm_key, domain, known: true })
}

/// A described region. Its name or its realm may be built in: then what is built in holds.
fn known(one: &Metadata) -> Region {
    let described = || {
        let domain = table::realm(&one.realm).map_or_else(|| one.domain.clone(), |realm| realm.domain.to_owned());
        Region { id: one.name.clone(), realm_key: Some(one.realm.clone()), domain, known: true }
    };
    built_in(&one.name).unwrap_or_else(described)
}

impl Sources {
    fn read(effects: &Effects) -> Self {
        let mut sources = Self::default();
        if let Some(home) = effects.environment.var("HOME").filter(|home| !home.is_empty()) {
            let path = PathBuf::from(home).join(".oci/regions-config.json");
            sources.add_file(effects, &path);
        }
        match effects.text(METADATA) {
            Ok(Some(text)) if !text.trim().is_empty() => sources.add(METADATA, &text),
            Ok(_) => {}
            Err(error) => sources.note(error.to_string()),
        }
        sources.default_domain = default_domain(effects);
        sources
    }

    fn add_file(&mut self, effects: &Effects, path: &Path) {
        match effects.read_text("region list", path) {
            Ok(text) => self.add(&path.display().to_string(), &text),
            Err(Error::Unreadable { kind: std::io::ErrorKind::NotFound, .. }) => {}
            Err(error) => self.note(error.to_string()),
        }
    }

    fn add(&mut self, origin: &str, text: &str) {
        match parse_metadata(text) {
            Ok(entries) => {
                for entry in entries {
                    match entry {
                        Ok(one) => self.described.push(one),
                        Err(error) => self.note(format!("{origin}: {error}")),
                    }
                }
            }
            Err(error) => self.note(format!("{origin}: {error}")),
        }
    }

    fn note(&mut self, note: String) {
        tracing::warn!(note, "region metadata left out of account");
        self.notes.push(note);
    }
}

fn default_domain(effects: &Effects) -> Option<Result<String, Error>> {
    let value = effects.text(DEFAULT_DOMAIN).transpose()?;
    let checked = value.and_then(|value| {
        let domain = value.trim().to_ascii_lowercase();
        let reason = || "not a domain, such as oraclecloud.com".to_owned();
        let wrong = || Error::BadVariable { name: DEFAULT_DOMAIN.to_owned(), reason: reason() };
        if domain.is_empty() || is_host(&domain) { Ok(domain) } else { Err(wrong()) }
    });
    // Set to nothing counts as not set.
    Some(checked).filter(|domain| !matches!(domain, Ok(domain) if domain.is_empty()))
}

#[cfg(test)]
mod tests;
