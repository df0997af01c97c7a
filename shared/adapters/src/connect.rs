//! The ports of this deployment, as its variables describe them.

mod functions;
mod models;
mod mounted;
mod second;
mod second_names;

use std::path::PathBuf;
use std::sync::Arc;

use causeway_cloud::local::Store;
use causeway_cloud::results::{AllResults, ObjectResults, Results, ResultsAt, TableResults};
use causeway_cloud::state::Documents;
use causeway_cloud::{
    ChatModel, Fleet, Invoker, Metrics, Notifier, Objects, Ports, Principal, Problem, Secrets, Usage, Vantage,
    object_path,
};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemClock as AuthClock, SystemEnvironment, SystemFiles, SystemRandom};
use once_cell::sync::OnceCell;

use crate::aws::{Aws, Session};
use crate::choice::{Cloud, text};
use crate::clock::SystemClock;
use crate::oci::{Identity, Oci, Ords};
use crate::pair::{Holds, SidedResults};
use second::Second;
use second_names::SecondNames;

const STATE_BUCKET: &str = "CAUSEWAY_STATE_BUCKET";
/// Folder of all documents when `CAUSEWAY_STATE_PREFIX` is not set.
const STATE: &str = "causeway-state";

/// Variables of the SDK that name another server than Amazon's for S3.
const OWN_ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

/// The ports of one deployment. What is not taken is not constructed.
pub struct Connected {
    effects: Effects,
    network: HttpClient,
    cloud: Cloud,
    oci: OnceCell<Oci>,
    aws: OnceCell<Aws>,
    /// One for the process: it remembers which providers are ill and what they understand.
    chat: OnceCell<Arc<dyn ChatModel>>,
    /// One for the process, with the breakers of the storage; `None` where the storage has one side.
    second: OnceCell<Option<Second>>,
}

/// The ports that this process's variables describe. Nothing is read or sent before the first use of a port.
///
/// # Errors
/// A variable that cannot be used.
pub fn connect() -> Result<Connected, Problem> {
    let network = HttpClient::new(&SystemEnvironment, &SystemFiles)?;
    let effects = Effects {
        environment: Arc::new(SystemEnvironment),
        files: Arc::new(SystemFiles),
        http: Arc::new(network.clone()),
        clock: Arc::new(AuthClock),
        random: Arc::new(SystemRandom),
    };
    Connected::new(effects, network)
}

impl Connected {
    /// The ports that these effects describe; `network` is for large bodies and for the SDK of AWS.
    ///
    /// # Errors
    /// A `CAUSEWAY_CLOUD` that is none, and a variable that says something else than its second name.
    pub fn new(effects: Effects, network: HttpClient) -> Result<Self, Problem> {
        let environment = Arc::new(SecondNames::of(effects.environment)?);
        let cloud = Cloud::of_environment(environment.as_ref())?;
        let effects = Effects { environment, ..effects };
        let (oci, aws, chat, second) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        Ok(Self { effects, network, cloud, oci, aws, chat, second })
    }

    /// With these credentials and this region for AWS's services, in place of those that the SDK finds in this
    /// process's variables and files.
    #[must_use]
    pub fn with_aws(mut self, session: Session) -> Self {
        self.aws = OnceCell::with_value(Aws::new(session));
        self
    }

    /// Whose services are used.
    #[must_use]
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    fn text(&self, name: &str) -> Option<String> {
        text(self.effects.environment.as_ref(), name)
    }

    fn required(&self, name: &'static str, purpose: &str) -> Result<String, Problem> {
        self.text(name).ok_or_else(|| format!("{name} is not set: {purpose}").into())
    }

    fn oci(&self) -> Result<&Oci, Problem> {
        self.oci.get_or_try_init(|| {
            let [compartment, namespace] = ["CAUSEWAY_COMPARTMENT", "CAUSEWAY_NAMESPACE"].map(|name| self.text(name));
            Oci::new(self.effects.clone(), &self.network, compartment, namespace)
        })
    }

    fn aws(&self) -> &Aws {
        self.aws.get_or_init(|| {
            let has_own_endpoint = OWN_ENDPOINTS.iter().any(|name| self.text(name).is_some());
            Aws::new(Session::of_process(self.network.services(), has_own_endpoint))
        })
    }

    /// What there is on no cloud at all.
    fn none<T>(&self, port: &str) -> Result<T, Problem> {
        Err(format!("there is no {port} without a cloud: set CAUSEWAY_CLOUD to oci or aws").into())
    }

    /// What AWS has nothing of, or nothing that fits.
    fn oci_only<T>(&self, port: &str, reason: &str) -> Result<T, Problem> {
        Err(format!("there is no {port} on AWS: {reason}").into())
    }

    /// `None` without a directory of that name. It comes before a bucket: somebody has set it for this run.
    fn local(&self) -> Option<PathBuf> {
        self.text("CAUSEWAY_LOCAL_ROOT").map(PathBuf::from)
    }

    fn bucket(&self, name: &'static str) -> Result<Objects, Problem> {
        const PURPOSE: &str = "the bucket that the function works on";
        match self.cloud {
            // What is set and cannot be used is told before what is missing.
            Cloud::Oci => self.oci().and_then(|_| self.oci_bucket(&self.required(name, PURPOSE)?)),
            Cloud::Aws => Ok(self.aws().bucket(&self.required(name, PURPOSE)?)),
            Cloud::None => Ok(Arc::new(Store::open(".")?)),
        }
    }

    fn oci_bucket(&self, name: &str) -> Result<Objects, Problem> {
        match self.second()? {
            Some(_) => Ok(self.oci()?.bucket_with(name, self.policy()?)),
            None => Ok(self.oci()?.bucket(name)),
        }
    }

    /// The variable with the bucket of documents.
    fn state_bucket(&self) -> &'static str {
        if self.text(STATE_BUCKET).is_some() { STATE_BUCKET } else { "CAUSEWAY_BUCKET" }
    }

    fn state_folder(&self) -> Result<String, Problem> {
        let folder = self.text("CAUSEWAY_STATE_PREFIX").unwrap_or_else(|| STATE.to_owned());
        object_path(&folder).map_err(|error| format!("CAUSEWAY_STATE_PREFIX: {error}"))?;
        Ok(folder)
    }

    /// The function's own bucket, or the directory in its place.
    fn first(&self) -> Result<Objects, Problem> {
        match self.local() {
            Some(directory) => Ok(Arc::new(Store::open(directory)?)),
            None => self.bucket("CAUSEWAY_BUCKET"),
        }
    }

    /// With the second side, where there is one.
    fn sided(&self, first: Objects, bucket: &'static str, holds: Holds) -> Result<Objects, Problem> {
        match self.second()? {
            Some(second) => Ok(second.pair(first, &self.folder_of(bucket)?, holds)),
            None => Ok(first),
        }
    }

    /// Objects of the bucket that a function names for its results. Only OCI's rules for old objects are set from here.
    fn object_results(&self, at: &ResultsAt) -> Result<ObjectResults, Problem> {
        let (objects, retention): (Objects, _) = match (self.local(), self.cloud) {
            (Some(directory), _) => (Arc::new(Store::open(directory)?), None),
            (None, Cloud::Oci) => (self.oci_bucket(&at.bucket)?, Some(self.oci()?.retention(&at.bucket))),
            (None, Cloud::Aws) => (self.aws().bucket(&at.bucket), None),
            (None, Cloud::None) => (Arc::new(Store::open(".")?), None),
        };
        Ok(ObjectResults::new(objects, &at.prefix, Arc::new(SystemClock), retention))
    }

    /// The same on the side that a run belongs to, where the storage has two.
    fn sided_results(&self, at: &ResultsAt) -> Result<Arc<dyn Results>, Problem> {
        let first = self.object_results(at)?;
        let Some(second) = self.second()? else { return Ok(Arc::new(first)) };
        let (folder, chains) = second.parts(&at.bucket);
        let make = |objects| ObjectResults::new(objects, &at.prefix, Arc::new(SystemClock), None);
        Ok(Arc::new(SidedResults::new(first, &folder, make, chains)))
    }
}

impl Ports for Connected {
    fn principal(&self) -> Result<Arc<dyn Principal>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(Arc::new(self.oci()?.identity())),
            // Credentials of OCI may be configured beside AWS's services, and `auth` reports on them.
            Cloud::Aws | Cloud::None => Ok(Arc::new(Identity::new(self.effects.clone())?)),
        }
    }

    fn objects(&self) -> Result<Objects, Problem> {
        self.sided(self.first()?, "CAUSEWAY_BUCKET", Holds::Data)
    }

    fn has_second_side(&self) -> bool {
        matches!(self.second(), Ok(Some(_)))
    }

    fn documents(&self, prefix: &str) -> Result<Documents, Problem> {
        let name = self.state_bucket();
        let first = if name == STATE_BUCKET { self.bucket(name)? } else { self.first()? };
        let folder = self.state_folder()?;
        let objects = self.sided(first, name, Holds::State)?;
        Ok(Documents::new(objects, format!("{folder}/{prefix}"), Arc::new(SystemClock)))
    }

    fn metrics(&self) -> Result<Arc<dyn Metrics>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.metrics()),
            Cloud::Aws => Ok(self.aws().metrics()),
            Cloud::None => self.none("store of metrics"),
        }
    }

    fn fleet(&self) -> Result<Arc<dyn Fleet>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.fleet()),
            Cloud::Aws => self.oci_only("fleet", "instance types of EC2 have fixed sizes; set CAUSEWAY_CLOUD=oci"),
            Cloud::None => self.none("fleet"),
        }
    }

    fn usage(&self) -> Result<Arc<dyn Usage>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.usage()),
            Cloud::Aws => Ok(self.aws().usage()),
            Cloud::None => self.none("record of usage"),
        }
    }

    fn usage_beside(&self) -> Result<Arc<dyn Usage>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.aws().usage()),
            Cloud::Aws => {
                Err("AWS's record of usage is the first one here; OCI's comes first with CAUSEWAY_CLOUD=oci".into())
            }
            Cloud::None => self.none("second record of usage"),
        }
    }

    fn vantage(&self) -> Result<Arc<dyn Vantage>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.vantage()),
            Cloud::Aws => self.oci_only("monitors", "the state of Route 53's health checks is a metric of AWS/Route53"),
            Cloud::None => self.none("monitors"),
        }
    }

    fn notifier(&self) -> Result<Arc<dyn Notifier>, Problem> {
        const PURPOSE: &str = "the topic that alerts go to, its OCID or ARN";
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.notifier(self.required("CAUSEWAY_TOPIC", PURPOSE)?)),
            Cloud::Aws => {
                let topic = self.aws().notifier(self.required("CAUSEWAY_TOPIC", PURPOSE)?);
                topic.ok_or_else(|| "CAUSEWAY_TOPIC is not the ARN of an SNS topic".into())
            }
            Cloud::None => self.none("topic"),
        }
    }

    fn chat_model(&self) -> Result<Arc<dyn ChatModel>, Problem> {
        self.chat.get_or_try_init(|| self.models()).cloned()
    }

    fn invoker(&self) -> Result<Arc<dyn Invoker>, Problem> {
        self.functions()
    }

    fn secrets(&self) -> Result<Arc<dyn Secrets>, Problem> {
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.secrets()),
            Cloud::Aws => Ok(self.aws().secrets()),
            Cloud::None => self.none("vault"),
        }
    }

    fn results(&self, at: &ResultsAt) -> Result<Arc<dyn Results>, Problem> {
        let mut places: Vec<Arc<dyn Results>> = Vec::new();
        if at.objects {
            places.push(self.sided_results(at)?);
        }
        if let Some(database) = &at.database {
            let Effects { http, clock, .. } = &self.effects;
            let ords = Ords::new(Arc::clone(http), Arc::clone(clock), self.secrets()?, database)?;
            places.push(Arc::new(TableResults::new(Arc::new(ords), database.statements)));
        }
        Ok(Arc::new(AllResults(places)))
    }
}

#[cfg(test)]
mod tests;
