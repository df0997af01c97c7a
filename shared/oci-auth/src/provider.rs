//! The trait of all principals.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Error, Snapshot};

/// A source of credentials.
///
/// Validity is looked at when credentials are asked for and never by a timer: a frozen function has none.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    /// Which kind it is, such as `resource_principal_2.2`; for logs and reports.
    fn name(&self) -> &'static str;

    /// Credentials that are valid now. Refreshes them when they are due, which is 300 s before their expiry.
    ///
    /// # Errors
    /// When there are none; why.
    async fn snapshot(&self) -> Result<Arc<Snapshot>, Error>;

    /// Newer credentials after a service answered 401 to `used`, or `None` when this source has none: then the
    /// 401 is final. Many callers may report the same credentials; they are replaced once.
    ///
    /// # Errors
    /// When the source failed.
    async fn renew(&self, used: &Arc<Snapshot>) -> Result<Option<Arc<Snapshot>>, Error>;
}
