//! Counts of the calls that a verdict looks at.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::config::Span;

/// Calls by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed calls, slow ones included.
    pub ok: u64,
    /// Failed calls, slow ones included.
    pub failed: u64,
    /// Slow calls of both kinds.
    pub slow: u64,
    /// Calls that say nothing; only counted in spans of time.
    pub ignored: u64,
}

impl Tally {
    /// Calls that say something.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.ok.saturating_add(self.failed)
    }

    fn plus(self, other: Self) -> Self {
        Self {
            ok: self.ok.saturating_add(other.ok),
            failed: self.failed.saturating_add(other.failed),
            slow: self.slow.saturating_add(other.slow),
            ignored: self.ignored.saturating_add(other.ignored),
        }
    }
}

/// How one call is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    Ok,
    SlowOk,
    Failed,
    SlowFailed,
    Ignored,
}

impl Mark {
    fn tally(self) -> Tally {
        let zero = Tally::default();
        match self {
            Self::Ok => Tally { ok: 1, ..zero },
            Self::SlowOk => Tally { ok: 1, slow: 1, ..zero },
            Self::Failed => Tally { failed: 1, ..zero },
            Self::SlowFailed => Tally { failed: 1, slow: 1, ..zero },
            Self::Ignored => Tally { ignored: 1, ..zero },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Bucket {
    start_ms: u64,
    ok: u64,
    failed: u64,
    slow: u64,
    ignored: u64,
}

impl Bucket {
    fn new(start_ms: u64, tally: Tally) -> Self {
        let Tally { ok, failed, slow, ignored } = tally;
        Self { start_ms, ok, failed, slow, ignored }
    }

    /// Adds to the counts; true so that it can end a condition.
    fn take(&mut self, more: Tally) -> bool {
        *self = Self::new(self.start_ms, self.tally().plus(more));
        true
    }

    fn tally(&self) -> Tally {
        Tally { ok: self.ok, failed: self.failed, slow: self.slow, ignored: self.ignored }
    }
}

/// The counts. Only one of the two is in use; the other fills when the configuration changes its span.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Window {
    /// By time, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<Bucket>,
    /// By call, oldest first.
    #[serde(skip_serializing_if = "VecDeque::is_empty")]
    recent: VecDeque<Mark>,
}

/// What of a window counts at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) span: Span,
    pub(super) now_ms: u64,
    /// Latest moment that is believed.
    pub(super) latest_ms: u64,
}

impl Window {
    /// Counts one call that ended at `at_ms`, where that is still in the span.
    pub(super) fn count(&mut self, frame: Frame, mark: Mark, at_ms: u64) {
        match frame.span {
            Span::Calls(_) if mark == Mark::Ignored => {}
            Span::Calls(_) => self.recent.push_back(mark),
            Span::Time { bucket_ms, .. } => {
                self.add(Bucket::new(floor(at_ms.min(frame.latest_ms), bucket_ms), mark.tally()));
            }
        }
        self.trim(frame);
    }

    /// What a verdict looks at.
    pub(super) fn tally(&self, frame: Frame) -> Tally {
        match frame.span {
            Span::Calls(calls) => {
                self.recent.iter().rev().take(index(calls)).map(|mark| mark.tally()).fold(Tally::default(), Tally::plus)
            }
            Span::Time { .. } => {
                let buckets = self.buckets.iter().filter(|bucket| bucket.start_ms >= frame.first_start());
                buckets.map(Bucket::tally).fold(Tally::default(), Tally::plus)
            }
        }
    }

    /// Brings a document from elsewhere into order: what begins too late is merged into the latest bucket, and what is
    /// too much is dropped. A document of the same configuration stays as it is.
    pub(super) fn repair(&mut self, frame: Frame) {
        let latest = frame.last_start();
        let in_order = self.buckets.is_sorted_by(|a, b| a.start_ms < b.start_ms);
        if !in_order || self.buckets.last().is_some_and(|bucket| bucket.start_ms > latest) {
            self.buckets.iter_mut().for_each(|bucket| bucket.start_ms = bucket.start_ms.min(latest));
            self.buckets.sort_by_key(|bucket| bucket.start_ms);
            self.buckets.dedup_by(|later, kept| later.start_ms == kept.start_ms && kept.take(later.tally()));
        }
        let (buckets, calls) = frame.most();
        if self.buckets.len() > buckets || self.recent.len() > calls {
            self.trim(frame);
        }
    }

    fn add(&mut self, more: Bucket) {
        match self.buckets.binary_search_by_key(&more.start_ms, |bucket| bucket.start_ms) {
            Ok(at) => {
                self.buckets[at].take(more.tally());
            }
            Err(at) => self.buckets.insert(at, more),
        }
    }

    fn trim(&mut self, frame: Frame) {
        let (buckets, calls) = frame.most();
        self.buckets.drain(..self.buckets.len().saturating_sub(buckets));
        self.recent.drain(..self.recent.len().saturating_sub(calls));
    }
}

impl Frame {
    /// Where the oldest bucket of the span begins.
    fn first_start(self) -> u64 {
        match self.span {
            Span::Calls(_) => 0,
            Span::Time { bucket_ms, buckets } => {
                let before = u64::from(buckets.max(1) - 1).saturating_mul(bucket_ms.max(1));
                floor(self.now_ms, bucket_ms).saturating_sub(before)
            }
        }
    }

    /// Where the latest bucket begins that is believed.
    fn last_start(self) -> u64 {
        match self.span {
            Span::Calls(_) => self.latest_ms,
            Span::Time { bucket_ms, .. } => floor(self.latest_ms, bucket_ms),
        }
    }

    /// Most buckets and most marks that are kept.
    fn most(self) -> (usize, usize) {
        match self.span {
            Span::Calls(calls) => (0, index(calls)),
            Span::Time { bucket_ms, .. } => {
                let buckets = (self.last_start() - self.first_start()) / bucket_ms.max(1) + 1;
                (usize::try_from(buckets).unwrap_or(usize::MAX), 0)
            }
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number.max(1)).unwrap_or(usize::MAX)
}

fn floor(at_ms: u64, bucket_ms: u64) -> u64 {
    at_ms - at_ms % bucket_ms.max(1)
}
