//! Messages that succeed or fail one by one, within one time limit.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Function, panic_text, reply};
use crate::invocation::{Item, Task};
use crate::{Budget, Context, Error, Handler, Reply, telemetry};

/// How far a batch has come.
struct Progress {
    reports_items: bool,
    budget: Budget,
    /// Set when an item used up the time; the clock alone would decide too late.
    is_out_of_time: bool,
    failed: Vec<String>,
    deferred: usize,
    rejected: Vec<Value>,
    failed_groups: HashSet<String>,
}

impl Progress {
    fn new(reports_items: bool, budget: Budget) -> Self {
        Self {
            reports_items,
            budget,
            is_out_of_time: false,
            failed: Vec::new(),
            deferred: 0,
            rejected: Vec::new(),
            failed_groups: HashSet::new(),
        }
    }

    /// Whether an item must wait for its next delivery: time is up, or a message before it in its FIFO
    /// group failed.
    fn must_wait(&self, item: &Item) -> bool {
        let blocked = item.group.as_ref().is_some_and(|group| self.failed_groups.contains(group));
        blocked || self.is_out_of_time || self.budget.is_exhausted()
    }

    fn defer(&mut self, item: Item) {
        self.deferred += 1;
        self.redeliver(item.id, item.group);
    }

    fn redeliver(&mut self, id: String, group: Option<String>) {
        self.failed.push(id);
        self.failed_groups.extend(group);
    }

    /// A sender that can only repeat the whole batch would repeat a wrong message for ever, and the good ones
    /// with it; such a message is logged and given up.
    fn failed(&mut self, id: String, group: Option<String>, error: &Error) {
        if self.reports_items || !error.is_client() || error.is_retryable() {
            telemetry::item_failed(&id, error);
            self.redeliver(id, group);
        } else {
            telemetry::item_rejected(&id, error);
            self.rejected.push(json!({ "item": id, "code": error.code() }));
        }
    }

    fn reply(self, total: usize) -> Result<Reply, Error> {
        let (failed, deferred) = (self.failed.len(), self.deferred);
        let batch = json!({ "total": total, "failed": failed, "deferred": deferred, "rejected": self.rejected });
        let reply = reply(&json!({ "batch": batch }))?;
        Ok(Reply { failed_items: self.failed, reports_items: self.reports_items, ..reply })
    }
}

impl<H: Handler> Function<H> {
    /// Each message by itself. One that fails, or that time does not reach, is delivered again; what is done
    /// by then stays done, so the time limit is the items', not the call's.
    pub(super) async fn batch(&self, items: Vec<Item>, reports_items: bool, context: &Context) -> Result<Reply, Error> {
        let total = items.len();
        let mut progress = Progress::new(reports_items, context.budget);
        for item in items {
            if progress.must_wait(&item) {
                progress.defer(item);
                continue;
            }
            let outcome = self.item_in_time(item.tasks, context).await;
            progress.is_out_of_time |= outcome.is_none();
            if let Err(error) = outcome.unwrap_or_else(|| Err(Error::timeout("batch"))) {
                progress.failed(item.id, item.group, &error);
            }
        }
        progress.reply(total)
    }

    /// `None` when the item did not end before the call had to.
    async fn item_in_time(&self, tasks: Vec<Task>, context: &Context) -> Option<Result<(), Error>> {
        match context.budget.hard_limit() {
            None => Some(self.item(tasks, context).await),
            Some(limit) => tokio::time::timeout(limit, self.item(tasks, context)).await.ok(),
        }
    }

    async fn item(&self, tasks: Vec<Task>, context: &Context) -> Result<(), Error> {
        let work = AssertUnwindSafe(self.all(tasks, context)).catch_unwind();
        match work.await {
            Ok(outcome) => outcome.map(drop),
            Err(panic) => Err(Error::internal("panic", panic_text(&*panic))),
        }
    }
}
