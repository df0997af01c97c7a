//! How long it takes, at worst, until most of the traffic is on the other side.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::RollbackRules;

/// Times in seconds, computed from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// From the first bad minute, by lasting errors: the minutes that they have to last, the lag of the metrics, a tick
    /// and the move.
    pub errors_seconds: u32,
    /// From the first bad minute, by a cliff: that minute, the lag of the metrics, a tick and the move.
    pub cliff_seconds: u32,
    /// The same where calls are counted without a lag.
    pub cliff_without_lag_seconds: u32,
    /// From the decision: the change of DNS, its time to live and the clients that are late, with the tick that
    /// carries it out.
    pub decided_seconds: u32,
}

impl Budget {
    /// Of these rules.
    #[must_use]
    pub fn of(rules: &RollbackRules) -> Self {
        let moving = &rules.moving;
        let lag = moving.metric_lag_minutes * 60;
        let moved = moving.dns_change_seconds + moving.dns_ttl_seconds + moving.dns_tail_seconds;
        let after = |seconds: u32| seconds + moving.tick_seconds + moved;
        Self {
            errors_seconds: after(rules.errors.minutes * 60 + lag),
            cliff_seconds: after(60 + lag),
            cliff_without_lag_seconds: after(60),
            decided_seconds: after(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_take_eleven_minutes_and_five() {
        let check = |rules: &RollbackRules, expected: [u32; 4]| {
            let Budget { errors_seconds, cliff_seconds, cliff_without_lag_seconds, decided_seconds } =
                Budget::of(rules);
            let found = [errors_seconds, cliff_seconds, cliff_without_lag_seconds, decided_seconds];
            assert_eq!(found.map(|seconds| seconds / 60), expected);
        };
        let mut rules = RollbackRules::default();
        check(&rules, [11, 7, 5, 4]);
        rules.moving.dns_ttl_seconds = 300;
        rules.errors.minutes = 3;
        check(&rules, [13, 11, 9, 8]);
    }
}
