//! The emulator as a whole: its settings, its parts, and how it is opened.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use jiff::Timestamp;

use crate::auth::KeyRing;
use crate::auth::{LazySigner, PublicKey};
use crate::clock::{Clock, ClockSetting, WallClock};
use crate::error::Error;
use crate::faults::{Fault, Faults};
use crate::ids::{self, Ids};
use crate::invoker::Invoker;
use crate::regions;
use crate::store::{Place, Safety, Store, StoreError, Table};
use crate::tenancy::{self, Compartment};

/// How an emulator is set up.
#[derive(Clone)]
pub struct Options {
    /// Where its state lives.
    pub place: Place,
    /// When a write counts as safe.
    pub safety: Safety,
    /// The one region it stands for, such as `us-ashburn-1`.
    pub region: String,
    /// From which all made-up ids follow.
    pub seed: u64,
    /// OCID of the home tenancy; made up when absent.
    pub tenancy: Option<String>,
    /// Object Storage namespace of the home tenancy; made up when absent.
    pub namespace: Option<String>,
    /// OCIDs of further compartments of the home tenancy.
    pub compartments: Vec<String>,
    /// Whether a well-formed compartment OCID that nobody has created is taken as one of the caller's. OCI
    /// answers 404 to it, as the emulator does otherwise.
    pub adopt_compartments: bool,
    /// How long copies, resizes and the like take, in milliseconds of the service clock.
    pub step_ms: i64,
    /// Whether a running instance can be resized with `AVOID_DOWNTIME`; Oracle's documentation leaves open
    /// when, so that it is refused unless this is set.
    pub resize_without_reboot: bool,
    /// Real time.
    pub wall: WallClock,
    /// The functions behind the Functions service; none when absent.
    pub invoker: Option<Arc<dyn Invoker>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            place: Place::Memory,
            safety: Safety::Process,
            region: "us-ashburn-1".to_owned(),
            seed: 1,
            tenancy: None,
            namespace: None,
            compartments: Vec::new(),
            adopt_compartments: false,
            step_ms: 200,
            resize_without_reboot: false,
            wall: Arc::new(Timestamp::now),
            invoker: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("place", &self.place).field("region", &self.region).finish_non_exhaustive()
    }
}

/// An emulator could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A setting that cannot be.
    #[error("{0}")]
    Setting(String),
}

/// The services of one region. Clones share the same state.
#[derive(Clone)]
pub struct Emulator {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("region", &self.inner.options.region).finish_non_exhaustive()
    }
}

/// The parts that all requests share. It has nothing for users of the library.
pub struct Inner {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) store: Store,
    pub(crate) keys: KeyRing,
    pub(crate) signer: LazySigner,
    pub(crate) faults: Faults,
    pub(crate) tenancy: String,
    /// When the next job is due, in milliseconds since 1970.
    pub(crate) next_job: AtomicI64,
    /// Held while a call with a retry token is carried out.
    pub(crate) retries: tokio::sync::Mutex<()>,
    /// Directories with principals' files that are rewritten on rotation.
    pub(crate) principals: std::sync::Mutex<Vec<crate::principals::Minted>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").finish_non_exhaustive()
    }
}

impl std::ops::Deref for Emulator {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Emulator {
    /// Opens an emulator; state that an earlier one has left in the same directory is there again.
    ///
    /// # Errors
    ///
    /// [`OpenError`] for an unknown region, a malformed OCID, or state that cannot be read.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let setting = |text: String| Err(OpenError::Setting(text));
        let Some(region) = regions::by_name(&options.region) else {
            return setting(format!("unknown region {}", options.region));
        };
        for (kind, id) in options.tenancy.iter().map(|id| ("tenancy", id)) {
            if !ids::is_ocid(id, kind) {
                return setting(format!("{id} is no OCID of a {kind}"));
            }
        }
        let store = Store::open(&options.place, options.safety)?;
        let ids = Ids::new(options.seed, region.key, store.numbers());
        let clock = Clock::new(options.wall.clone());
        clock.restore(store.get::<ClockSetting>(Table::Meta, b"clock")?.unwrap_or_default());
        let tenancy = options.tenancy.clone().unwrap_or_else(|| ids.global_ocid("tenancy", "home"));
        let inner = Inner {
            keys: KeyRing::load(&store)?,
            signer: LazySigner::new(),
            faults: Faults::new(options.seed),
            next_job: AtomicI64::new(crate::jobs::first_due(&store)?),
            retries: tokio::sync::Mutex::new(()),
            principals: std::sync::Mutex::default(),
            options,
            clock,
            ids,
            store,
            tenancy,
        };
        let emulator = Self { inner: Arc::new(inner) };
        emulator.create_compartments().map_err(|error| OpenError::Setting(error.to_string()))?;
        Ok(emulator)
    }

    fn create_compartments(&self) -> Result<(), Error> {
        let default = (self.default_compartment(), "default".to_owned());
        let named = self.options.compartments.iter().map(|id| (id.clone(), tenancy::short_name(id)));
        for (id, name) in std::iter::once(default).chain(named) {
            if self.store.get::<Compartment>(Table::Compartments, id.as_bytes())?.is_none() {
                self.add_compartment(&self.tenancy.clone(), &id, &name)?;
            }
        }
        Ok(())
    }

    /// The clocks, for moving them.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Keeps the clocks as they are for the next start.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the state cannot be written.
    pub fn keep_clock(&self) -> Result<(), StoreError> {
        let setting = self.clock.setting();
        self.store
            .put(Table::Meta, b"clock", &setting)
            .map_err(|error| StoreError::Entry { table: Table::Meta.name(), reason: error.to_string() })
    }

    /// Puts a fault in force and gives its number, for [`Emulator::end_fault`] and the admin routes.
    pub fn add_fault(&self, fault: Fault) -> u64 {
        self.faults.add(fault)
    }

    /// Ends a fault and gives how often it has hit; `None` when there is none of this number.
    pub fn end_fault(&self, id: u64) -> Option<u64> {
        let hits = self.faults.list().into_iter().find(|rule| rule.id == id).map(|rule| rule.hits);
        self.faults.remove(Some(id));
        hits
    }

    /// Lets a user sign with the private half of an RSA key and gives the key id for the client.
    ///
    /// # Errors
    ///
    /// A sentence, when the PEM holds no RSA public key of 2,048 bits or more, an OCID is malformed or the
    /// state cannot be written.
    pub fn register_key(&self, tenancy: &str, user: &str, public_pem: &str) -> Result<String, String> {
        for (kind, id) in [("tenancy", tenancy), ("user", user)] {
            if !ids::is_ocid(id, kind) {
                return Err(format!("{id} is no OCID of a {kind}"));
            }
        }
        let key = PublicKey::from_pem(public_pem).ok_or("no RSA public key of 2048 bits or more in PEM")?;
        self.keys.register(&self.store, tenancy, user, key).map_err(|error| error.message)
    }

    /// OCID of the home tenancy.
    #[must_use]
    pub fn tenancy(&self) -> &str {
        &self.inner.tenancy
    }

    /// OCID of the compartment that is there from the start.
    #[must_use]
    pub fn default_compartment(&self) -> String {
        self.ids.global_ocid("compartment", "default")
    }

    /// OCID of the user for whom command lines are set up.
    #[must_use]
    pub fn developer(&self) -> String {
        self.ids.global_ocid("user", "developer")
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.inner.options.region
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_that_was_kept_comes_again_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::Directory(directory.path().to_owned());
        let open = || Emulator::open(Options { place: place.clone(), ..Options::default() }).unwrap();
        let mut last = 0;
        for numbers in [1, 10, 200_000, 3] {
            let emulator = open();
            for _ in 0..numbers {
                let number = emulator.ids.number();
                assert!(number > last, "{number} after {last}");
                last = number;
            }
            emulator.store.put(Table::Meta, b"kept", &last).unwrap();
        }
    }
}
