//! Listing: what the first side has and what is on the second alone; or the copy, where that is whole.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::Objects;
use causeway_cloud::breaker::Ways;
use causeway_cloud::side::is_of_second;
use causeway_resilience::ServiceFailure;
use causeway_resilience::fallback::Link;
use causeway_resilience::retry::Idempotency;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ListResult, ObjectMeta, ObjectStore, Result};

use super::Pair;
use super::answer::{instead, judged};
use super::chains::Side;
use super::merge::merged;
use super::read::without_version;

/// Longest wait for the second side's names, when the first side has given its own.
const LOOK: Duration = Duration::from_secs(1);

type Listed = BoxStream<'static, Result<ObjectMeta>>;

/// A list whose first page has come, so that a side that is out has shown it.
async fn begun(store: &dyn ObjectStore, prefix: Option<&Path>, offset: Option<&Path>) -> Result<Listed> {
    let mut listed = match offset {
        Some(offset) => store.list_with_offset(prefix, offset),
        None => store.list(prefix),
    };
    let first = listed.try_next().await?;
    Ok(stream::iter(first.map(Ok)).chain(listed).boxed())
}

impl Pair {
    pub(super) fn all(&self, prefix: Option<Path>, offset: Option<Path>) -> Listed {
        let pair = self.clone();
        stream::once(async move { pair.listed(prefix, offset).await }).try_flatten().boxed()
    }

    async fn listed(&self, prefix: Option<Path>, offset: Option<Path>) -> Result<Listed> {
        let (prefix, offset) = (prefix.as_ref(), offset.as_ref());
        if prefix.is_some_and(is_of_second) {
            return self.own(prefix, offset, Link::Secondary).await;
        }
        let (listed, link) = self.first_or_copy(prefix, offset).await?;
        match self.own(prefix, offset, link).await {
            Ok(own) => Ok(merged(listed, own)),
            // These names can only be had there, and those of the first side are asked for by more.
            Err(error) if link == Link::Primary => {
                tracing::warn!(%error, "names that belong to the second side of the storage are not listed");
                Ok(listed)
            }
            Err(error) => Err(error),
        }
    }

    async fn own(&self, prefix: Option<&Path>, offset: Option<&Path>, link: Link) -> Result<Listed> {
        let own = begun(self.inner.second.own.as_ref(), prefix, offset);
        self.chains().within(Side::Second, "list", self.patience(link), own).await
    }

    /// What the first side has does not wait long for the second.
    fn patience(&self, link: Link) -> Duration {
        let time = self.chains().rules.try_time;
        if link == Link::Primary { time.min(LOOK) } else { time }
    }

    async fn first_or_copy(&self, prefix: Option<&Path>, offset: Option<&Path>) -> Result<(Listed, Link)> {
        let (first, copy) = (Arc::clone(&self.inner.first), Arc::clone(&self.inner.second.copy));
        if self.is_state() {
            let listed = self.chains().alone(Side::First, "list", begun(first.as_ref(), prefix, offset)).await?;
            return Ok((listed, Link::Primary));
        }
        let ask = |store: Objects| async move { begun(store.as_ref(), prefix, offset).await };
        let (listed, link) = self.of_either(first, copy, ask).await?;
        let listed = if link == Link::Primary { listed } else { listed.map_ok(without_version).boxed() };
        Ok((listed, link))
    }

    /// The first side's, or the copy's where that is whole.
    async fn of_either<'a, T: Send + 'a, F: Future<Output = Result<T>> + Send + 'a>(
        &'a self,
        first: Objects,
        copy: Objects,
        ask: impl Fn(Objects) -> F + Clone + Send + 'a,
    ) -> Result<(T, Link)> {
        let rules = &self.chains().rules;
        let ([first_name, second_name], ask_copy) = (&rules.names, ask.clone());
        let primary = move |_| async move { judged(first_name, "list", ask(first).await) };
        let secondary = move |_| async move {
            let lacks = || ServiceFailure::not_configured(second_name, "it is not said to have a copy of everything");
            let copy = rules.has_copy.then_some(copy).ok_or_else(lacks)?;
            instead(second_name, "list", ask_copy(copy).await)
        };
        let ways = Ways::new(Idempotency::Idempotent, primary).or_secondary(secondary);
        let (answer, served_by) = self.chains().serve(ways).await?;
        Ok((answer?, served_by.link))
    }

    pub(super) async fn folder(&self, prefix: Option<&Path>) -> Result<ListResult> {
        if prefix.is_some_and(is_of_second) {
            return self.own_folder(prefix, Link::Secondary).await;
        }
        let (first, copy) = (Arc::clone(&self.inner.first), Arc::clone(&self.inner.second.copy));
        let (folder, link) = if self.is_state() {
            let first = async move { first.list_with_delimiter(prefix).await };
            (self.chains().alone(Side::First, "list", first).await?, Link::Primary)
        } else {
            let ask = |store: Objects| async move { store.list_with_delimiter(prefix).await };
            self.of_either(first, copy, ask).await?
        };
        let folder = if link == Link::Primary { folder } else { of_copy(folder) };
        let own = match self.own_folder(prefix, link).await {
            Ok(own) => own,
            Err(error) if link == Link::Primary => {
                tracing::warn!(%error, "names that belong to the second side of the storage are not listed");
                ListResult { common_prefixes: Vec::new(), objects: Vec::new(), extensions: Default::default() }
            }
            Err(error) => return Err(error),
        };
        Ok(union(folder, own))
    }

    async fn own_folder(&self, prefix: Option<&Path>, link: Link) -> Result<ListResult> {
        let own = self.inner.second.own.list_with_delimiter(prefix);
        self.chains().within(Side::Second, "list", self.patience(link), own).await
    }
}

fn of_copy(folder: ListResult) -> ListResult {
    ListResult { objects: folder.objects.into_iter().map(without_version).collect(), ..folder }
}

/// Of one name that both have, the second's.
fn union(one: ListResult, other: ListResult) -> ListResult {
    let folders: BTreeSet<Path> = one.common_prefixes.into_iter().chain(other.common_prefixes).collect();
    let theirs: BTreeSet<Path> = other.objects.iter().map(|meta| meta.location.clone()).collect();
    let ours = one.objects.into_iter().filter(|meta| !theirs.contains(&meta.location));
    let mut objects: Vec<_> = ours.chain(other.objects).collect();
    objects.sort_by(|one, other| one.location.cmp(&other.location));
    ListResult { common_prefixes: folders.into_iter().collect(), objects, extensions: one.extensions }
}
