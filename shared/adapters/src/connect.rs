//! The ports of this deployment, as its variables describe them.

mod models;
mod second_names;

use std::path::PathBuf;
use std::sync::Arc;

use causeway_cloud::invoker::{Call, Outcome};
use causeway_cloud::local::Store;
use causeway_cloud::results::{AllResults, ObjectResults, Results, ResultsAt, TableResults};
use causeway_cloud::state::Documents;
use causeway_cloud::{
    ChatModel, Fleet, Invoker, Metrics, Notifier, Objects, Ports, Principal, Problem, Secrets, Usage, object_path,
};
use causeway_oci_auth::Effects;
use causeway_oci_auth::effects::{HttpClient, SystemClock as AuthClock, SystemEnvironment, SystemFiles, SystemRandom};
use causeway_resilience::{Deadline, ServiceFailure};
use once_cell::sync::OnceCell;

use crate::aws::{Aws, Session};
use crate::choice::{Cloud, text};
use crate::clock::SystemClock;
use crate::oci::{Identity, Oci, Ords};
use second_names::SecondNames;

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
        Ok(Self { effects, network, cloud, oci: OnceCell::new(), aws: OnceCell::new(), chat: OnceCell::new() })
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
            Cloud::Oci => Ok(self.oci()?.bucket(&self.required(name, PURPOSE)?)),
            Cloud::Aws => Ok(self.aws().bucket(&self.required(name, PURPOSE)?)),
            Cloud::None => Ok(Arc::new(Store::open(".")?)),
        }
    }

    /// Objects of the bucket that a function names for its results. Only OCI's rules for old objects are set from here.
    fn object_results(&self, at: &ResultsAt) -> Result<ObjectResults, Problem> {
        let (objects, retention): (Objects, _) = match (self.local(), self.cloud) {
            (Some(directory), _) => (Arc::new(Store::open(directory)?), None),
            (None, Cloud::Oci) => (self.oci()?.bucket(&at.bucket), Some(self.oci()?.retention(&at.bucket))),
            (None, Cloud::Aws) => (self.aws().bucket(&at.bucket), None),
            (None, Cloud::None) => (Arc::new(Store::open(".")?), None),
        };
        Ok(ObjectResults::new(objects, &at.prefix, Arc::new(SystemClock), retention))
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
        match self.local() {
            Some(directory) => Ok(Arc::new(Store::open(directory)?)),
            None => self.bucket("CAUSEWAY_BUCKET"),
        }
    }

    fn documents(&self, prefix: &str) -> Result<Documents, Problem> {
        let separate = self.text("CAUSEWAY_STATE_BUCKET").is_some();
        let objects = if separate { self.bucket("CAUSEWAY_STATE_BUCKET")? } else { self.objects()? };
        let folder = self.text("CAUSEWAY_STATE_PREFIX").unwrap_or_else(|| STATE.to_owned());
        object_path(&folder).map_err(|error| format!("CAUSEWAY_STATE_PREFIX: {error}"))?;
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
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.invoker(self.text("CAUSEWAY_APPLICATION"))),
            Cloud::Aws => Ok(self.aws().invoker(self.text("CAUSEWAY_FUNCTION_PREFIX").unwrap_or_default())),
            Cloud::None => Ok(Arc::new(NoFunctions)),
        }
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
            places.push(Arc::new(self.object_results(at)?));
        }
        if let Some(database) = &at.database {
            let Effects { http, clock, .. } = &self.effects;
            let ords = Ords::new(Arc::clone(http), Arc::clone(clock), self.secrets()?, database)?;
            places.push(Arc::new(TableResults::new(Arc::new(ords), database.statements)));
        }
        Ok(Arc::new(AllResults(places)))
    }
}

/// Without a cloud there is nobody to call; a function that would call others still starts and answers its probes.
struct NoFunctions;

#[async_trait::async_trait]
impl Invoker for NoFunctions {
    async fn invoke(&self, name: &str, _: &Call, _: Deadline) -> Result<Outcome, ServiceFailure> {
        let reason = format!("{name} cannot be called without a cloud: set CAUSEWAY_CLOUD to oci or aws");
        Err(ServiceFailure::not_configured("functions", reason))
    }
}

#[cfg(test)]
mod tests;
