//! Whose services a deployment uses.

use std::fmt;

use causeway_oci_auth::effects::Environment;

/// Whose services a deployment uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cloud {
    /// Oracle's.
    Oci,
    /// Amazon's.
    Aws,
    /// Nobody's: there is a local directory and nothing else.
    None,
}

/// Variables that exist only where somebody wants OCI. Lambda never sets one by itself.
const SIGNS_OF_OCI: [&str; 5] = [
    "OCI_RESOURCE_PRINCIPAL_VERSION",
    "CAUSEWAY_OCI_AUTH",
    "CAUSEWAY_OCI_ENDPOINT",
    "CAUSEWAY_OCI_EXCHANGE_DOMAIN_URL",
    "OCI_CLI_CONFIG_FILE",
];
/// Variables of every Lambda, and of a shell that is set up for AWS.
const SIGNS_OF_AWS: [&str; 4] =
    ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];

impl Cloud {
    /// Reads `CAUSEWAY_CLOUD`. With `auto` (or nothing) signs of OCI come before those of AWS, because a Lambda always
    /// has the latter: one that works on OCI's data is recognised by what was added for it.
    ///
    /// # Errors
    /// A word that is none of `oci`, `aws` and `auto`.
    pub fn of_environment(environment: &dyn Environment) -> Result<Self, UnknownCloud> {
        match text(environment, "CAUSEWAY_CLOUD").as_deref() {
            Some("oci") => Ok(Self::Oci),
            Some("aws") => Ok(Self::Aws),
            None | Some("auto") => Ok(Self::found(environment)),
            Some(_) => Err(UnknownCloud),
        }
    }

    fn found(environment: &dyn Environment) -> Self {
        let any = |names: &[&str]| names.iter().any(|name| text(environment, name).is_some());
        let switched_off = text(environment, "CAUSEWAY_OCI_AUTH").as_deref() == Some("none");
        if any(&SIGNS_OF_OCI) && !switched_off {
            Self::Oci
        } else if any(&SIGNS_OF_AWS) {
            Self::Aws
        } else {
            Self::None
        }
    }
}

/// `CAUSEWAY_CLOUD` says something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCloud;

impl fmt::Display for UnknownCloud {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CAUSEWAY_CLOUD must be oci, aws or auto")
    }
}

impl std::error::Error for UnknownCloud {}

/// A variable that is set to something; empty counts as unset, as func.yaml cannot leave one out.
pub(crate) fn text(environment: &dyn Environment, name: &str) -> Option<String> {
    environment.var(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn the_choice() {
        let check = |variables: &[(&str, &str)], expected: Result<Cloud, UnknownCloud>| {
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment: HashMap<String, String> = pairs.collect();
            assert_eq!(Cloud::of_environment(&environment), expected, "{variables:?}");
        };
        let (lambda, function) = (("AWS_REGION", "us-east-1"), ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"));
        check(&[], Ok(Cloud::None));
        check(&[("CAUSEWAY_CLOUD", "")], Ok(Cloud::None));
        check(&[("CAUSEWAY_CLOUD", "auto"), lambda], Ok(Cloud::Aws));
        check(&[lambda], Ok(Cloud::Aws));
        check(&[function], Ok(Cloud::Oci));
        check(&[function, lambda], Ok(Cloud::Oci));
        check(&[function, ("CAUSEWAY_CLOUD", "aws")], Ok(Cloud::Aws));
        check(&[lambda, ("CAUSEWAY_CLOUD", "oci")], Ok(Cloud::Oci));
        check(&[("CAUSEWAY_OCI_AUTH", "none")], Ok(Cloud::None));
        check(&[("CAUSEWAY_OCI_AUTH", "none"), lambda], Ok(Cloud::Aws));
        check(&[("CAUSEWAY_CLOUD", "OCI")], Err(UnknownCloud));
        check(&[("CAUSEWAY_CLOUD", "azure")], Err(UnknownCloud));
    }
}
