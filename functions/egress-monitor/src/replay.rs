//! What a run has read, recorded so that the same answer can be made of it again.
//!
//! A run assesses its own record: what is replayed later is what was decided then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::assess::{Assessed, Gaps, Inputs, State, UsageFailure, assess};
use crate::month::Usage;
use crate::period::{Period, PeriodError};
use crate::report::Report;
use crate::settings::Settings;
use crate::traffic::Hours;

/// The record of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// When it was.
    pub now: Timestamp,
    /// The rules.
    pub settings: Settings,
    /// What the run before had left.
    pub previous: State,
    /// Usage.
    pub usage: Read,
    /// What network interfaces measured.
    pub hours: Hours,
    /// What could not be read beside these.
    pub gaps: Gaps,
    /// The other cloud, where it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws: Option<Aside>,
}

/// Usage that was read, or why it was not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Read {
    /// Its totals.
    Totals(Box<Usage>),
    /// Why there are none.
    Failed(UsageFailure),
}

/// The other cloud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// Its rules.
    pub settings: Settings,
    /// Its usage.
    pub usage: Read,
    /// What could not be read beside that.
    pub gaps: Gaps,
}

impl From<Result<Usage, UsageFailure>> for Read {
    fn from(read: Result<Usage, UsageFailure>) -> Self {
        read.map_or_else(Self::Failed, |usage| Self::Totals(Box::new(usage)))
    }
}

impl Read {
    fn as_result(&self) -> Result<&Usage, UsageFailure> {
        match self {
            Self::Totals(usage) => Ok(usage),
            Self::Failed(why) => Err(why.clone()),
        }
    }

    /// Whether it was not read.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl Recorded {
    /// What the run decides from the state that it finds.
    ///
    /// # Errors
    /// There is no month of this moment.
    pub fn decide(&self, previous: &State) -> Result<Assessed, PeriodError> {
        let period = Period::of(self.now, self.settings.invoice_start_day)?;
        Ok(self.decide_in(period, previous))
    }

    pub(crate) fn decide_in(&self, period: Period, previous: &State) -> Assessed {
        let inputs = Inputs { period, usage: self.usage.as_result(), hours: &self.hours, gaps: &self.gaps };
        assess(&inputs, previous, self.now, &self.settings)
    }

    /// The other cloud by itself: nobody is told of it, and nothing is remembered.
    ///
    /// # Errors
    /// There is no month of this moment.
    pub fn decide_aside(&self) -> Result<Option<Report>, PeriodError> {
        let Some(Aside { settings, usage, gaps }) = &self.aws else { return Ok(None) };
        let period = Period::of(self.now, settings.invoice_start_day)?;
        let inputs = Inputs { period, usage: usage.as_result(), hours: &Hours::default(), gaps };
        let mut report = assess(&inputs, &State::default(), self.now, settings).report;
        (report.alerts, report.held_back) = (Vec::new(), Vec::new());
        Ok(Some(report))
    }
}
