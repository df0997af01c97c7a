//! Circuit breakers that are looked after.

use causeway_resilience::breaker::{Config, Settings as Rules};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Folders of the state in which functions keep breakers, and below which others may lie.
pub(crate) const ROOTS: [&str; 3] = ["breakers", "chat-breakers", "side2.breakers"];

/// Breakers with the same rules, in one folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakerFolder {
    /// Folder of the deployment's state: `breakers`, `chat-breakers`, `side2.breakers`, or one below.
    pub folder: String,
    /// The rules that the functions of the folder go by; whoever looks after a breaker must go by the same. What is left
    /// out is as functions have it that set nothing.
    #[serde(default)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub rules: Rules,
}

impl BreakerFolder {
    /// # Errors
    /// What makes no sense.
    pub(crate) fn config(&self) -> Result<Config, String> {
        self.rules.config().map_err(|invalid| invalid.to_string())
    }

    /// The well-known folder, and the one below it.
    pub(crate) fn parts(&self) -> Option<(&'static str, &str)> {
        let (root, below) = self.folder.split_once('/').unwrap_or((&self.folder, ""));
        let root = ROOTS.into_iter().find(|known| *known == root)?;
        let is_part = |part: &str| super::check::is_name(part) && part != "." && part != "..";
        let is_plain = !self.folder.contains('/') || below.split('/').all(is_part);
        is_plain.then_some((root, below))
    }
}

/// Those that are named, and the usual ones beside them; one of the same folder takes its place.
pub(super) fn merged<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BreakerFolder>, D::Error> {
    let mut named = Vec::<BreakerFolder>::deserialize(deserializer)?;
    for folder in usual() {
        if !named.iter().any(|known| known.folder == folder.folder) {
            named.push(folder);
        }
    }
    Ok(named)
}

/// Those of functions that share them, those of language models, which have one probe of three minutes at most, and those
/// of a storage with two sides.
pub(super) fn usual() -> Vec<BreakerFolder> {
    vec![
        BreakerFolder { folder: "breakers".to_owned(), rules: Rules::default() },
        BreakerFolder { folder: "chat-breakers".to_owned(), rules: Rules::of_models() },
        BreakerFolder { folder: "side2.breakers".to_owned(), rules: Rules::default() },
    ]
}
