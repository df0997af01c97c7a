//! Typed settings from environment variables.
//!
//! One place declares a setting, and from it come parsing, the `config` command and the check for unknown
//! names. Every problem is reported in one go.

mod common;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Serialize;

pub(crate) use common::Common;

/// Prefix of the settings that all functions share.
const SHARED_PREFIX: &str = "CAUSEWAY_";

/// A directory that a whole deployment may name for every function, whether it uses it or not.
const LOCAL_ROOT: &str = "CAUSEWAY_LOCAL_ROOT";
/// Kind of a setting whose value never shows, and what shows in its place.
const SECRET: &str = "secret";
const HIDDEN: &str = "(hidden)";

/// Settings that something else than the function reads, such as the adapters: name, kind and meaning. A `*` at
/// the end of a name stands for any ending.
pub type Shared = &'static [(&'static str, &'static str, &'static str)];

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

/// A setting as the `config` command shows it. [`Vars`] never puts the value of a secret into it, and its Debug
/// form would not show one.
#[derive(Clone, PartialEq, Eq, Serialize)]
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

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hide = |text: &Option<String>| match self.kind {
            SECRET => text.as_ref().map(|_| HIDDEN.to_owned()),
            _ => text.clone(),
        };
        f.debug_struct("Declared")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("default", &hide(&self.default))
            .field("meaning", &self.meaning)
            .field("value", &hide(&self.value))
            .field("is_set", &self.is_set)
            .finish()
    }
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
    pub fn new(values: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.into(), value.into()));
        let values = values.filter(|(_, value): &(String, String)| !value.is_empty()).collect();
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
        self.declare(name, SECRET, None, meaning, value.as_ref().map(|_| HIDDEN.to_owned()));
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

    /// What is wrong so far. Tests of settings read it; a host tells all of it before the first call.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
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

    fn declare_shared(&mut self, shared: Shared) {
        let unused = (LOCAL_ROOT, "path", "set for all functions; this one does not use it");
        for (name, kind, meaning) in shared.iter().copied().chain([unused]) {
            if !self.declared.iter().any(|declared| declared.name == name) {
                let value = self.values.get(name).cloned();
                let shown = if kind == SECRET { value.map(|_| HIDDEN.to_owned()) } else { value };
                self.declare(name, kind, None, meaning, shown);
            }
        }
    }

    fn check_unknown(&mut self, prefix: &str) {
        let is = |declared: &str, name: &str| match declared.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => declared == name,
        };
        let known = |name: &str| self.declared.iter().any(|declared| is(declared.name, name));
        let ours = |name: &str| name.starts_with(prefix) || name.starts_with(SHARED_PREFIX);
        let unknown: Vec<_> = self.values.keys().filter(|name| ours(name) && !known(name)).cloned().collect();
        self.problems.extend(unknown.into_iter().map(|name| format!("{name} is not a setting of this function")));
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
pub(crate) fn load<C: Settings>(mut vars: Vars, shared: Shared) -> Result<Loaded<C>, ConfigErrors> {
    let common = Common::read(&mut vars);
    let config = C::read(&mut vars);
    vars.declare_shared(shared);
    vars.check_unknown(C::PREFIX);
    if vars.problems.is_empty() {
        Ok(Loaded { config, common, declared: vars.declared })
    } else {
        Err(ConfigErrors(vars.problems))
    }
}

#[cfg(test)]
mod tests;
