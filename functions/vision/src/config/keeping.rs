//! How long claims and answers are kept.

use std::time::Duration;

use causeway_cloud::state::Answers;
use causeway_runtime::Vars;

const HOUR: u64 = 3_600;
const MONTH: u64 = 31 * 24 * HOUR;

/// How long claims and answers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// How long a look that gives no sign of life keeps others away; it is renewed at each third of it.
    pub claim: Duration,
    /// How long an answer that cannot be read stands before the model is asked again about the same version.
    pub unusable: Duration,
    /// How long the answers about a picture that came with its request are remembered; `None` when they are not.
    pub inline: Option<Duration>,
}

/// Reads what is set.
pub(super) fn read(vars: &mut Vars) -> Keeping {
    let claim = vars.number(
        "VISION_CLAIM_SECONDS",
        Answers::LEASE.as_secs(),
        5..=900,
        "seconds until a picture is free again whose process gives no sign of life",
    );
    let unusable = vars.number(
        "VISION_UNUSABLE_KEPT_SECONDS",
        HOUR,
        0..=MONTH,
        "seconds before a model is asked again about a version of which it gave an answer that cannot be read",
    );
    let inline = vars.number(
        "VISION_INLINE_KEPT_SECONDS",
        24 * HOUR,
        0..=MONTH,
        "seconds for which answers about a picture inside a request are remembered; 0: each request asks",
    );
    Keeping {
        claim: Duration::from_secs(claim),
        unusable: Duration::from_secs(unusable),
        inline: (inline > 0).then(|| Duration::from_secs(inline)),
    }
}
