//! What one process has under way with the store.

use std::collections::VecDeque;

use causeway_resilience::breaker::{Admission, Event, Pass, Report, admit};

use super::record::{Batch, Late, Record, WORTH_MS, Writer};

/// Batches of reports that are not known to be in the document.
const MOST_BATCHES: usize = 8;
/// Admissions and changes that are remembered.
const MOST_REMEMBERED: usize = 32;

/// Held by one task at a time. Everything that may arrive later than it is waited for is noted here before it is sent,
/// so that a call that is cut loses nothing.
#[derive(Default)]
pub(super) struct Core {
    pub(super) batches: Vec<Batch>,
    last_batch: u64,
    last_step: u64,
    /// Admissions that were sent and not yet found.
    sent: VecDeque<(u64, Pass)>,
    /// Changes of ours that were told or are about to be.
    told: VecDeque<(u64, &'static str)>,
    /// Changes of anybody that people know of for certain.
    known: VecDeque<(u64, &'static str)>,
    /// Changes that are to be told.
    pub(super) to_tell: Vec<Event>,
    /// Late documents that are in the state by now.
    pub(super) removable: Vec<u64>,
}

impl Core {
    /// Makes a batch of reports, where there is room for one.
    pub(super) fn gather(&mut self, now_ms: u64, take: impl FnOnce() -> Vec<Report>) {
        self.batches.retain(|batch| now_ms.saturating_sub(batch.since_ms) < WORTH_MS);
        if self.batches.len() >= MOST_BATCHES {
            return;
        }
        let reports = take();
        if !reports.is_empty() {
            self.last_batch += 1;
            self.batches.push(Batch { number: self.last_batch, since_ms: now_ms, reports, is_late: false });
        }
    }

    /// Finds in a document what of ours has arrived: batches, and admissions whose answer was lost.
    pub(super) fn learn(&mut self, record: &Record, instance: &str) -> Option<Pass> {
        let mark = record.mark(instance);
        let arrived = self.batches.iter().filter(|batch| batch.number <= mark.reports && batch.is_late);
        self.removable.extend(arrived.map(|batch| batch.number));
        self.batches.retain(|batch| batch.number > mark.reports);
        let at = self.sent.iter().position(|(number, _)| *number == mark.step)?;
        self.sent.remove(at).map(|(_, pass)| pass)
    }

    /// Asks for an admission on a document that will be written.
    pub(super) fn admit(&mut self, record: &mut Record, writer: &Writer<'_>) -> Admission {
        let step = admit(&record.state, writer.config, writer.now_ms, writer.random01);
        let Admission::Allowed(pass @ Pass { probe: Some(_), .. }) = step.decision else {
            // A change without an event is not worth a write.
            return if step.events.is_empty() { step.decision } else { record.take(writer, step) };
        };
        let number = self.next_step();
        self.sent.push_back((number, pass));
        self.sent.drain(..self.sent.len().saturating_sub(MOST_REMEMBERED));
        record.take_own(writer, number, step)
    }

    pub(super) fn next_step(&mut self) -> u64 {
        self.last_step += 1;
        self.last_step
    }

    /// After a document that holds everything of ours was read or written.
    pub(super) fn settle(&mut self, record: &Record, writer: &Writer<'_>) {
        self.learn_all();
        for told in record.told.iter().filter(|told| told.instance == writer.instance) {
            if !self.told.contains(&key(&told.event)) {
                self.told.push_back(key(&told.event));
                self.to_tell.push(told.event.clone());
            }
        }
        self.told.drain(..self.told.len().saturating_sub(MOST_REMEMBERED));
    }

    fn learn_all(&mut self) {
        self.removable.extend(self.batches.iter().filter(|batch| batch.is_late).map(|batch| batch.number));
        self.batches.clear();
    }

    /// Changes since that moment of which it is not certain that people know: their author may have died.
    pub(super) fn untold(&self, record: &Record, since_ms: u64) -> Vec<Event> {
        let recent = record.told.iter().map(|told| &told.event).filter(|event| event.at_ms >= since_ms);
        recent.filter(|event| !self.known.contains(&key(event))).cloned().collect()
    }

    /// People know of it.
    pub(super) fn note_known(&mut self, event: &Event) {
        if !self.known.contains(&key(event)) {
            self.known.push_back(key(event));
            self.known.drain(..self.known.len().saturating_sub(MOST_REMEMBERED));
        }
    }

    /// After a write: what was sent for an earlier version cannot arrive any more.
    pub(super) fn forget_sent(&mut self) {
        self.sent.clear();
    }

    pub(super) fn has_unknown(&self) -> bool {
        !self.sent.is_empty()
    }

    /// The documents in which batches are to be kept for others.
    pub(super) fn late(&self, instance: &str, now_ms: u64) -> Vec<Late> {
        let open = self.batches.iter().filter(|batch| !batch.is_late);
        let late = |batch: &Batch| Late {
            instance: instance.to_owned(),
            number: batch.number,
            at_ms: now_ms,
            reports: batch.reports.clone(),
        };
        open.map(late).collect()
    }

    pub(super) fn note_late(&mut self, number: u64) {
        self.batches.iter_mut().filter(|batch| batch.number == number).for_each(|batch| batch.is_late = true);
    }
}

fn key(event: &Event) -> (u64, &'static str) {
    (event.epoch, event.change.name())
}
