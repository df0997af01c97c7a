//! Which kind of credentials is wanted.

use std::str::FromStr;

use crate::{Effects, Error};

const OURS: &str = "CAUSEWAY_OCI_AUTH";
/// The command line's variable for the same.
const CLI: &str = "OCI_CLI_AUTH";

/// Which kind of credentials is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Choice {
    /// The first kind that is configured; see [`Chain`](crate::Chain).
    #[default]
    Auto,
    /// The resource principal that the platform describes in variables.
    ResourcePrincipal,
    /// The principal of this machine.
    InstancePrincipal,
    /// The principal of this machine, acting for a user.
    Delegation,
    /// The workload identity of this pod.
    Oke,
    /// A user's API key, from variables or from the configuration file.
    ApiKey,
    /// Whatever the profile of the configuration file describes.
    ConfigFile,
    /// A session token, from variables or from the configuration file.
    SecurityToken,
    /// The platform's token, exchanged at an identity domain.
    TokenExchange,
    /// None: whoever asks for credentials gets an error.
    None,
}

impl Choice {
    /// What `CAUSEWAY_OCI_AUTH` says, or else `OCI_CLI_AUTH`; [`Choice::Auto`] when neither is set.
    ///
    /// # Errors
    ///
    /// [`Error::BadVariable`] for a word that is none of them.
    pub fn from_environment(effects: &Effects) -> Result<Self, Error> {
        for name in [OURS, CLI] {
            let Some(word) = effects.text(name)?.filter(|word| !word.trim().is_empty()) else { continue };
            return word.parse().map_err(|reason| Error::BadVariable { name: name.to_owned(), reason });
        }
        Ok(Self::Auto)
    }

    /// Its word, as in `CAUSEWAY_OCI_AUTH` and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::ResourcePrincipal => "resource_principal",
            Self::InstancePrincipal => "instance_principal",
            Self::Delegation => "delegation",
            Self::Oke => "oke",
            Self::ApiKey => "api_key",
            Self::ConfigFile => "config_file",
            Self::SecurityToken => "security_token",
            Self::TokenExchange => "token_exchange",
            Self::None => "none",
        }
    }
}

impl FromStr for Choice {
    type Err = String;

    /// Takes our words and those of Oracle's command line, in any case.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "auto" => Self::Auto,
            "resource_principal" => Self::ResourcePrincipal,
            "instance_principal" => Self::InstancePrincipal,
            "delegation" | "instance_obo_user" => Self::Delegation,
            "oke" | "oke_workload_identity" => Self::Oke,
            "api_key" => Self::ApiKey,
            "config_file" => Self::ConfigFile,
            "security_token" => Self::SecurityToken,
            "token_exchange" => Self::TokenExchange,
            "none" => Self::None,
            "pkcs11" => return Err("keys in hardware (pkcs11) are not supported".to_owned()),
            _ => {
                return Err("none of auto, resource_principal, instance_principal, delegation, oke, api_key, \
                            config_file, security_token, token_exchange, none"
                    .to_owned());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;

    fn choice(variables: &[(&str, &str)]) -> Result<Choice, Error> {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Arc::new(pairs.collect::<HashMap<_, _>>());
        Choice::from_environment(&Effects { environment, ..Effects::default() })
    }

    #[test]
    fn words() {
        let check = |word: &str, expected: Choice| assert_eq!(choice(&[(OURS, word)]), Ok(expected), "{word}");
        check("", Choice::Auto);
        check("auto", Choice::Auto);
        check(" Resource-Principal\n", Choice::ResourcePrincipal);
        check("instance_obo_user", Choice::Delegation);
        check("oke_workload_identity", Choice::Oke);
        check("api_key", Choice::ApiKey);
        check("config_file", Choice::ConfigFile);
        check("security_token", Choice::SecurityToken);
        check("token_exchange", Choice::TokenExchange);
        check("none", Choice::None);
        assert_eq!(Choice::Delegation.name().parse(), Ok(Choice::Delegation));
    }

    #[test]
    fn our_variable_comes_before_the_command_lines() {
        assert_eq!(choice(&[]), Ok(Choice::Auto));
        assert_eq!(choice(&[(CLI, "api_key")]), Ok(Choice::ApiKey));
        assert_eq!(choice(&[(CLI, "api_key"), (OURS, "oke")]), Ok(Choice::Oke));
        assert_eq!(choice(&[(CLI, "api_key"), (OURS, "")]), Ok(Choice::ApiKey));
    }

    #[test]
    fn other_words_are_errors_that_name_the_variable() {
        for (name, word) in [(OURS, "magic"), (CLI, "pkcs11"), (CLI, "api key")] {
            let error = choice(&[(name, word)]).unwrap_err();
            assert!(matches!(&error, Error::BadVariable { name: named, .. } if named == name), "{error}");
        }
    }
}
