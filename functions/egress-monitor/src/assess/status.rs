//! Whether the month to date is known.

use jiff::{SignedDuration, Timestamp};

use super::State;
use super::reasons::Reasons;
use crate::month::Usage;
use crate::report::Status;
use crate::settings::Settings;

/// A month without an outbound row after so long is no rhythm of weekdays any more.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn status(
    usage: &Usage,
    previous: &State,
    now: Timestamp,
    settings: &Settings,
    reasons: &mut Reasons,
) -> Status {
    if usage.is_missing(now, settings.max_lag()) {
        reasons.no_data(usage);
        Status::Error
    } else if usage.notes.period_rows == 0 {
        reasons.too_early();
        Status::UnknownYet
    } else if usage.billed < 0 {
        reasons.negative(usage);
        Status::Error
    } else if is_without_outbound(usage) && had_outbound(previous, usage) {
        reasons.outbound_missing(usage);
        Status::Error
    } else if is_without_outbound(usage) {
        reasons.without_outbound(usage, usage.is_due(now, settings.max_lag()));
        Status::UnknownYet
    } else if usage.notes.uncounted_rows() == 0 && usage.missing_days == 0 {
        Status::Ok
    } else if usage.notes.outbound_rows > 0 {
        Status::Partial
    } else {
        reasons.nothing_countable();
        Status::Error
    }
}

/// Whether there are rows of the month, and none of them may be outbound.
pub(super) fn is_without_outbound(usage: &Usage) -> bool {
    usage.notes.period_rows > 0 && usage.notes.outbound_rows == 0 && usage.notes.uncounted_rows() == 0
}

/// Whether outbound rows were there before the month and none came within a week of it.
pub(super) fn is_overdue(usage: &Usage, now: Timestamp, settings: &Settings) -> bool {
    let until = usage.period.start().checked_add(WEEK + settings.max_lag()).unwrap_or(Timestamp::MAX);
    is_without_outbound(usage) && usage.had_traffic() && now >= until
}

/// Whether the last good run knew outbound traffic of this month.
fn had_outbound(previous: &State, usage: &Usage) -> bool {
    let last = previous.last.as_ref().filter(|last| last.period == usage.period.id());
    last.and_then(|last| last.billed_bytes.parse::<i128>().ok()).is_some_and(|bytes| bytes > 0)
}
