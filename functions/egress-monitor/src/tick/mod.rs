//! One look at the month: read, assess, write down what is going to be told, tell it, write down what came of it.
//!
//! Nothing is locked. The state is one document that only who has read it last can replace: of many runs at once one
//! claims an alert, and the others find nothing left to claim. Wherever a run dies, a later one finds the claim, waits
//! until it is ten minutes old and sends the alert under the same key.

mod claims;
mod cycle;
mod history;
mod hours;
mod measure;
mod rows;
mod store;
mod tell;
mod told;

use std::time::Instant;

use causeway_cloud::state::Clock;
use causeway_resilience::Deadline;
use causeway_runtime::{Context, Error, until};
use futures_util::future::join3;
use jiff::Timestamp;

pub(crate) use history::History;
use hours::{Interfaces, Measured};
use rows::{Read, Reader};
use store::Store;

use crate::assess::{Assessed, Gaps, State, UsageFailure};
use crate::config::Beside;
use crate::handler::EgressMonitor;
use crate::month::Dimension;
use crate::period::{Period, day_of, midnight, plus_days};
use crate::render;
use crate::replay::{Aside, Recorded};
use crate::reply::Reply;
use crate::report::Report;
use crate::request::Request;

const NO_TIME: &str = "there was no more time";
const NO_COMPARTMENTS: &str = "AWS has no compartments";
const NOT_ASKED: &str = "it is not asked for, since each question to Cost Explorer is paid for";

/// One run.
struct Tick<'a> {
    owner: &'a EgressMonitor,
    now: Timestamp,
    /// Usage of days that begin here or later is not of this moment.
    to: Timestamp,
    period: Period,
    /// No work begins after it.
    deadline: Deadline,
    /// Nothing is read after it: there must be time left to write and to tell.
    read_until: Deadline,
}

/// What a run has read.
struct Gathered {
    recorded: Recorded,
    /// Why not all contributors were read that the service could tell.
    unattributed: Option<UsageFailure>,
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
        // Of the day of a moment that is over rows have what came after it too.
        let to = midnight(plus_days(day_of(now), i64::from(request.as_of.is_none())));
        let tick = Tick { owner: self, now, to, period, deadline, read_until };
        let gathered = tick.gather().await;
        let reply = if request.is_dry() {
            tick.dry(&gathered, request.as_of.is_some()).await
        } else {
            tick.told(gathered).await?
        };
        let reply = if request.html { with_page(reply) } else { reply }.finished();
        measure::record(&context.metrics, &reply, began.elapsed());
        Ok(reply)
    }
}

impl Tick<'_> {
    async fn gather(&self) -> Gathered {
        let (read, measured, aws) = join3(self.read(), self.measured(), self.aws()).await;
        let Read { usage, gaps: contributors, failed } = read;
        let recorded = Recorded {
            now: self.now,
            settings: self.owner.config.settings.clone(),
            previous: State::default(),
            usage: usage.into(),
            hours: measured.hours,
            gaps: Gaps { contributors, traffic: measured.problem },
            aws,
        };
        Gathered { recorded, unattributed: failed }
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
            to: self.to,
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

    async fn aws(&self) -> Option<Aside> {
        let Beside { settings, usage_types } = self.owner.config.aws.as_ref()?;
        let usage = match (&self.owner.beside, Period::of(self.now, settings.invoice_start_day)) {
            (Ok(port), Ok(period)) => {
                let (port, now, to, deadline) = (port.as_ref(), self.now, self.to, self.read_until);
                let reader = Reader { port, settings, period, now, to, with_cost: true, deadline };
                reader.read_beside(usage_types).await
            }
            (Err(why), _) => Err(UsageFailure::Service(format!("AWS is not connected: {why}"))),
            (_, Err(why)) => Err(UsageFailure::Service(why.to_string())),
        };
        let unknown = [(Dimension::Compartment, NO_COMPARTMENTS), (Dimension::Region, NOT_ASKED)];
        let contributors = unknown.map(|(dimension, why)| (dimension, why.to_owned())).into();
        let gaps = Gaps { contributors, traffic: None };
        Some(Aside { settings: settings.clone(), usage: usage.into(), gaps })
    }

    /// Assesses and writes nothing anywhere; `is_past` when it is about a moment that knows no state.
    async fn dry(&self, gathered: &Gathered, is_past: bool) -> Reply {
        let history = self.history();
        let store = Store { documents: &self.owner.documents, history: &history, deadline: self.deadline };
        let looked = if is_past { Some(Ok(State::default())) } else { until(self.deadline, store.look()).await };
        let looked = looked.map_or_else(|| Err(NO_TIME.to_owned()), |done| done.map_err(|error| error.to_string()));
        let (state, problem) = match looked {
            Ok(state) => (state, None),
            Err(error) => (State::default(), Some(format!("the state cannot be read: {error}"))),
        };
        let mut reply = self.reply(gathered, self.assess(gathered, &state).report, true);
        reply.warnings.extend(problem);
        reply
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
        gathered.recorded.decide_in(self.period, state)
    }

    /// The report with what only the run knows.
    fn reply(&self, gathered: &Gathered, report: Report, is_dry: bool) -> Reply {
        let recorded = &gathered.recorded;
        let mut reply = Reply::of(report, is_dry);
        if let Some(failure) = &gathered.unattributed {
            reply.deferred.push("contributors".to_owned());
            reply.warnings.push(format!("contributors are not known: {failure}"));
        }
        if recorded.usage.is_failed() {
            reply.deferred.push("usage".to_owned());
        }
        reply.warnings.extend(recorded.gaps.traffic.clone());
        if recorded.aws.as_ref().is_some_and(|aws| aws.usage.is_failed()) {
            reply.deferred.push("aws".to_owned());
        }
        reply.aws = recorded.decide_aside().ok().flatten().map(Box::new);
        reply
    }

    fn history(&self) -> History<'_> {
        self.owner.history()
    }
}

impl EgressMonitor {
    pub(crate) fn history(&self) -> History<'_> {
        History { objects: &self.objects, prefix: &self.config.history_prefix, random: self.random }
    }
}

fn with_page(mut reply: Reply) -> Reply {
    match render::page(&reply.report, reply.aws.as_deref()) {
        Ok(page) => reply.html = Some(page),
        Err(error) => reply.warnings.push(format!("the page was not drawn: {error}")),
    }
    reply
}

pub(crate) fn now(clock: &dyn Clock) -> Result<Timestamp, Error> {
    let millis = i64::try_from(clock.unix_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).map_err(|error| Error::internal("clock", error.to_string()))
}

#[cfg(test)]
mod tests;
