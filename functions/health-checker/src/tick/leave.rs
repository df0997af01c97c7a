//! What a tick leaves where people and machines find it.

use causeway_cloud::object_path;
use causeway_cloud::object_store::ObjectStoreExt;
use causeway_resilience::Deadline;
use causeway_runtime::until;

use crate::decide::{Inputs, State};
use crate::handler::HealthChecker;
use crate::page;
use crate::reply::Reply;

impl HealthChecker {
    /// Leaves the page and the report and, where that is asked for, what was decided on.
    pub(super) async fn leave(&self, inputs: &Inputs, state: &State, reply: &mut Reply, deadline: Deadline) {
        let report = serde_json::to_string_pretty(&reply.report).unwrap_or_default();
        self.put("status.html", page::html(&reply.report, state), reply, deadline).await;
        self.put("report.json", report, reply, deadline).await;
        if inputs.settings.tick.leaves_inputs {
            let recorded = serde_json::to_string(inputs).unwrap_or_default();
            self.put("inputs.json", recorded, reply, deadline).await;
        }
    }

    async fn put(&self, name: &str, text: String, reply: &mut Reply, deadline: Deadline) {
        let name = format!("{}/{name}", self.config.page_prefix);
        let written = async {
            let path = object_path(&name).map_err(|error| error.to_string())?;
            self.objects.put(&path, text.into()).await.map_err(|error| error.to_string())
        };
        match until(deadline, written).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => reply.problems.push(format!("{name} was not written: {error}")),
            None => reply.problems.push(format!("{name} was not written: there was no time left")),
        }
    }
}
