//! Names that variables had before: those of the delivery tool that `vision` takes the place of.

use std::ffi::OsString;
use std::sync::Arc;

use causeway_cloud::Problem;
use causeway_oci_auth::effects::Environment;

use crate::choice::text;

const GENAI: &str = "CAUSEWAY_OCI_ENDPOINT_GENERATIVE_AI";

/// Our names, and the second name of each.
const NAMES: [(&str, &str); 5] = [
    ("CAUSEWAY_CHAT_MODEL", "OCI_TEXT_MODEL_OCID"),
    (GENAI, "OCI_GENAI_HOSTNAME"),
    ("CAUSEWAY_COMPARTMENT", "OCI_COMPARTMENT_ID"),
    ("CAUSEWAY_NAMESPACE", "OCI_OS_NAMESPACE"),
    ("CAUSEWAY_BUCKET", "OCI_OS_BUCKET"),
];

/// Variables of which some are also known by a second name, which counts where the first is not set.
pub(super) struct SecondNames(Arc<dyn Environment>);

impl SecondNames {
    /// # Errors
    /// Every pair of names that say different things.
    pub(super) fn of(environment: Arc<dyn Environment>) -> Result<Self, Problem> {
        let this = Self(environment);
        let differ = |own: &str, second: &str| {
            let ours = text(this.0.as_ref(), own).map(|value| form(own, &value));
            let theirs = this.second(own, second);
            ours.zip(theirs).is_some_and(|(ours, theirs)| ours != theirs)
        };
        let differing: Vec<String> = NAMES
            .iter()
            .filter(|(own, second)| differ(own, second))
            .map(|(own, second)| format!("{own} and {second} say different things: set one of them"))
            .collect();
        if differing.is_empty() { Ok(this) } else { Err(differing.join("; ").into()) }
    }

    fn second(&self, own: &str, second: &str) -> Option<String> {
        // One endpoint for all services, such as an emulator's, is for this one as well.
        if own == GENAI && text(self.0.as_ref(), "CAUSEWAY_OCI_ENDPOINT").is_some() {
            return None;
        }
        text(self.0.as_ref(), second).map(|value| form(own, &value))
    }
}

/// The second name of the endpoint may hold the host alone.
fn form(own: &str, value: &str) -> String {
    if own != GENAI {
        return value.trim().to_owned();
    }
    let value = value.trim().trim_end_matches('/');
    if value.contains("://") { value.to_owned() } else { format!("https://{value}") }
}

impl Environment for SecondNames {
    fn var(&self, name: &str) -> Option<OsString> {
        let own = self.0.var(name).filter(|value| !value.is_empty());
        let Some((own_name, second)) = NAMES.iter().find(|(own, _)| *own == name) else { return own };
        own.or_else(|| self.second(own_name, second).map(OsString::from))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

    use std::collections::HashMap;

    use super::*;

    fn names(variables: &[(&str, &str)]) -> Result<SecondNames, String> {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Arc<dyn Environment> = Arc::new(pairs.collect::<HashMap<_, _>>());
        SecondNames::of(environment).map_err(|problem| problem.to_string())
    }

    #[test]
    fn second_names_count_where_the_first_are_not_set() {
        let check = |variables: &[(&str, &str)], name: &str, expected: Option<&str>| {
            let found = names(variables).unwrap().var(name);
            assert_eq!(found.as_deref().and_then(|value| value.to_str()), expected, "{variables:?}");
        };
        check(&[("OCI_TEXT_MODEL_OCID", "ocid1.m")], "CAUSEWAY_CHAT_MODEL", Some("ocid1.m"));
        check(&[("OCI_TEXT_MODEL_OCID", "m"), ("CAUSEWAY_CHAT_MODEL", "")], "CAUSEWAY_CHAT_MODEL", Some("m"));
        check(&[("OCI_COMPARTMENT_ID", "c")], "CAUSEWAY_COMPARTMENT", Some("c"));
        check(&[("OCI_OS_NAMESPACE", "n")], "CAUSEWAY_NAMESPACE", Some("n"));
        check(&[("OCI_OS_BUCKET", "b")], "CAUSEWAY_BUCKET", Some("b"));
        check(&[("OCI_OS_BUCKET", "b"), ("CAUSEWAY_BUCKET", "b")], "CAUSEWAY_BUCKET", Some("b"));
        check(&[("OCI_OS_BUCKET", "b")], "CAUSEWAY_STATE_BUCKET", None);
        check(&[("OTHER", "x")], "OTHER", Some("x"));
        let host = "inference.generativeai.us-chicago-1.oci.oraclecloud.com";
        let url = format!("https://{host}");
        check(&[("OCI_GENAI_HOSTNAME", host)], GENAI, Some(&url));
        check(&[("OCI_GENAI_HOSTNAME", &format!("{url}/")), (GENAI, &url)], GENAI, Some(&url));
        let emulator = ("CAUSEWAY_OCI_ENDPOINT", "http://127.0.0.1:1");
        check(&[("OCI_GENAI_HOSTNAME", host), emulator], GENAI, None);
    }

    #[test]
    fn names_that_differ_are_told_both() {
        let both = [
            ("OCI_OS_BUCKET", "a"),
            ("CAUSEWAY_BUCKET", "b"),
            ("OCI_COMPARTMENT_ID", "c"),
            ("CAUSEWAY_COMPARTMENT", "d"),
        ];
        let problem = names(&both).err().unwrap();
        for name in both.map(|(name, _)| name) {
            assert!(problem.contains(name), "{problem}");
        }
    }
}
