//! Version 3.0: a resource within a resource. The inner one's principal gets the token of its parent, with that the
//! token of the parent's parent, and so on; the outermost is the principal.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::exchange::Exchange;
use super::services::Auth;
use crate::cache::{Rules, Source};
use crate::endpoint;
use crate::endpoint::Endpoints;
use crate::key::PrivateKey;
use crate::{Effects, Error, Provider, Snapshot};

const PARENT: &str = "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE";
const PARENT_AUTH: &str = "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE";
/// Most parents in a chain (Oracle's SDKs).
const DEPTH: usize = 10;

pub(super) struct Nested {
    leaf: Arc<dyn Provider>,
    parent: String,
    auth: Auth,
}

impl Nested {
    /// From the variables of the parent; the innermost resource has its own principal.
    pub(super) fn find(effects: &Effects, endpoints: &Endpoints, leaf: Arc<dyn Provider>) -> Result<Self, Error> {
        let parent = effects.text(PARENT)?.filter(|url| !url.is_empty());
        let parent = parent.ok_or_else(|| Error::MissingVariable(PARENT.to_owned()))?;
        endpoint::url(&parent)?;
        Ok(Self {
            leaf,
            parent: parent.trim().to_owned(),
            auth: Auth::named(effects, endpoints, PARENT_AUTH.to_owned())?,
        })
    }
}

/// Name of the provider.
const NAME: &str = "resource_principal_3.0";

#[async_trait]
impl Source for Nested {
    fn rules(&self) -> Rules {
        Rules {
            // The innermost resource's, and one exchange for each parent.
            limit: Duration::from_secs(90),
            ..Rules::of(NAME)
        }
    }

    async fn load(&self, effects: &Effects, _: Option<&Arc<Snapshot>>) -> Result<Snapshot, Error> {
        let region = self.leaf.snapshot().await?.region.clone();
        let auth = self.auth.base(region.as_deref())?;
        let session = Arc::new(effects.random.session_key().await?);
        let climb = Climb { effects, auth: &auth, session: &session };
        let outermost = climb.from(&*self.leaf, &self.parent).await?;
        Ok(Snapshot { region, ..outermost })
    }
}

/// The way from the innermost resource to the outermost. All tokens are for one session key, as in Oracle's Go SDK.
struct Climb<'a> {
    effects: &'a Effects,
    auth: &'a str,
    session: &'a Arc<PrivateKey>,
}

impl Climb<'_> {
    async fn from(&self, leaf: &dyn Provider, first: &str) -> Result<Snapshot, Error> {
        let exchanged = self.exchange(first).run_as(leaf, self.session).await?;
        let mut seen = vec![first.to_owned()];
        let (mut snapshot, mut parent) = (exchanged.fresh.with(Arc::clone(self.session)), exchanged.parent);
        while let Some(url) = next(parent, &seen)? {
            let exchanged = self.exchange(&url).run(&snapshot, self.session).await?;
            snapshot = exchanged.fresh.with(Arc::clone(self.session));
            parent = exchanged.parent;
            seen.push(url);
        }
        Ok(snapshot)
    }

    fn exchange<'b>(&'b self, rpt: &'b str) -> Exchange<'b> {
        Exchange { effects: self.effects, rpt, auth: self.auth, security_context: None }
    }
}

/// The parent to ask next; `None` at the outermost, which names no parent or itself. A parent that was asked before,
/// and a chain without end, are errors: no token of their middle is the principal's.
fn next(parent: Option<String>, seen: &[String]) -> Result<Option<String>, Error> {
    let Some(url) = parent.filter(|url| seen.last().is_none_or(|last| !url.eq_ignore_ascii_case(last))) else {
        return Ok(None);
    };
    let host = endpoint::url(&url)?.host().unwrap_or_default().to_owned();
    let bad = |reason| Err(Error::BadAnswer { service: "resource principal token", reason });
    if seen.iter().any(|earlier| earlier.eq_ignore_ascii_case(&url)) {
        return bad(format!("the chain of parents leads back to {host}"));
    }
    if seen.len() >= DEPTH {
        return bad(format!("the chain of parents is longer than {DEPTH}"));
    }
    Ok(Some(url))
}
