//! What of our own environment a function's process may see.
//!
//! A deployed function sees its configuration and nothing of the machine; here it is the same, so that
//! nothing works locally only because of a variable in somebody's shell.

/// Variables that are handed on by name.
const NAMES: [&str; 9] =
    ["PATH", "HOME", "TZ", "TMPDIR", "LOG_LEVEL", "RUST_LOG", "RUST_BACKTRACE", "SSL_CERT_FILE", "SSL_CERT_DIR"];
/// Variables that are handed on by prefix.
const PREFIXES: [&str; 3] = ["OCI_", "AWS_", "CAUSEWAY_"];
/// Settings that one function has kept from the tool that it replaces, by its prefix: names, and beginnings of names.
const KEPT: [(&str, &[&str]); 1] = [(
    "VISION_",
    &["DELIVERY_PREFIX", "LOCAL_ASSET_ROOT", "MAX_DISTANCE_METERS", "WEIGHT_", "DAMAGE_", "SEVERITY_SCORE_"],
)];
/// What describes the platform comes from the supervisor alone.
const PLATFORM: [&str; 2] = ["FN_", "AWS_LAMBDA_"];

/// The part of `variables` that a function with settings of this prefix may see.
pub(crate) fn allowed(
    variables: impl IntoIterator<Item = (String, String)>,
    prefix: &str,
) -> impl Iterator<Item = (String, String)> {
    variables.into_iter().filter(move |(name, _)| is_allowed(name, prefix))
}

fn is_allowed(name: &str, prefix: &str) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let kept = KEPT.iter().any(|(of, names)| *of == prefix && starts(names));
    !starts(&PLATFORM)
        && (kept || NAMES.contains(&name) || starts(&PREFIXES) || (!prefix.is_empty() && name.starts_with(prefix)))
}

/// This process's environment; names and values that are not text cannot be settings.
pub(crate) fn own() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_passes() {
        for name in ["PATH", "OCI_REGION", "AWS_REGION", "CAUSEWAY_CLOUD", "DISCOVERY_MAX_OBJECTS", "TZ"] {
            assert!(is_allowed(name, "DISCOVERY_"), "{name}");
        }
        for name in ["FN_LISTENER", "FN_INTENT", "AWS_LAMBDA_RUNTIME_API", "EDITOR", "EGRESS_LIMIT", "LD_PRELOAD", ""] {
            assert!(!is_allowed(name, "DISCOVERY_"), "{name}");
        }
        assert!(!is_allowed("EDITOR", ""));
        assert!(is_allowed("WEIGHT_DAMAGE", "VISION_") && !is_allowed("WEIGHT_DAMAGE", "DISCOVERY_"));
    }
}
