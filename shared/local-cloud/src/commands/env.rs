//! `causeway env`: what the command lines and SDKs of others need to talk to `causeway up`.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use causeway_oci_emulator::{PrincipalError, Profile, UserKey};
use http::Method;
use serde_json::{Map, Value, json};

use super::print;
use super::seed::unavailable;
use crate::api::DEFAULT_REGION;
use crate::arguments::Env;
use crate::cli::CliError;
use crate::functions::FUNCTIONS;
use crate::oci::BUCKET;
use crate::oci::target::{Answer, Target};

/// Variables besides those of the functions.
const NAMES: [&str; 14] = [
    "OCI_CLI_CONFIG_FILE",
    "OCI_CLI_PROFILE",
    "OCI_CLI_RC_FILE",
    "OCI_CLI_ENDPOINT",
    "OCI_CONFIG_FILE",
    "OCI_TENANCY_OCID",
    "CAUSEWAY_COMPARTMENT",
    "CAUSEWAY_BUCKET",
    "FN_API_URL",
    "AWS_ENDPOINT_URL_LAMBDA",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];
/// Says what it is; the server does not look at it.
const AWS_KEY: &str = "CAUSEWAYTESTONLY";
const AWS_SECRET: &str = "causeway-test-only-not-a-secret";

pub(crate) async fn run(args: Env) -> Result<ExitCode, CliError> {
    if args.unset {
        let functions = FUNCTIONS.iter().map(|function| variable_of(function.name));
        let names: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).chain(functions).collect();
        print(&format!("unset {};\n", names.join(" ")))?;
        return Ok(ExitCode::SUCCESS);
    }
    let url = args.server.url();
    let target = Target::at(&url).map_err(CliError::usage)?;
    let about = target.about().await.map_err(|error| unavailable(&error))?;
    let directory = args.dir.map_or_else(|| usual_directory(&url), Ok)?;
    let config = profile(&target, &about, &directory).await?;
    let variables = variables(&about, &config, &url)?;
    let text = match args.json {
        true => {
            format!("{:#}\n", Value::from(variables.into_iter().map(|(k, v)| (k, v.into())).collect::<Map<_, _>>()))
        }
        false => exports(&variables),
    };
    print(&text).map(|()| ExitCode::SUCCESS)
}

/// One directory for each server, so that several can be used at the same time.
fn usual_directory(url: &str) -> Result<PathBuf, CliError> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = variable("XDG_STATE_HOME").filter(|path| path.is_absolute());
    let state = state.or_else(|| variable("HOME").map(|home| home.join(".local/state")));
    let state =
        state.ok_or_else(|| CliError::usage("neither HOME nor XDG_STATE_HOME is set; give a directory with --dir"))?;
    let host = url.trim_start_matches("http://");
    let name: String = host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    Ok(state.join("causeway").join(name))
}

/// Registers a key with the server and writes the profile for it; a key of an earlier time is used again.
async fn profile(target: &Target, about: &Value, directory: &Path) -> Result<PathBuf, CliError> {
    let text = |name: &str| about[name].as_str().unwrap_or_default().to_owned();
    let profile = Profile { user: text("user"), tenancy: text("tenancy"), region: text("region") };
    let failed = |error: PrincipalError| CliError { text: error.to_string(), exit: 74 };
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| CliError::io(directory.display(), &error))?;
    let key = match profile.read(directory) {
        Some(key) => key,
        None => UserKey::generate().map_err(failed)?,
    };
    let body = json!({ "tenancy": profile.tenancy, "user": profile.user, "publicKey": key.public_pem });
    let registered = target.ask(Method::POST, "/_causeway/keys", Some(&body)).await;
    registered.and_then(Answer::accepted).map_err(|error| unavailable(&error))?;
    let config = profile.write(directory, &key).map_err(failed)?;
    profile.write_defaults(directory, &text("compartment")).map_err(failed)?;
    Ok(config)
}

fn variables(about: &Value, config: &Path, url: &str) -> Result<Vec<(String, String)>, CliError> {
    let unusual = || CliError::usage(format!("{} is no name in UTF-8", config.display()));
    let defaults = config.with_file_name("oci_cli_rc");
    let (config, defaults) = (config.to_str().ok_or_else(unusual)?, defaults.to_str().ok_or_else(unusual)?);
    let text = |name: &str| about[name].as_str().unwrap_or_default();
    let (tenancy, compartment) = (text("tenancy"), text("compartment"));
    let values: [&str; 14] = [
        config,
        "DEFAULT",
        defaults,
        url,
        config,
        tenancy,
        compartment,
        BUCKET,
        url,
        url,
        AWS_KEY,
        AWS_SECRET,
        DEFAULT_REGION,
        DEFAULT_REGION,
    ];
    let mut all: Vec<_> =
        NAMES.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect();
    let functions = about["functions"].as_object().into_iter().flatten();
    all.extend(functions.map(|(name, id)| (variable_of(name), id.as_str().unwrap_or_default().to_owned())));
    Ok(all)
}

/// `FN_DISCOVERY_AGENT_OCID`
fn variable_of(function: &str) -> String {
    let upper = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("FN_{}_OCID", function.chars().map(upper).collect::<String>())
}

/// For `sh` and all that is like it. What would not fit to our keys goes: a session token of AWS, another kind of
/// credentials of OCI.
fn exports(variables: &[(String, String)]) -> String {
    let lines = variables.iter().map(|(name, value)| format!("export {name}={};\n", quoted(value)));
    lines.chain(["unset AWS_SESSION_TOKEN OCI_CLI_AUTH;\n".to_owned()]).collect()
}

/// One word for a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        for text in ["plain", "", "a b", "it's", "$HOME `id` $(id)", "\"\\\n!*?[a]", "'; rm -rf x; '", "é\t#"] {
            let script = format!("printf %s {}", quoted(text));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{script}");
        }
    }

    #[test]
    fn functions_have_variables() {
        assert_eq!(variable_of("discovery-agent"), "FN_DISCOVERY_AGENT_OCID");
    }

    #[test]
    fn each_server_has_its_directory() {
        let name = |url: &str| usual_directory(url).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(name("http://127.0.0.1:8080"), "127.0.0.1-8080");
        assert_eq!(name("http://[::1]:80/../x"), "---1--80-..-x");
    }
}
