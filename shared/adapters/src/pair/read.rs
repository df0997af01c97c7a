//! Reading: the first side, else the second's copy, else what was read lately.

use causeway_cloud::breaker::Ways;
use causeway_resilience::ServiceFailure;
use causeway_resilience::fallback::{Link, ServedBy};
use causeway_resilience::retry::Idempotency;
use object_store::path::Path;
use object_store::{GetOptions, GetResult, ObjectMeta, ObjectStore, Result};

use super::Pair;
use super::answer::{Given, instead, judged};
use super::cache::Whole;
use super::chains::Side;

/// What was read, and the whole of it where that is small.
type Read = (GetResult, Option<Whole>);

impl Pair {
    pub(super) async fn get(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let (side, home) = self.home(at);
        if self.is_state() || side == Side::Second {
            return self.chains().alone(side, "get", async move { home.get_opts(at, options).await }).await;
        }
        let changes = self.inner.cache.changes();
        let (answer, served_by) = self.chains().serve(self.ways(at, &options)).await?;
        let (mut found, whole) = answer?;
        if let (Link::Primary, Some(whole)) = (served_by.link, whole) {
            self.inner.cache.keep(at, whole, self.chains().clock.unix_millis(), changes);
        }
        if found.extensions.get::<ServedBy>().is_none() {
            found.extensions.insert(served_by);
        }
        Ok(found)
    }

    /// How each link would read.
    fn ways<'a>(&'a self, at: &'a Path, options: &GetOptions) -> Ways<'a, Given<Read>> {
        let [first_name, second_name] = &self.chains().rules.names;
        let (asked, asked_there, is_plain) = (options.clone(), options.clone(), is_plain(options));
        let primary =
            move |_| async move { judged(first_name, "get", read(self.inner.first.as_ref(), at, asked).await) };
        let secondary = move |_| async move {
            if is_about_a_version(&asked_there) {
                let reason = "versions and dates of the first side cannot be told by a copy";
                return Err(ServiceFailure::not_configured(second_name, reason));
            }
            instead(second_name, "get", read(self.inner.second.copy.as_ref(), at, asked_there).await.map(of_copy))
        };
        let kept = move |_| async move { self.kept(at, is_plain) };
        Ways::new(Idempotency::Idempotent, primary).or_secondary(secondary).or_degraded(kept)
    }

    fn kept(&self, at: &Path, is_plain: bool) -> std::result::Result<Given<Read>, ServiceFailure> {
        let now = self.chains().clock.unix_millis();
        let nothing = || ServiceFailure::not_configured("cache", "nothing young enough is kept");
        let (whole, age_ms) = self.inner.cache.get(at, now).filter(|_| is_plain).ok_or_else(nothing)?;
        let mut result = whole.result();
        let name = self.chains().rules.names[0].clone();
        result.extensions.insert(ServedBy { link: Link::Cached, name, age_ms: Some(age_ms) });
        Ok(Given::new(Ok((result, None))))
    }
}

async fn read(store: &dyn ObjectStore, at: &Path, options: GetOptions) -> Result<Read> {
    let is_plain = is_plain(&options);
    let found = store.get_opts(at, options).await?;
    if is_plain { Whole::read(found).await } else { Ok((found, None)) }
}

/// The copy's own version would be taken for one of the object's: as another one, or as a condition of a write.
pub(super) fn without_version(meta: ObjectMeta) -> ObjectMeta {
    ObjectMeta { e_tag: None, version: None, ..meta }
}

fn of_copy((found, _): Read) -> Read {
    (GetResult { meta: without_version(found.meta), ..found }, None)
}

/// Whether the whole object was asked for, whatever it is.
fn is_plain(options: &GetOptions) -> bool {
    !is_about_a_version(options) && options.range.is_none() && !options.head
}

/// Whether the answer depends on the version that is there.
fn is_about_a_version(options: &GetOptions) -> bool {
    let GetOptions { if_match, if_none_match, if_modified_since, if_unmodified_since, version, .. } = options;
    let has_time = if_modified_since.is_some() || if_unmodified_since.is_some();
    if_match.is_some() || if_none_match.is_some() || has_time || version.is_some()
}
