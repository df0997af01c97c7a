//! Typed settings from environment variables.
//!
//! One place declares a setting, and from it come parsing, the `config` command and the check for unknown
//! names. Every problem is reported in one go.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

/// Prefix of the settings that all functions share.
const SHARED_PREFIX: &str = "CAUSEWAY_";

/// Names that a whole deployment sets for every function, whether it uses them or not.
const SHARED_NAMES: [&str; 2] = ["CAUSEWAY_CLOUD", "CAUSEWAY_LOCAL_ROOT"];
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// A function's settings.
pub trait Settings: Sized + Send {
    /// Prefix of its variables, such as `DISCOVERY_`. A variable with this prefix that is not declared is
    /// an error: it is a typing mistake that would go unnoticed.
    const PREFIX: &'static str;

    /// Declares and reads every setting.
    fn read(vars: &mut Vars) -> Self;
}

/// A value that never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// A setting as the `config` command shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Variable name.
    pub name: &'static str,
    /// `text`, `number`, `flag`, `choice`, `path`, `secret`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Default, as text; `None` when it is optional.
    pub default: Option<String>,
    /// What it does, with unit and range.
    pub meaning: &'static str,
    /// Value in force; hidden for secrets, `None` when unset.
    pub value: Option<String>,
    /// Whether the value comes from the environment.
    pub is_set: bool,
}

/// All that is wrong with an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong configuration: {}", self.0.join("; "))
    }
}

impl std::error::Error for ConfigErrors {}

/// The environment, and what has been read of it. Its Debug form shows names only.
pub struct Vars {
    values: BTreeMap<String, String>,
    declared: Vec<Declared>,
    problems: Vec<String>,
}

impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declared: Vec<_> = self.declared.iter().map(|declared| declared.name).collect();
        let names: Vec<_> = self.values.keys().collect();
        f.debug_struct("Vars").field("names", &names).field("declared", &declared).finish_non_exhaustive()
    }
}

impl Vars {
    /// Takes variables; tests pass a list. Empty values count as unset, as func.yaml cannot leave one out.
    pub fn new(values: impl IntoIterator<Item = (String, String)>) -> Self {
        let values = values.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Self { values, declared: Vec::new(), problems: Vec::new() }
    }

    /// Text with a default.
    pub fn text(&mut self, name: &'static str, default: &str, meaning: &'static str) -> String {
        let value = self.values.get(name).cloned();
        self.declare(name, "text", Some(default.to_owned()), meaning, value.clone());
        value.unwrap_or_else(|| default.to_owned())
    }

    /// Text that may be absent.
    pub fn optional_text(&mut self, name: &'static str, meaning: &'static str) -> Option<String> {
        let value = self.values.get(name).cloned();
        self.declare(name, "text", None, meaning, value.clone());
        value
    }

    /// A path with a default.
    pub fn path(&mut self, name: &'static str, default: &str, meaning: &'static str) -> PathBuf {
        let value = self.values.get(name).cloned();
        self.declare(name, "path", Some(default.to_owned()), meaning, value.clone());
        value.unwrap_or_else(|| default.to_owned()).into()
    }

    /// A value that must not be shown.
    pub fn secret(&mut self, name: &'static str, meaning: &'static str) -> Option<Secret> {
        let value = self.values.get(name).cloned();
        self.declare(name, "secret", None, meaning, value.as_ref().map(|_| "(hidden)".to_owned()));
        value.map(Secret)
    }

    /// A number within `range`, both ends included.
    pub fn number<T>(&mut self, name: &'static str, default: T, range: RangeInclusive<T>, meaning: &'static str) -> T
    where
        T: FromStr + fmt::Display + PartialOrd + Copy,
    {
        let value = self.values.get(name).cloned();
        self.declare(name, "number", Some(default.to_string()), meaning, value.clone());
        let Some(text) = value else { return default };
        match text.trim().parse::<T>() {
            Ok(number) if range.contains(&number) => number,
            _ => self.problem(name, &text, &format!("a number from {} to {}", range.start(), range.end()), default),
        }
    }

    /// `true`, `false`, `1`, `0`, `yes`, `no`, in any case.
    pub fn flag(&mut self, name: &'static str, default: bool, meaning: &'static str) -> bool {
        let value = self.values.get(name).cloned();
        self.declare(name, "flag", Some(default.to_string()), meaning, value.clone());
        let Some(text) = value else { return default };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" => false,
            _ => self.problem(name, &text, "true or false", default),
        }
    }

    /// One of a few words, in any case.
    pub fn choice(
        &mut self,
        name: &'static str,
        words: &[&'static str],
        default: &'static str,
        meaning: &'static str,
    ) -> &'static str {
        let value = self.values.get(name).cloned();
        self.declare(name, "choice", Some(default.to_owned()), meaning, value.clone());
        let Some(text) = value else { return default };
        match words.iter().find(|word| word.eq_ignore_ascii_case(text.trim())) {
            Some(word) => word,
            None => self.problem(name, &text, &format!("one of {}", words.join(", ")), default),
        }
    }

    /// Adds a problem that the single settings do not show, such as two that contradict each other.
    pub fn reject(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn problem<T>(&mut self, name: &str, text: &str, expected: &str, default: T) -> T {
        self.problems.push(format!("{name} is {text:?}, expected {expected}"));
        default
    }

    fn declare(
        &mut self,
        name: &'static str,
        kind: &'static str,
        default: Option<String>,
        meaning: &'static str,
        value: Option<String>,
    ) {
        let is_set = value.is_some();
        let value = value.or_else(|| default.clone());
        self.declared.push(Declared { name, kind, default, meaning, value, is_set });
    }

    fn declare_shared(&mut self) {
        for name in SHARED_NAMES {
            if !self.declared.iter().any(|declared| declared.name == name) {
                self.optional_text(name, "set for all functions; this one does not use it");
            }
        }
    }

    fn check_unknown(&mut self, prefix: &str) {
        let known = |name: &str| self.declared.iter().any(|declared| declared.name == name);
        let ours = |name: &str| name.starts_with(prefix) || name.starts_with(SHARED_PREFIX);
        let unknown: Vec<_> = self.values.keys().filter(|name| ours(name) && !known(name)).cloned().collect();
        self.problems.extend(unknown.into_iter().map(|name| format!("{name} is not a setting of this function")));
    }
}

/// Settings that every function has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Common {
    /// Time for a call whose host sends no believable deadline.
    pub(crate) default_timeout_seconds: u64,
}

impl Common {
    fn read(vars: &mut Vars) -> Self {
        const TIMEOUT: &str = "seconds for a call whose host sends no believable deadline, 1 to 3600";
        vars.choice("LOG_LEVEL", &LEVELS, "info", "error, warn, info, debug, trace or off");
        Self { default_timeout_seconds: vars.number("CAUSEWAY_DEFAULT_TIMEOUT_SECONDS", 30, 1..=3600, TIMEOUT) }
    }
}

/// What an environment amounts to.
pub(crate) struct Loaded<C> {
    pub(crate) config: C,
    pub(crate) common: Common,
    pub(crate) declared: Vec<Declared>,
}

/// Reads and checks everything.
///
/// # Errors
/// All problems at once.
pub(crate) fn load<C: Settings>(mut vars: Vars) -> Result<Loaded<C>, ConfigErrors> {
    let common = Common::read(&mut vars);
    let config = C::read(&mut vars);
    vars.declare_shared();
    vars.check_unknown(C::PREFIX);
    if vars.problems.is_empty() {
        Ok(Loaded { config, common, declared: vars.declared })
    } else {
        Err(ConfigErrors(vars.problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Demo {
        limit: u32,
        dry_run: bool,
        mode: &'static str,
        token: Option<Secret>,
    }

    impl Settings for Demo {
        const PREFIX: &'static str = "DEMO_";

        fn read(vars: &mut Vars) -> Self {
            Self {
                limit: vars.number("DEMO_LIMIT", 10, 1..=100, "items, 1 to 100"),
                dry_run: vars.flag("DEMO_DRY_RUN", true, "change nothing"),
                mode: vars.choice("DEMO_MODE", &["off", "on"], "off", "mode"),
                token: vars.secret("DEMO_TOKEN", "token"),
            }
        }
    }

    fn demo(vars: &[(&str, &str)]) -> Result<Loaded<Demo>, ConfigErrors> {
        load(Vars::new(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))))
    }

    #[test]
    fn defaults_and_values() {
        let config = demo(&[]).map(|loaded| loaded.config);
        assert_eq!(config, Ok(Demo { limit: 10, dry_run: true, mode: "off", token: None }));
        let vars = [("DEMO_LIMIT", " 7 "), ("DEMO_DRY_RUN", "No"), ("DEMO_MODE", "on"), ("DEMO_TOKEN", "abc")];
        let config = demo(&vars).map(|loaded| loaded.config).expect("valid");
        assert_eq!((config.limit, config.dry_run, config.mode), (7, false, "on"));
        assert_eq!(config.token.as_ref().map(Secret::expose), Some("abc"));
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let vars =
            [("DEMO_LIMIT", "0"), ("DEMO_DRY_RUN", "maybe"), ("DEMO_MOOD", "on"), ("CAUSEWAY_X", "1"), ("OTHER", "1")];
        let errors = demo(&vars).map(|_| ()).unwrap_err();
        assert_eq!(
            errors.0,
            [
                "DEMO_LIMIT is \"0\", expected a number from 1 to 100",
                "DEMO_DRY_RUN is \"maybe\", expected true or false",
                "CAUSEWAY_X is not a setting of this function",
                "DEMO_MOOD is not a setting of this function",
            ]
        );
    }

    #[test]
    fn shared_names_are_known_to_every_function() {
        let vars = [("CAUSEWAY_CLOUD", "oci"), ("CAUSEWAY_LOCAL_ROOT", "/"), ("CAUSEWAY_DEFAULT_TIMEOUT_SECONDS", "9")];
        let loaded = demo(&vars).expect("valid");
        assert_eq!(loaded.common.default_timeout_seconds, 9);
        assert!(loaded.declared.iter().any(|declared| declared.name == "CAUSEWAY_CLOUD" && declared.is_set));
    }

    #[test]
    fn the_log_level_is_checked() {
        assert!(demo(&[("LOG_LEVEL", "WARN")]).is_ok());
        let errors = demo(&[("LOG_LEVEL", "loud")]).map(|_| ()).unwrap_err();
        assert!(errors.0[0].starts_with("LOG_LEVEL is \"loud\", expected one of error"), "{errors}");
    }

    #[test]
    fn debug_shows_names_only() {
        let mut vars = Vars::new([("DEMO_LIMIT".to_owned(), "hidden-value".to_owned())]);
        Demo::read(&mut vars);
        let shown = format!("{vars:?}");
        assert!(shown.contains("DEMO_LIMIT") && !shown.contains("hidden-value"), "{shown}");
    }

    #[test]
    fn secrets_do_not_show() {
        let loaded = demo(&[("DEMO_TOKEN", "abc")]).expect("valid");
        let shown = format!("{:?} {}", loaded.config, serde_json::to_string(&loaded.declared).unwrap());
        assert!(!shown.contains("abc") && shown.contains("(hidden)"), "{shown}");
    }

    impl<C> fmt::Debug for Loaded<C> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Loaded")
        }
    }
}
