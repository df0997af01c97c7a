//! The variables of resource principals: their names, and values that are either given in full or by path.

use std::path::{Path, PathBuf};

use crate::region::Regions;
use crate::{Effects, Error, Secret};

/// Which resource's variables are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The usual ones.
    Own,
    /// Those of version 3.0 that describe the innermost resource: they end in `_FOR_LEAF_RESOURCE`.
    Leaf,
}

impl Whose {
    /// The whole name of a variable, such as `RPST`.
    pub(super) fn name(self, short: &str) -> String {
        let suffix = match self {
            Self::Own => "",
            Self::Leaf => "_FOR_LEAF_RESOURCE",
        };
        format!("OCI_RESOURCE_PRINCIPAL_{short}{suffix}")
    }

    /// The value; an empty one counts as not set.
    pub(super) fn text(self, effects: &Effects, short: &str) -> Result<Option<String>, Error> {
        Ok(effects.text(&self.name(short))?.filter(|value| !value.is_empty()))
    }

    /// The value; that it is not set is an error.
    pub(super) fn required(self, effects: &Effects, short: &str) -> Result<String, Error> {
        self.text(effects, short)?.ok_or_else(|| Error::MissingVariable(self.name(short)))
    }

    /// The region's name, expanded when it is a short code.
    pub(super) fn region(self, effects: &Effects) -> Result<Option<String>, Error> {
        let text = self.text(effects, "REGION")?;
        let region = text.map(|text| Regions::new(effects.clone()).resolve(&text)).transpose()?;
        Ok(region.map(|region| region.id))
    }
}

/// A value that a variable holds, or the file that the variable names.
#[derive(Debug)]
pub(super) struct Input {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Here(Secret),
    File(PathBuf),
}

impl Input {
    /// What the variable says, `None` when it is not set. An absolute path means a file; everything else is the
    /// value itself, also `~/key.pem` and `keys/key.pem`, as in Oracle's SDKs.
    pub(super) fn find(effects: &Effects, name: String) -> Result<Option<Self>, Error> {
        let place = effects.text(&name)?.map(|value| match Path::new(&value).is_absolute() {
            true => Place::File(PathBuf::from(value)),
            false => Place::Here(Secret::new(value)),
        });
        Ok(place.map(|place| Self { name, place }))
    }

    pub(super) fn required(effects: &Effects, name: String) -> Result<Self, Error> {
        Self::find(effects, name.clone())?.ok_or(Error::MissingVariable(name))
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// Where the value comes from, for messages: the file, or the variable that holds it.
    pub(super) fn origin(&self) -> String {
        match &self.place {
            Place::Here(_) => self.name.clone(),
            Place::File(path) => path.display().to_string(),
        }
    }

    /// The value as it is; a file is read each time.
    pub(super) fn read(&self, effects: &Effects, what: &'static str) -> Result<Secret, Error> {
        match &self.place {
            Place::Here(value) => Ok(value.clone()),
            Place::File(path) => Ok(Secret::from(effects.read_text(what, path)?.as_str())),
        }
    }
}
