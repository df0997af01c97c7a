//! OCI on this machine: the emulator beside the functions, and the functions as its principals.

mod directory;
pub(crate) mod environment;
mod furnish;
pub(crate) mod invoker;
mod principals;
pub(crate) mod target;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_oci_emulator::{Emulator, Fault, Options, Place, PrincipalError};

use crate::cli::CliError;
use crate::cloud::Cloud;
use directory::Private;
use invoker::Functions;
pub(crate) use principals::Rotation;

/// The bucket that functions use, and that is there from the start.
pub(crate) const BUCKET: &str = "causeway";
/// The bucket of their documents, leases and stored replies, apart from the data that they survey.
pub(crate) const STATE_BUCKET: &str = "causeway-state";
/// The bucket that the built-in flow names for its results.
pub(crate) const RESULTS_BUCKET: &str = "decisioning-results";
/// The bucket of the vision tool: photographs are no tables for the others to survey.
const PICTURES_BUCKET: &str = "causeway-pictures";
/// Whose it is.
const PICTURES_FUNCTION: &str = "vision";
/// The topic of their alerts.
const TOPIC: &str = "causeway-alerts";

/// How it is set up.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the state lives; in memory when absent.
    pub(crate) data: Option<PathBuf>,
    pub(crate) region: String,
    /// Failures on demand, in the form of [`Fault::parse`].
    pub(crate) faults: Vec<String>,
    /// How often the functions get new keys and tokens.
    pub(crate) rotate: Duration,
    /// How long each step of a slow operation takes, in milliseconds of its clock; the emulator's own when absent.
    pub(crate) step_ms: Option<i64>,
}

/// The emulator and what it has made for the functions. The files go with it.
pub(crate) struct Oci {
    pub(crate) emulator: Emulator,
    functions: Arc<Functions>,
    rotation: Rotation,
    directory: Private,
    /// OCID of the topic, once it is there.
    topic: Option<String>,
}

impl Oci {
    /// # Errors
    /// When a setting cannot be, or the state cannot be read.
    pub(crate) fn open(settings: &Settings) -> Result<Self, CliError> {
        let parent = tempfile::env::temp_dir();
        let directory = Private::new(&parent).map_err(|error| CliError::io("no private directory", &error))?;
        // Large objects of an emulator in memory are temporary files: they go with the keys. After a kill that is
        // as soon as a process of a function notices it, or else when the next server starts.
        let _ = tempfile::env::override_temp_dir(directory.path());
        let functions = Arc::new(Functions::default());
        let defaults = Options::default();
        let emulator = Emulator::open(Options {
            place: settings.data.clone().map_or(Place::Memory, Place::Directory),
            region: settings.region.clone(),
            invoker: Some(Arc::clone(&functions) as _),
            step_ms: settings.step_ms.unwrap_or(defaults.step_ms),
            ..defaults
        });
        let emulator = emulator.map_err(|error| CliError::usage(error.to_string()))?;
        for text in &settings.faults {
            let fault = Fault::parse(text).and_then(|fault| fault.check().map(|()| fault));
            emulator.add_fault(fault.map_err(|error| CliError::usage(format!("--fault {text}: {error}")))?);
        }
        let rotation = Rotation::new(emulator.clone(), settings.rotate);
        Ok(Self { emulator, functions, rotation, directory, topic: None })
    }

    /// A directory that only this user can enter. It is removed at the end.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Makes these functions principals; gives the variables of each, in the same order.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn variables(&self, names: &[&str], base: &str) -> Result<Vec<Vec<(String, String)>>, CliError> {
        let failed = |error: PrincipalError| CliError { text: format!("no principal: {error}"), exit: 74 };
        let files = self.rotation.mint(names, self.directory.path()).map_err(failed)?;
        let shared = [
            ("CAUSEWAY_CLOUD", "oci".to_owned()),
            ("CAUSEWAY_OCI_ENDPOINT", base.to_owned()),
            ("CAUSEWAY_COMPARTMENT", self.emulator.default_compartment()),
            ("CAUSEWAY_STATE_BUCKET", STATE_BUCKET.to_owned()),
            ("CAUSEWAY_TOPIC", self.topic.clone().unwrap_or_default()),
        ];
        let all = files.into_iter().zip(names).map(|(files, name)| {
            let own = (*name == PICTURES_FUNCTION).then(|| ("CAUSEWAY_BUCKET", PICTURES_BUCKET.to_owned()));
            let pairs = own.into_iter().chain(shared.iter().cloned()).chain(files.environment());
            pairs.map(|(name, value)| (name.to_owned(), value)).collect()
        });
        Ok(all.collect())
    }

    /// From now on the Functions service calls these functions.
    pub(crate) fn serve(&self, cloud: &Arc<Cloud>) {
        self.functions.serve(cloud);
    }

    /// Replaces keys and tokens in time, for ever.
    pub(crate) async fn keep_rotating(&self) {
        self.rotation.run().await;
    }
}
