//! One look at the month: read, assess, write down what is going to be told, tell it, write down what came of it.
//!
//! Nothing is locked. The state is one document that only who has read it last can replace: of many runs at once one
//! claims an alert, and the others find nothing left to claim. Wherever a run dies, a later one finds the claim, waits
//! until it is ten minutes old and sends the alert under the same key.

mod cycle;
mod history;
mod hours;
mod measure;
mod rows;
mod store;
mod tell;

use std::time::Instant;

use causeway_cloud::state::Clock;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use causeway_runtime::{Context, Error, until};
use futures_util::future::join3;
use jiff::Timestamp;

use history::History;
use hours::{Interfaces, Measured};
use rows::{Read, Reader};
use store::{Store, Taken};
use tell::{Tell, Told};

use crate::assess::{Assessed, Inputs, State, UsageFailure, assess};
use crate::config::Beside;
use crate::handler::EgressMonitor;
use crate::month::{Dimension, Usage};
use crate::period::Period;
use crate::render;
use crate::reply::{Outcome, Reply};
use crate::report::{Reason, Report};
use crate::request::Request;
use crate::settings::Settings;
use crate::traffic::Hours;

const NO_TIME: &str = "there was no more time";

/// One run.
struct Tick<'a> {
    owner: &'a EgressMonitor,
    now: Timestamp,
    period: Period,
    /// No work begins after it.
    deadline: Deadline,
    /// Nothing is read after it: there must be time left to write and to tell.
    read_until: Deadline,
}

/// What a run has read.
struct Gathered {
    usage: Result<Usage, UsageFailure>,
    contributors: Result<(), UsageFailure>,
    measured: Measured,
    /// The other cloud, when it is looked at.
    aws: Option<Result<Usage, UsageFailure>>,
}

impl EgressMonitor {
    /// Carries out a request.
    ///
    /// # Errors
    /// 400 for a request that is wrong; the failure of the state when nobody could be told. Usage that cannot be read
    /// is no error: the reply says so.
    pub(crate) async fn tick(&self, request: &Request, context: &Context) -> Result<Reply, Error> {
        let began = Instant::now();
        let now = request.moment(now(self.clock.as_ref())?)?;
        let start_day = self.config.settings.invoice_start_day;
        let period =
            Period::of(now, start_day).map_err(|error| Error::invalid_request(error.to_string()).at("as_of"))?;
        let deadline = context.budget.deadline().earlier(Deadline::within(began, Some(self.config.stop_after)));
        let read_until = deadline.remaining(began).map(|left| left.mul_f64(0.75));
        let read_until = Deadline::within(began, read_until);
        let tick = Tick { owner: self, now, period, deadline, read_until };
        let gathered = tick.gather().await;
        let reply = if request.is_dry() {
            tick.dry(&gathered, request.as_of.is_some()).await
        } else {
            tick.told(&gathered).await?
        };
        let reply = if request.html { with_page(reply) } else { reply }.finished();
        measure::record(&context.metrics, &reply, began.elapsed());
        Ok(reply)
    }
}

impl Tick<'_> {
    async fn gather(&self) -> Gathered {
        let (read, measured, aws) = join3(self.read(), self.measured(), self.aws()).await;
        let Read { usage, contributors } = read;
        Gathered { usage, contributors, measured, aws }
    }

    /// A record that is not connected is one that cannot be read: people have to be told of it too.
    async fn read(&self) -> Read {
        let port = match &self.owner.usage {
            Ok(port) => port.as_ref(),
            Err(why) => return Read::failed(UsageFailure::Service(format!("it is not connected: {why}"))),
        };
        let config = &self.owner.config;
        let reader = Reader {
            port,
            settings: &config.settings,
            period: self.period,
            now: self.now,
            with_cost: config.with_cost,
            deadline: self.read_until,
        };
        reader.read().await
    }

    async fn measured(&self) -> Measured {
        let Some(traffic) = &self.owner.config.traffic else { return Measured::default() };
        let metrics = match &self.owner.metrics {
            Ok(metrics) => metrics.as_ref(),
            Err(problem) => return Measured::nothing(format!("traffic of network interfaces is not known: {problem}")),
        };
        Interfaces { metrics, traffic, now: self.now, deadline: self.read_until }.read().await
    }

    async fn aws(&self) -> Option<Result<Usage, UsageFailure>> {
        let Beside { settings, usage_types } = self.owner.config.aws.as_ref()?;
        let port = match &self.owner.beside {
            Ok(port) => port,
            Err(why) => return Some(Err(UsageFailure::Service(format!("AWS is not connected: {why}")))),
        };
        let (period, now) = (Period::of(self.now, settings.invoice_start_day).ok()?, self.now);
        let reader = Reader { port: port.as_ref(), settings, period, now, with_cost: true, deadline: self.read_until };
        Some(reader.read_beside(usage_types).await)
    }

    /// Assesses and writes nothing anywhere; `is_past` when it is about a moment that knows no state.
    async fn dry(&self, gathered: &Gathered, is_past: bool) -> Reply {
        let history = self.history();
        let store = Store { documents: &self.owner.documents, history: &history };
        let (state, problem) = match store.look().await {
            _ if is_past => (State::default(), None),
            Ok(state) => (state, None),
            Err(error) => (State::default(), Some(format!("the state cannot be read: {error}"))),
        };
        let assessed = self.assess(gathered, &state);
        let mut reply = self.reply(gathered, assessed.report, true);
        reply.warnings.extend(problem);
        reply
    }

    /// Claims what is to be told, tells it, and leaves the report.
    async fn told(&self, gathered: &Gathered) -> Result<Reply, Error> {
        let history = self.history();
        let store = Store { documents: &self.owner.documents, history: &history };
        let taken = until(self.deadline, store.take(self.now, |state| self.assess(gathered, state))).await;
        let taken = taken.ok_or_else(late)?.map_err(ServiceFailure::from)?;
        let Taken { assessed, at, quarantined, problem } = taken;
        let Assessed { report, mut state, publish } = assessed;
        let mut reply = self.reply(gathered, report, false);
        reply.warnings.extend(problem);
        reply.quarantined = quarantined;
        let tell = Tell {
            channel: self.owner.alerts.as_ref(),
            clock: self.owner.clock.as_ref(),
            random: self.owner.random,
            deadline: self.tell_until(),
        };
        let told = tell.all(&publish, &reply.report).await;
        if !told.is_empty() {
            let now = now(self.owner.clock.as_ref()).unwrap_or(self.now);
            let marked = until(self.deadline, store.mark(&at, &state, |alerts| tell::mark(alerts, &told, now))).await;
            let marked = marked.map_or_else(|| Err(NO_TIME.to_owned()), |done| done.map_err(|error| error.to_string()));
            note(&told, marked, &mut reply);
            tell::mark(&mut state.alerts, &told, now);
        }
        // After the telling, so that it says what became of it.
        let kept = reply.clone().finished();
        let written = until(self.deadline, history.write(&kept, &state)).await;
        match written.map_or_else(|| Err(NO_TIME.to_owned()), |done| done.map_err(|error| error.to_string())) {
            Ok(name) => reply.history = Some(name),
            Err(error) => {
                tracing::error!(error, "the report was not kept");
                reply.warnings.push(format!("the history was not written: {error}"));
            }
        }
        Ok(self.published(reply).await)
    }

    /// There must be time left to write down what became of it.
    fn tell_until(&self) -> Deadline {
        let now = Instant::now();
        Deadline::within(now, self.deadline.remaining(now).map(|left| left.mul_f64(0.75)))
    }

    /// Leaves the figures.
    async fn published(&self, mut reply: Reply) -> Reply {
        let Some(namespace) = &self.owner.config.published_namespace else { return reply };
        let left = match &self.owner.metrics {
            Ok(metrics) => measure::publish(metrics.as_ref(), namespace, &reply, self.now, self.deadline).await,
            Err(problem) => Err(format!("metrics were not published: {problem}")),
        };
        reply.warnings.extend(left.err());
        reply
    }

    fn assess(&self, gathered: &Gathered, state: &State) -> Assessed {
        let usage = gathered.usage.as_ref().map_err(Clone::clone);
        let inputs = Inputs { period: self.period, usage, hours: &gathered.measured.hours };
        assess(&inputs, state, self.now, &self.owner.config.settings)
    }

    /// The report with what only the run knows.
    fn reply(&self, gathered: &Gathered, mut report: Report, is_dry: bool) -> Reply {
        if let Some(problem) = &gathered.measured.problem {
            report.reasons.push(Reason { code: "traffic".to_owned(), text: problem.clone() });
        }
        if gathered.contributors.is_err() {
            // Half of them would be in another order.
            report.contributors.retain(|one| one.by == Dimension::Service);
        }
        report.contributors.retain(|one| !one.top.is_empty());
        let mut reply = Reply::of(report, is_dry);
        if let Err(failure) = &gathered.contributors {
            reply.deferred.push("contributors".to_owned());
            reply.warnings.push(format!("contributors are not known: {failure}"));
        }
        if gathered.usage.is_err() {
            reply.deferred.push("usage".to_owned());
        }
        reply.warnings.extend(gathered.measured.problem.clone());
        if matches!(gathered.aws, Some(Err(_))) {
            reply.deferred.push("aws".to_owned());
        }
        let settings = self.owner.config.aws.as_ref().map(|beside| &beside.settings);
        reply.aws = settings.zip(gathered.aws.as_ref()).and_then(|(settings, usage)| self.beside(settings, usage));
        reply
    }

    /// The other cloud by itself: nobody is told of it, and nothing is remembered.
    fn beside(&self, settings: &Settings, usage: &Result<Usage, UsageFailure>) -> Option<Box<Report>> {
        let period = Period::of(self.now, settings.invoice_start_day).ok()?;
        let inputs = Inputs { period, usage: usage.as_ref().map_err(Clone::clone), hours: &Hours::default() };
        let mut report = assess(&inputs, &State::default(), self.now, settings).report;
        (report.alerts, report.held_back) = (Vec::new(), Vec::new());
        report.contributors.retain(|one| !one.top.is_empty());
        Some(Box::new(report))
    }

    fn history(&self) -> History<'_> {
        let owner = self.owner;
        History { objects: &owner.objects, prefix: &owner.config.history_prefix, random: owner.random }
    }
}

fn late() -> ServiceFailure {
    ServiceFailure::new(Kind::Timeout, "state", "update", NO_TIME).with_unknown_effect(true)
}

/// What became of the alerts, and whether it is written down.
fn note(told: &[Told], marked: Result<(), String>, reply: &mut Reply) {
    if let Err(error) = marked {
        tracing::warn!(error, "what became of alerts was not written; their keys tell");
        reply.warnings.push(format!("what became of the alerts was not written: {error}"));
    }
    reply.published = told.iter().map(|told| told.published.clone()).collect();
    let is_left = |outcome| matches!(outcome, Outcome::Failed | Outcome::Unknown);
    let left = reply.published.iter().filter(|published| is_left(published.outcome));
    reply.deferred.extend(left.map(|published| format!("alert {}", published.key)));
}

fn with_page(mut reply: Reply) -> Reply {
    match render::page(&reply.report) {
        Ok(page) => reply.html = Some(page),
        Err(error) => reply.warnings.push(format!("the page was not drawn: {error}")),
    }
    reply
}

fn now(clock: &dyn Clock) -> Result<Timestamp, Error> {
    let millis = i64::try_from(clock.unix_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_err(|error| Error::internal("clock", error.to_string()))
}

#[cfg(test)]
mod tests;
