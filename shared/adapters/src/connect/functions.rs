//! The other functions: on a Fn server that is named, else on the cloud.

use std::sync::Arc;

use causeway_cloud::invoker::{Call, Outcome};
use causeway_cloud::{Invoker, Problem};
use causeway_resilience::{Deadline, ServiceFailure};

use super::Connected;
use crate::base_url::base_url;
use crate::choice::Cloud;
use crate::{APPLICATION, fnproject};

const URL: &str = "CAUSEWAY_FN_API_URL";
const ALLOW_HTTP: &str = "CAUSEWAY_FN_ALLOW_HTTP";
const NAME: &str = "CAUSEWAY_APPLICATION";
const PREFIX: &str = "CAUSEWAY_FUNCTION_PREFIX";

impl Connected {
    /// A server that somebody named comes before the cloud, whose data functions may work on all the same.
    ///
    /// # Errors
    /// A URL that cannot be used, and a setting that is for another platform's functions.
    pub(super) fn functions(&self) -> Result<Arc<dyn Invoker>, Problem> {
        if let Some(url) = self.text(URL) {
            return Ok(Arc::new(self.fn_server(&url)?));
        }
        match self.cloud {
            Cloud::Oci => Ok(self.oci()?.invoker(self.text(NAME))),
            Cloud::Aws => Ok(self.aws().invoker(self.text(PREFIX).unwrap_or_default())),
            Cloud::None => Ok(Arc::new(NoFunctions)),
        }
    }

    fn fn_server(&self, url: &str) -> Result<fnproject::Functions, Problem> {
        if self.text(PREFIX).is_some() {
            return Err(format!("{URL} and {PREFIX} are both set: functions are on a Fn server or on Lambda").into());
        }
        let application = self.text(NAME).unwrap_or_else(|| APPLICATION.to_owned());
        if application.starts_with("ocid1.") {
            return Err(format!("{URL} is set, and {NAME} is an OCID: an app of a Fn server has a name").into());
        }
        let base = url.trim().trim_end_matches('/');
        base_url(base, self.flag(ALLOW_HTTP)?, ALLOW_HTTP).map_err(|reason| format!("{URL}: {reason}"))?;
        Ok(fnproject::Functions::new(self.effects.clone(), base.to_owned(), application))
    }
}

/// Without a cloud there is nobody to call; a function that would call others still starts and answers its probes.
struct NoFunctions;

#[async_trait::async_trait]
impl Invoker for NoFunctions {
    async fn invoke(&self, name: &str, _: &Call, _: Deadline) -> Result<Outcome, ServiceFailure> {
        let reason = format!("{name} cannot be called without a cloud: set CAUSEWAY_CLOUD to oci or aws, or {URL}");
        Err(ServiceFailure::not_configured("functions", reason))
    }
}
