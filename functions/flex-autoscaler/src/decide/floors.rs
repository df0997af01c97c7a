//! Floors: of windows (R12) and of the forecast (R13).

use causeway_cloud::fleet::Size;

use crate::state::{Entry, WindowMark};

use super::bounds::Bounds;
use super::one::Case;
use super::sizing::holding;
use super::windows::{self, Occurrence};

/// Sizes that a machine is to have at least.
pub(crate) struct Floors<'a> {
    /// Of the windows in force, with the one that is highest.
    pub window: Option<(Size, Occurrence<'a>)>,
    /// Of the forecast.
    pub predicted: Option<Size>,
}

impl<'a> Floors<'a> {
    /// Where the size is chosen by its cost, the forecast is in that.
    pub(crate) fn new(case: &Case<'_>, entry: &Entry, in_force: &[Occurrence<'a>]) -> Self {
        let predicted = if super::cost::is_in_charge(case, entry) { None } else { predicted(case, entry) };
        Self { window: windows::floor(case.policy, in_force), predicted }
    }

    /// The mark of the highest window.
    pub(crate) fn mark(&self) -> Option<WindowMark> {
        self.window.as_ref().map(|(_, leader)| WindowMark { id: leader.window.id.clone(), until: leader.end })
    }

    /// Nothing shrinks below them.
    pub(crate) fn add_to(&self, bounds: &mut Bounds<'_>) {
        if let Some((size, _)) = &self.window {
            bounds.floor("R12", "window_floor", *size);
        }
        if let Some(size) = self.predicted {
            bounds.floor("R13", "predicted_floor", size);
        }
    }
}

/// The size for the CPU that was used in the coming hours of earlier days. Memory needs no forecast: nothing shrinks
/// below what was used in a whole day.
fn predicted(case: &Case<'_>, entry: &Entry) -> Option<Size> {
    let settings = &case.policy.predictive;
    let is_known = f64::from(entry.profile.history_hours(case.now)) >= settings.min_history_hours;
    if !settings.enabled || !is_known {
        return None;
    }
    let used = entry.profile.peak_of_window(case.now, settings.horizon_minutes)?;
    let ocpus = used.ocpus? / settings.target_percent * 100.0;
    Some(holding(&case.policy.limits, Size { ocpus, memory_gb: 0.0 }))
}
