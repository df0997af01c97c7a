//! Versions 2.1, 2.1.1 and 2.1.2: the platform hands over a key; the token is fetched and exchanged with it.

use std::sync::Arc;

use async_trait::async_trait;

use super::exchange::Exchange;
use super::input::Whose;
use super::key_input::KeyInput;
use super::services::{Auth, Owner};
use crate::cache::{Rules, Source};
use crate::endpoint::Endpoints;
use crate::principals::wire;
use crate::{Effects, Error, Secret, Snapshot};

pub(super) struct Keyed {
    key: KeyInput,
    key_id: Secret,
    rpt: String,
    auth: String,
    security_context: Option<Secret>,
    region: Option<String>,
}

impl Keyed {
    /// From `RPT_ENDPOINT`, `RPST_ENDPOINT`, `RESOURCE_ID`, `PRIVATE_PEM` and `REGION`, after 2.1 also `TENANCY_ID`,
    /// in 2.1.2 also `SECURITY_CONTEXT` and `RPT_PATH`.
    pub(super) fn find(effects: &Effects, endpoints: &Endpoints, whose: Whose, version: &str) -> Result<Self, Error> {
        let id = whose.required(effects, "RESOURCE_ID")?;
        let names = match version {
            "2.1" => id.clone(),
            _ => format!("{}/{id}", whose.required(effects, "TENANCY_ID")?),
        };
        let latest = version == "2.1.2";
        let (path, context) = match latest {
            true => (whose.text(effects, "RPT_PATH")?, whose.text(effects, "SECURITY_CONTEXT")?),
            false => (None, None),
        };
        let region = whose.region(effects)?;
        Ok(Self {
            key: KeyInput::find(effects, whose)?,
            key_id: Secret::new(format!("resource/v{version}/{names}")),
            rpt: Owner::find(effects, whose)?.url(&path_of(path, latest, &id))?,
            auth: Auth::find(effects, endpoints, whose)?.base(region.as_deref())?,
            security_context: context.map(Secret::new),
            region,
        })
    }
}

/// A path of one's own has the id in the place of `{}`, or at its end.
fn path_of(own: Option<String>, latest: bool, id: &str) -> String {
    match own {
        Some(path) if path.contains("{}") => path.replace("{}", id),
        Some(path) => format!("{}/{id}", path.trim_end_matches('/')),
        None if latest => format!("/20180711/resourcePrincipalTokenV212/{id}"),
        None => format!("/20180711/resourcePrincipalTokenV2/{id}"),
    }
}

/// Name of the provider.
const NAME: &str = "resource_principal_2.1";

#[async_trait]
impl Source for Keyed {
    fn rules(&self) -> Rules {
        Rules::of(NAME)
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let key = self.key.read(effects)?;
        let signer = wire::key_pair(self.key_id.clone(), Arc::clone(&key));
        let (rpt, auth, security_context) = (&self.rpt, &self.auth, self.security_context.as_ref());
        let exchanged = Exchange { effects, rpt, auth, security_context }.run(&signer, &key).await?;
        Ok(Snapshot { region: self.region.clone(), ..exchanged.fresh.with(key) })
    }
}
