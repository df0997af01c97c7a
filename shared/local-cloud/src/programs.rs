//! The linked functions as programs: this executable again, with what they may see of the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use causeway_adapters::SETTINGS;

use crate::cli::CliError;
use crate::cloud::Program;
use crate::functions::{FUNCTIONS, Function};
use crate::oci::{self, Oci, environment};

/// Where functions find their data.
#[derive(Debug)]
pub(crate) enum Data {
    /// A directory.
    Directory(PathBuf),
    /// The emulator's bucket.
    Bucket,
}

impl Data {
    fn directory(&self) -> Option<(String, String)> {
        match self {
            Self::Directory(path) => Some(("CAUSEWAY_LOCAL_ROOT".to_owned(), path.display().to_string())),
            Self::Bucket => None,
        }
    }

    fn bucket(&self) -> Option<(String, String)> {
        matches!(self, Self::Bucket).then(|| ("CAUSEWAY_BUCKET".to_owned(), oci::BUCKET.to_owned()))
    }
}

/// All functions, without OCI.
pub(crate) fn programs(data: &Data) -> Result<Vec<Program>, CliError> {
    FUNCTIONS.iter().map(|function| program(function, own_environment(function, data), Vec::new())).collect()
}

/// All functions, as principals of the emulator.
pub(crate) fn programs_on(data: &Data, oci: &Oci, base: &str) -> Result<Vec<Program>, CliError> {
    let names: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    let variables = oci.variables(&names, base)?;
    let clean = vec![OsString::from("--clean"), oci.directory().into()];
    let programs = FUNCTIONS.iter().zip(variables).map(|(function, ours)| {
        let mut own = own_environment(function, data);
        environment::add(&mut own, ours.into_iter().chain(data.bucket()).filter(|(name, _)| is_setting(name)));
        program(function, own, clean.clone())
    });
    programs.collect()
}

/// A variable that functions do not know would keep them from starting.
fn is_setting(name: &str) -> bool {
    let is = |known: &str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => known == name,
    };
    !name.starts_with("CAUSEWAY_") || SETTINGS.iter().any(|(known, _, _)| is(known))
}

fn own_environment(function: &Function, data: &Data) -> Vec<(String, String)> {
    let mut variables: Vec<_> = crate::environment::allowed(crate::environment::own(), function.prefix).collect();
    variables.retain(|(name, _)| name != "CAUSEWAY_LOCAL_ROOT");
    variables.extend(data.directory());
    variables
}

fn program(function: &Function, environment: Vec<(String, String)>, more: Vec<OsString>) -> Result<Program, CliError> {
    let executable = std::env::current_exe().map_err(|error| CliError::io("this executable", &error))?;
    let arguments = [OsString::from("__function"), OsString::from(function.name)];
    Ok(Program {
        name: function.name.to_owned(),
        about: function.about.to_owned(),
        executable,
        arguments: arguments.into_iter().chain(more).collect(),
        environment,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_differ_in_their_end_are_known_by_their_beginning() {
        for name in ["CAUSEWAY_BUCKET", "CAUSEWAY_CHAT_API_KEY", "CAUSEWAY_CHAT_API_KEY_GENAI", "OCI_REGION", "TZ"] {
            assert!(is_setting(name), "{name}");
        }
        for name in ["CAUSEWAY_BUCKET_2", "CAUSEWAY_CHAT_API_KE", "CAUSEWAY_CHAT_MODELS", "CAUSEWAY_"] {
            assert!(!is_setting(name), "{name}");
        }
    }
}
