//! One profile: the values of a configuration file, and variables that override them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::lookup;
use crate::region::Regions;
use crate::{Effects, Error, Secret, ini};

const DEFAULT: &str = "DEFAULT";
const REGION: &str = "OCI_REGION";

/// Keys of a profile, and the variables of Oracle's command line that override them.
const OVERRIDES: [(&str, &str); 9] = [
    ("user", "OCI_CLI_USER"),
    ("tenancy", "OCI_CLI_TENANCY"),
    ("fingerprint", "OCI_CLI_FINGERPRINT"),
    ("key_file", "OCI_CLI_KEY_FILE"),
    ("key_content", "OCI_CLI_KEY_CONTENT"),
    ("pass_phrase", "OCI_CLI_PASSPHRASE"),
    ("region", "OCI_CLI_REGION"),
    ("security_token_file", "OCI_CLI_SECURITY_TOKEN_FILE"),
    ("delegation_token_file", "OCI_CLI_DELEGATION_TOKEN_FILE"),
];

/// Which profile of which file is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The file; `None` looks at the usual places: `~/.oci/config`, `OCI_CONFIG_FILE`, `~/.oraclebmc/config`.
    pub path: Option<PathBuf>,
    /// The profile; `None` is `DEFAULT`.
    pub profile: Option<String>,
}

impl Selection {
    /// What `OCI_CLI_CONFIG_FILE` and `OCI_CLI_PROFILE` say.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`] for a value that is no UTF-8.
    pub fn from_environment(effects: &Effects) -> Result<Self, Error> {
        let text = |name| Ok::<_, Error>(effects.text(name)?.filter(|value| !value.trim().is_empty()));
        let path = text("OCI_CLI_CONFIG_FILE")?.map(|path| PathBuf::from(path.trim()));
        Ok(Self { path, profile: text("OCI_CLI_PROFILE")? })
    }

    /// Whether there is a configuration file, or one is named: then it is an error when it cannot be read.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`], [`Error::Config`], [`Error::BadVariable`].
    pub fn is_there(&self, effects: &Effects) -> Result<bool, Error> {
        Ok(lookup::find(effects, self.path.as_deref())?.is_some())
    }
}

/// The values of a profile. `Debug` shows their keys alone.
///
/// Keys are those of Oracle's SDKs: `user`, `tenancy`, `fingerprint`, `region`, `key_file`, `pass_phrase` (the Go
/// SDK's `passphrase` too), `security_token_file`, `delegation_token_file`, `authentication_type`. A profile
/// inherits what `[DEFAULT]` has. `key_content` comes from a variable alone: it is refused in a file.
#[derive(Clone)]
pub struct Profile {
    /// The file; `None` when all comes from variables.
    file: Option<PathBuf>,
    name: String,
    values: BTreeMap<String, Value>,
}

#[derive(Clone)]
struct Value {
    text: Secret,
    /// The variable that it comes from; `None` for the file.
    variable: Option<&'static str>,
    /// Whether the profile has it from `[DEFAULT]` alone.
    inherited: bool,
}

impl Profile {
    /// The profile as its file has it.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`], and [`Error::Config`] for a malformed file, a profile that is not in it, or a private
    /// key in it.
    pub fn read(effects: &Effects, selection: &Selection) -> Result<Self, Error> {
        let found = lookup::find(effects, selection.path.as_deref())?.ok_or_else(|| lookup::missing(effects))?;
        let wrong = |line, reason| Error::Config { path: found.path.clone(), line, reason };
        let file = ini::parse(&found.text).map_err(|error| wrong(Some(error.line), error.reason))?;
        let name = selection.profile.as_deref().unwrap_or(DEFAULT);
        let values = file.profile(name).ok_or_else(|| wrong(None, format!("there is no profile [{name}]")))?;
        if values.get("key_content").is_some() {
            let reason = "key_content is not allowed in a file; use key_file, or OCI_CLI_KEY_CONTENT";
            return Err(wrong(None, format!("[{name}] {reason}")));
        }
        let value = |key: &str| {
            let text = values.get(key).filter(|text| !text.is_empty())?;
            let inherited = !file.is_own(name, key);
            Some((key.to_owned(), Value { text: Secret::from(text), variable: None, inherited }))
        };
        let values = values.keys().filter_map(value).collect();
        Ok(Self { file: Some(found.path), name: name.to_owned(), values })
    }

    /// The profile as its file has it, with what `OCI_CLI_USER`, `_TENANCY`, `_FINGERPRINT`, `_KEY_FILE`,
    /// `_KEY_CONTENT`, `_PASSPHRASE`, `_REGION`, `_SECURITY_TOKEN_FILE` and `_DELEGATION_TOKEN_FILE` override.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), and [`Error::BadVariable`].
    pub fn overridden(effects: &Effects, selection: &Selection) -> Result<Self, Error> {
        let mut profile = Self::read(effects, selection)?;
        profile.values.extend(variables(effects)?);
        Ok(profile)
    }

    /// What these variables say, without any file.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`].
    pub fn from_variables(effects: &Effects) -> Result<Self, Error> {
        Ok(Self { file: None, name: DEFAULT.to_owned(), values: variables(effects)? })
    }

    /// A value; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.text.expose())
    }

    /// The file, unless all comes from variables.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The region's name, from the profile or else from `OCI_REGION`; short codes are expanded.
    ///
    /// # Errors
    ///
    /// What [`Regions::resolve`] says.
    pub fn region(&self, effects: &Effects) -> Result<Option<String>, Error> {
        let regions = Regions::new(effects.clone());
        let region = match self.get("region").map(|text| regions.resolve(text)) {
            Some(Err(Error::BadRegion(_))) => Err(self.wrong("region", "no region name")),
            Some(region) => region.map(Some),
            None => regions.of_variable(REGION),
        };
        Ok(region?.map(|region| region.id))
    }

    /// Whether a value is not there, or is only inherited from `[DEFAULT]`.
    pub(super) fn is_not_own(&self, key: &str) -> bool {
        self.values.get(key).is_none_or(|value| value.inherited)
    }

    /// The passphrase under either of its names. What is the profile's own comes before what it inherits.
    pub(crate) fn pass_phrase(&self) -> Option<Secret> {
        let given = || ["pass_phrase", "passphrase"].into_iter().filter_map(|key| self.values.get(key));
        let value = given().find(|value| !value.inherited).or_else(|| given().next());
        value.map(|value| value.text.clone())
    }

    /// A path, with `~` expanded.
    pub(crate) fn path(&self, effects: &Effects, key: &'static str) -> Result<PathBuf, Error> {
        let text = self.required(&[key])?;
        let homeless = || self.wrong(key, "~ has no meaning because HOME is not set");
        lookup::expand(effects, Path::new(text)).ok_or_else(homeless)
    }

    /// The first of the keys, after a check that all are there: one error names all that are missing.
    pub(crate) fn required(&self, keys: &[&'static str]) -> Result<&str, Error> {
        let missing = keys.iter().copied().filter(|key| self.get(key).is_none()).collect::<Vec<_>>();
        match (missing.as_slice(), keys.first().and_then(|key| self.get(key))) {
            ([], Some(value)) => Ok(value),
            _ => Err(self.lacks(&missing)),
        }
    }

    fn lacks(&self, keys: &[&'static str]) -> Error {
        match &self.file {
            Some(path) => {
                let reason = format!("[{}] lacks {}", self.name, keys.join(", "));
                Error::Config { path: path.clone(), line: None, reason }
            }
            None => Error::MissingVariable(keys.iter().map(|key| variable_of(key)).collect::<Vec<_>>().join(", ")),
        }
    }

    /// An error that names the place of a value and never the value.
    pub(crate) fn wrong(&self, key: &str, reason: &str) -> Error {
        let value = self.values.get(key);
        match (value.and_then(|value| value.variable), &self.file) {
            (None, Some(path)) => {
                Error::Config { path: path.clone(), line: None, reason: format!("[{}] {key}: {reason}", self.name) }
            }
            (variable, _) => Error::BadVariable { name: variable.unwrap_or(key).to_owned(), reason: reason.to_owned() },
        }
    }

    /// Name of the place of a value: a variable, or a key of the file.
    pub(crate) fn origin(&self, key: &str) -> String {
        match (self.values.get(key).and_then(|value| value.variable), &self.file) {
            (Some(variable), _) => variable.to_owned(),
            (None, Some(path)) => format!("{} [{}] {key}", path.display(), self.name),
            (None, None) => key.to_owned(),
        }
    }
}

fn variable_of(key: &'static str) -> &'static str {
    OVERRIDES.iter().find(|(name, _)| *name == key).map_or(key, |(_, variable)| variable)
}

fn variables(effects: &Effects) -> Result<BTreeMap<String, Value>, Error> {
    let mut values = BTreeMap::new();
    for (key, variable) in OVERRIDES {
        let Some(text) = effects.text(variable)? else { continue };
        // A passphrase may begin or end with blanks, which no other value does.
        let text = if key == "pass_phrase" { text.as_str() } else { text.trim() };
        if !text.is_empty() {
            let value = Value { text: Secret::from(text), variable: Some(variable), inherited: false };
            values.insert(key.to_owned(), value);
        }
    }
    Ok(values)
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.values.keys().collect::<Vec<_>>();
        let mut shown = formatter.debug_struct("Profile");
        shown.field("file", &self.file).field("name", &self.name).field("keys", &keys).finish()
    }
}
