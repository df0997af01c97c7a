//! The second side of the storage, as the variables describe it.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use causeway_cloud::{Objects, Problem, object_path};
use causeway_resilience::breaker::{Config, Settings};
use causeway_resilience::retry::Policy;
use object_store::prefix::PrefixStore;

use super::mounted::Mounted;
use super::{Connected, STATE_BUCKET};
use crate::choice::Cloud;
use crate::clock::SystemClock;
use crate::pair::{Chains, Holds, Pair, Rules, storage_breakers};

const BUCKET: &str = "CAUSEWAY_SECOND_BUCKET";
const ROOT: &str = "CAUSEWAY_SECOND_ROOT";
const HAS_COPY: &str = "CAUSEWAY_SECOND_HAS_COPY";
const TRY: &str = "CAUSEWAY_STORAGE_TRY_SECONDS";
const CACHE: &str = "CAUSEWAY_STORAGE_CACHE_SECONDS";
const BREAKER: &str = "CAUSEWAY_STORAGE_BREAKER";
/// Seconds of a try and of the cache when they are not set, and the longest that can be.
const TRY_SECONDS: (u64, u64) = (5, 60);
const CACHE_SECONDS: (u64, u64) = (300, 86_400);
/// Folder on the second side for a bucket that is a directory here.
const DIRECTORY: &str = "directory";

/// The second side: where it is, and the breakers of both.
pub(super) struct Second {
    bucket: Objects,
    chains: Arc<Chains>,
}

impl Second {
    /// The folder of one of the first side's buckets.
    fn folder(&self, bucket: &str) -> Objects {
        Arc::new(PrefixStore::new(Arc::clone(&self.bucket), bucket))
    }

    pub(super) fn pair(&self, first: Objects, bucket: &str, holds: Holds) -> Objects {
        Arc::new(Pair::new(first, &self.folder(bucket), Arc::clone(&self.chains), holds))
    }

    pub(super) fn parts(&self, bucket: &str) -> (Objects, Arc<Chains>) {
        (self.folder(bucket), Arc::clone(&self.chains))
    }
}

impl Connected {
    /// The second side, where the deployment has one.
    ///
    /// # Errors
    /// A variable that cannot be used, whether there is a second side or not.
    pub(super) fn second(&self) -> Result<Option<&Second>, Problem> {
        Ok(self.second.get_or_try_init(|| self.make_second())?.as_ref())
    }

    fn make_second(&self) -> Result<Option<Second>, Problem> {
        let rules = (self.seconds(TRY, TRY_SECONDS, 1)?, self.seconds(CACHE, CACHE_SECONDS, 0)?, self.breaker()?);
        let (try_time, cache, breaker) = rules;
        let has_copy = self.flag(HAS_COPY)?;
        let Some((name, bucket)) = self.second_bucket()? else {
            let unused = [HAS_COPY, TRY, CACHE, BREAKER].into_iter().find(|name| self.text(name).is_some());
            return match unused {
                Some(name) => Err(format!("{name} is set, and there is no second side: set {BUCKET} or {ROOT}").into()),
                None => Ok(None),
            };
        };
        let first = match (self.local(), self.cloud) {
            (None, Cloud::Oci) => "oci-object-storage",
            (None, Cloud::Aws) => "s3",
            _ => "local-directory",
        };
        let names = [first.to_owned(), name.to_owned()];
        let rules = Rules { names, try_time, cache, has_copy };
        let (state, folder) = (self.folder_of(self.state_bucket())?, self.state_folder()?);
        let breakers = storage_breakers(&bucket, (&state, &folder), breaker, Arc::new(SystemClock))?;
        let chains = Arc::new(Chains::new(rules, &breakers, Arc::new(SystemClock))?);
        Ok(Some(Second { bucket, chains }))
    }

    /// Its name for the breaker, and its bucket.
    fn second_bucket(&self) -> Result<Option<(&'static str, Objects)>, Problem> {
        match (self.text(BUCKET), self.text(ROOT), self.cloud) {
            (None, None, _) => Ok(None),
            (Some(_), Some(_), _) => Err(format!("{BUCKET} and {ROOT} are both set: there is one second side").into()),
            (None, Some(directory), _) => {
                self.apart(FilePath::new(&directory))?;
                let directory = Mounted::new(directory.into()).map_err(|error| format!("{ROOT}: {error}"))?;
                Ok(Some(("second-directory", Arc::new(directory))))
            }
            (Some(bucket), None, Cloud::Oci) => Ok(Some(("second-s3", self.aws().bucket(&bucket)))),
            (Some(bucket), None, Cloud::Aws) => {
                Ok(Some(("second-oci-object-storage", self.oci()?.bucket_with(&bucket, self.policy()?))))
            }
            (Some(_), None, Cloud::None) => {
                Err(format!("{BUCKET} is a bucket of the other cloud: set CAUSEWAY_CLOUD, or {ROOT}").into())
            }
        }
    }

    /// In one directory the folders of the second side would be objects of the first.
    fn apart(&self, second: &FilePath) -> Result<(), Problem> {
        let first = self.local().or_else(|| (self.cloud == Cloud::None).then(|| PathBuf::from(".")));
        let Some(first) = first else { return Ok(()) };
        let whole = |path: &FilePath| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let real = |path: &FilePath| path.canonicalize().unwrap_or_else(|_| whole(path));
        let (first, second) = (real(&first), real(second));
        if first.starts_with(&second) || second.starts_with(&first) {
            return Err(format!("{ROOT} must lie neither in the directory of the first side nor around it").into());
        }
        Ok(())
    }

    /// A side that has another behind it is not tried for long.
    pub(super) fn policy(&self) -> Result<Policy, Problem> {
        let total = self.seconds(TRY, TRY_SECONDS, 1)?;
        Ok(Policy { attempts: 3, total, per_try: total, room_for: 2, ..Policy::function() })
    }

    fn breaker(&self) -> Result<Config, Problem> {
        let Some(text) = self.text(BREAKER) else { return Ok(Config::shared()) };
        let settings: Settings = serde_json::from_str(&text).map_err(|error| format!("{BREAKER}: {error}"))?;
        Ok(settings.config().map_err(|error| format!("{BREAKER}: {error}"))?)
    }

    fn seconds(&self, name: &str, (default, most): (u64, u64), least: u64) -> Result<Duration, Problem> {
        let Some(text) = self.text(name) else { return Ok(Duration::from_secs(default)) };
        let seconds = text.parse().ok().filter(|seconds| (least..=most).contains(seconds));
        let seconds = seconds.ok_or_else(|| format!("{name} must be a whole number from {least} to {most}"))?;
        Ok(Duration::from_secs(seconds))
    }

    /// Folder of a bucket on the second side, by the variable that names the bucket.
    pub(super) fn folder_of(&self, bucket: &'static str) -> Result<String, Problem> {
        let name = self.text(bucket).filter(|_| self.local().is_none() || bucket == STATE_BUCKET);
        let name = name.unwrap_or_else(|| DIRECTORY.to_owned());
        object_path(&name).map_err(|error| format!("{bucket}: {error}"))?;
        Ok(name)
    }
}
