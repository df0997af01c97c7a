//! The variables with which functions reach the emulator, beside those that their user has set.

/// Values that leave the choice of the cloud and of the credentials to us.
const CLOUDS: [&str; 2] = ["oci", "auto"];
const AUTHS: [&str; 2] = ["auto", "resource_principal"];

/// The first variable with which a user chooses another cloud, another endpoint or credentials of his own.
/// Nothing of ours may be mixed with these.
pub(crate) fn other_cloud(own: &[(String, String)]) -> Option<&str> {
    let chooses = |name: &str, value: &str| match name {
        "CAUSEWAY_CLOUD" => !CLOUDS.contains(&value),
        "CAUSEWAY_OCI_AUTH" | "OCI_CLI_AUTH" => !AUTHS.contains(&value),
        "CAUSEWAY_OCI_ENDPOINT" => true,
        name => name.starts_with("OCI_RESOURCE_PRINCIPAL_"),
    };
    let chosen = own.iter().find(|(name, value)| !value.is_empty() && chooses(name, value));
    chosen.map(|(name, _)| name.as_str())
}

/// Adds our variables to a function's own. A variable that is there keeps its value.
pub(crate) fn add(own: &mut Vec<(String, String)>, ours: impl IntoIterator<Item = (String, String)>) {
    if other_cloud(own).is_some() {
        return;
    }
    for (name, value) in ours {
        let present = own.iter().any(|(other, value)| *other == name && !value.is_empty());
        if !present {
            own.retain(|(other, _)| *other != name);
            own.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_the_user_has_set_stays() {
        let ours =
            [("CAUSEWAY_CLOUD", "oci"), ("CAUSEWAY_BUCKET", "causeway"), ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2")];
        let check = |own: &[(&str, &str)], expected: &[(&str, &str)]| {
            let mut variables = pairs(own);
            add(&mut variables, pairs(&ours));
            assert_eq!(variables, pairs(expected), "{own:?}");
        };
        check(&[], &ours);
        check(&[("CAUSEWAY_BUCKET", "mine")], &[("CAUSEWAY_BUCKET", "mine"), ours[0], ours[2]]);
        check(&[("CAUSEWAY_BUCKET", "")], &ours);
        check(&[("CAUSEWAY_CLOUD", "auto")], &[("CAUSEWAY_CLOUD", "auto"), ours[1], ours[2]]);
        check(&[("CAUSEWAY_OCI_AUTH", "auto")], &[("CAUSEWAY_OCI_AUTH", "auto"), ours[0], ours[1], ours[2]]);
        for other in [
            ("CAUSEWAY_CLOUD", "aws"),
            ("CAUSEWAY_OCI_AUTH", "api_key"),
            ("OCI_CLI_AUTH", "security_token"),
            ("CAUSEWAY_OCI_ENDPOINT", "http://other"),
            ("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1"),
        ] {
            check(&[other], &[other]);
        }
    }
}
