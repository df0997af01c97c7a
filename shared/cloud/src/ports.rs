//! Everything that a function may ask a cloud for.

use std::error::Error;
use std::sync::Arc;

use crate::results::{Results, ResultsAt};
use crate::state::Documents;
use crate::{ChatModel, Fleet, Invoker, Metrics, Notifier, Objects, Principal, Secrets, Usage, Vantage};

/// Why a function cannot be connected to a port.
pub type Problem = Box<dyn Error + Send + Sync>;

/// The ports of one deployment. A function takes those that it needs when it starts, so that what is missing is told
/// then and not at the first call; what it does not take is never constructed. Nothing is sent before the first use.
///
/// Functions take `&impl Ports`: behind a `dyn Ports` each of their programs would hold the clients of all ports.
///
/// # Errors
/// All of them: what the deployment would have to set, for the person who deploys it.
pub trait Ports {
    /// Who the function is.
    fn principal(&self) -> Result<Arc<dyn Principal>, Problem>;

    /// Objects of the function's bucket, or of the local directory that stands in for it.
    fn objects(&self) -> Result<Objects, Problem>;

    /// Whether the storage has a second side, so that a name of [`side`](crate::side) can be had while the first fails.
    fn has_second_side(&self) -> bool {
        false
    }

    /// Documents below `prefix` of the deployment's state.
    fn documents(&self, prefix: &str) -> Result<Documents, Problem>;

    /// Metrics.
    fn metrics(&self) -> Result<Arc<dyn Metrics>, Problem>;

    /// Virtual machines.
    fn fleet(&self) -> Result<Arc<dyn Fleet>, Problem>;

    /// Usage and cost.
    fn usage(&self) -> Result<Arc<dyn Usage>, Problem>;

    /// Usage and cost of AWS beside those of OCI, while a deployment on OCI has not left AWS.
    fn usage_beside(&self) -> Result<Arc<dyn Usage>, Problem> {
        Err("there is no second record of usage".into())
    }

    /// What the cloud's own monitors find.
    fn vantage(&self) -> Result<Arc<dyn Vantage>, Problem> {
        Err("there are no monitors of a cloud".into())
    }

    /// The topic for alerts.
    fn notifier(&self) -> Result<Arc<dyn Notifier>, Problem>;

    /// The language model.
    fn chat_model(&self) -> Result<Arc<dyn ChatModel>, Problem>;

    /// Other functions.
    fn invoker(&self) -> Result<Arc<dyn Invoker>, Problem>;

    /// The vault.
    fn secrets(&self) -> Result<Arc<dyn Secrets>, Problem>;

    /// Where results of analyses are kept, as the function's settings say.
    fn results(&self, at: &ResultsAt) -> Result<Arc<dyn Results>, Problem>;
}
