//! Settings that every function has.

use super::Vars;
use crate::metrics;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// What they amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Common {
    /// Time for a call whose host sends no believable deadline.
    pub(crate) default_timeout_seconds: u64,
    /// Where measurements go; `auto` leaves it to the host.
    pub(crate) metrics: &'static str,
    /// What measurements are filed under.
    pub(crate) metrics_namespace: String,
}

impl Common {
    pub(super) fn read(vars: &mut Vars) -> Self {
        const TIMEOUT: &str = "seconds for a call whose host sends no believable deadline, 1 to 3600";
        const METRICS: &str = "emf: CloudWatch embedded metric format; log: a JSON log line; off; \
                               auto: emf on Lambda, log on Fn and serve, off for invoke";
        const NAMESPACE: &str = "what measurements are filed under: letters, digits and _, first a letter";
        const LEVEL: &str = "error, warn, info or off; debug and trace are as info";
        vars.choice("LOG_LEVEL", &LEVELS, "info", LEVEL);
        Self {
            default_timeout_seconds: vars.number("CAUSEWAY_DEFAULT_TIMEOUT_SECONDS", 30, 1..=3600, TIMEOUT),
            metrics: vars.choice("CAUSEWAY_METRICS", &["auto", "emf", "log", "off"], "auto", METRICS),
            metrics_namespace: namespace(vars, NAMESPACE),
        }
    }
}

#[cfg(test)]
impl Common {
    /// For tests of hosts.
    pub(crate) fn of(mut vars: Vars) -> Self {
        Self::read(&mut vars)
    }
}

fn namespace(vars: &mut Vars, meaning: &'static str) -> String {
    const NAME: &str = "CAUSEWAY_METRICS_NAMESPACE";
    let namespace = vars.text(NAME, "causeway", meaning);
    if !metrics::is_namespace(&namespace) {
        vars.reject(format!("{NAME} is {namespace:?}, expected {meaning}, at most 255, not oci_…"));
    }
    namespace
}
