//! Writing and deleting, which the side of the name alone can do.

use std::time::Duration;

use causeway_cloud::Objects;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, Result,
};

use super::Pair;
use super::chains::Side;

/// Slowest transfer that is no illness, in bytes a second.
const RATE: u64 = 1 << 20;
/// Longest work of a store on objects that it has already, beyond the time of a try: their sizes are not known here.
const INSIDE: Duration = Duration::from_secs(60);

impl Pair {
    pub(super) async fn put(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let (side, home) = self.home(at);
        let time = self.chains().rules.try_time.saturating_add(transfer(payload.content_length() as u64));
        let _change = self.inner.cache.change(at);
        self.chains().within(side, "put", time, async move { home.put_opts(at, payload, options).await }).await
    }

    pub(super) async fn begin_parts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let (side, home) = self.home(at);
        drop(self.inner.cache.change(at));
        self.chains().alone(side, "put_multipart", async move { home.put_multipart_opts(at, options).await }).await
    }

    pub(super) async fn delete_one(&self, at: Path) -> Result<Path> {
        let (side, home) = self.home(&at);
        let change = self.inner.cache.change(&at);
        self.chains().alone(side, "delete", home.delete(&at)).await?;
        drop(change);
        Ok(at)
    }

    pub(super) async fn copy_one(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let (side, home) = self.home_of_both(from, to)?;
        let time = self.chains().rules.try_time.saturating_add(INSIDE);
        let _change = self.inner.cache.change(to);
        self.chains().within(side, "copy", time, async move { home.copy_opts(from, to, options).await }).await
    }

    pub(super) async fn rename_one(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let (side, home) = self.home_of_both(from, to)?;
        let time = self.chains().rules.try_time.saturating_add(INSIDE);
        let _changes = [from, to].map(|at| self.inner.cache.change(at));
        self.chains().within(side, "rename", time, async move { home.rename_opts(from, to, options).await }).await
    }

    /// The store of two names that belong to one side.
    fn home_of_both(&self, from: &Path, to: &Path) -> Result<(Side, Objects)> {
        let (side, store) = self.home(from);
        if side == self.home(to).0 {
            return Ok((side, store));
        }
        let text = format!("{from} and {to} belong to different sides of the storage");
        Err(Error::NotSupported { source: text.into() })
    }
}

/// Time that so many bytes may take.
fn transfer(bytes: u64) -> Duration {
    Duration::from_secs(bytes.div_ceil(RATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_object_has_more_time() {
        let check = |bytes: u64, seconds: u64| assert_eq!(transfer(bytes).as_secs(), seconds, "{bytes}");
        check(0, 0);
        check(1, 1);
        check(1 << 20, 1);
        check((50 << 20) + 1, 51);
    }
}
