//! What failures must say, whichever port they come from.
//!
//! The test brings ports whose way to the service is broken in one manner: nobody listens, the server is silent or
//! hangs up, the credentials are foreign. [`every_port`] makes one call of each.

use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::TryStreamExt;
use jiff::{SignedDuration, Timestamp};

use super::{Finding, expect};
use crate::Ports;
use crate::chat::{ChatQuestion, Part};
use crate::fleet::Selector;
use crate::invoker::Call;
use crate::metrics::{Measurement, MetricQuery, Point, Statistic};
use crate::notifier::Message;
use crate::usage::{Granularity, UsageQuery};

/// A word in every call that sends something, which no failure may show.
const HIDDEN: &str = "hidden-words-of-the-caller";

/// How a call must end.
#[derive(Debug, Clone, Copy)]
pub struct Expected {
    /// As one of these.
    pub kinds: &'static [Kind],
    /// Whether what was asked for may have happened.
    pub may_have_happened: bool,
}

/// Nobody listens: nothing was sent.
pub const DEAD_ENDPOINT: Expected = Expected { kinds: &[Kind::Unavailable], may_have_happened: false };
/// The server takes the request and says nothing until the deadline.
pub const SILENT_SERVER: Expected = Expected { kinds: &[Kind::Timeout], may_have_happened: true };
/// The server takes the request and hangs up.
pub const HANGS_UP: Expected = Expected { kinds: &[Kind::Unavailable], may_have_happened: true };
/// The service does not know the caller.
pub const FOREIGN_CREDENTIALS: Expected =
    Expected { kinds: &[Kind::Unauthenticated, Kind::Denied], may_have_happened: false };
/// The deadline is over before the call: nothing was sent.
pub const OVER: Expected = Expected { kinds: &[Kind::Timeout], may_have_happened: false };

/// Things on the other side that the calls name. They need not be there.
#[derive(Debug, Clone)]
pub struct Things {
    /// Name of a function.
    pub function: String,
    /// Reference of a secret.
    pub secret: String,
    /// Whether the adapter looks topics and functions up before it uses them: a server that is broken from the start has
    /// certainly published and called nothing then.
    pub looks_up: bool,
    /// Id of a machine; `None` where the cloud has no fleet, no record of usage and no language model.
    pub machine: Option<String>,
}

/// One call of each port ends as expected, before `deadline` gives a new one each time.
///
/// # Errors
///
/// All findings in one text.
pub async fn every_port(
    ports: &dyn Ports,
    things: &Things,
    expected: Expected,
    deadline: impl Fn() -> Deadline,
) -> Finding {
    let mut findings = Vec::new();
    for call in Attempt::of(things) {
        let outcome = match call.make(ports, things, deadline()).await {
            Ok(outcome) => outcome,
            Err(problem) => {
                findings.push(format!("{call:?}: {problem}"));
                continue;
            }
        };
        let has_looked_up = things.looks_up && matches!(call, Attempt::Notify | Attempt::Invoke | Attempt::Detach);
        let may_have_happened = expected.may_have_happened && !has_looked_up;
        if let Err(finding) = judge(outcome, Expected { may_have_happened, ..expected }) {
            findings.push(format!("{call:?}: {finding}"));
        }
    }
    expect(findings.is_empty(), || findings.join("\n"))
}

fn judge(outcome: Result<(), ServiceFailure>, expected: Expected) -> Finding {
    let failure = outcome.err().ok_or("it worked")?;
    super::shows_nothing_of(&failure, HIDDEN)?;
    let found = format!("{:?}, may have happened: {}: {failure}", failure.kind(), failure.may_have_happened());
    expect(expected.kinds.contains(&failure.kind()), || found.clone())?;
    expect(expected.may_have_happened == failure.may_have_happened(), || found)
}

/// A call of each operation that differs from the others.
#[derive(Debug, Clone, Copy)]
enum Attempt {
    Query,
    Measure,
    Notify,
    Invoke,
    Detach,
    Secret,
    Machine,
    Machines,
    Usage,
    Ask,
}

impl Attempt {
    fn of(things: &Things) -> Vec<Self> {
        let everywhere = [Self::Query, Self::Measure, Self::Notify, Self::Invoke, Self::Detach, Self::Secret];
        let mut calls = everywhere.to_vec();
        if things.machine.is_some() {
            calls.extend([Self::Machine, Self::Machines, Self::Usage, Self::Ask]);
        }
        calls
    }

    /// The outer error is that of a port which cannot be had.
    async fn make(
        self,
        ports: &dyn Ports,
        things: &Things,
        deadline: Deadline,
    ) -> Result<Result<(), ServiceFailure>, crate::Problem> {
        let machine = things.machine.as_deref().unwrap_or_default();
        Ok(match self {
            Self::Query => ports.metrics()?.query(&query(), deadline).await.map(drop),
            Self::Measure => ports.metrics()?.publish(&[measurement()], deadline).await.map(drop),
            Self::Notify => {
                let message = Message { title: HIDDEN.to_owned(), body: HIDDEN.to_owned() };
                ports.notifier()?.publish(&message, deadline).await.map(drop)
            }
            Self::Invoke | Self::Detach => {
                let payload = format!("{HIDDEN:?}").into();
                let is_detached = matches!(self, Self::Detach);
                let call = Call { payload, is_detached, ..Call::default() };
                ports.invoker()?.invoke(&things.function, &call, deadline).await.map(drop)
            }
            Self::Secret => ports.secrets()?.secret(&things.secret, deadline).await.map(drop),
            Self::Machine => ports.fleet()?.machine(machine, deadline).await.map(drop),
            Self::Machines => {
                let machines = ports.fleet()?.machines(&Selector::default(), deadline);
                machines.try_collect::<Vec<_>>().await.map(drop)
            }
            Self::Usage => ports.usage()?.rows(&usage(), deadline).try_collect::<Vec<_>>().await.map(drop),
            Self::Ask => {
                let question = ChatQuestion { parts: vec![Part::Text(HIDDEN.to_owned())], ..ChatQuestion::default() };
                ports.chat_model()?.ask(&question, deadline).await.map(drop)
            }
        })
    }
}

fn query() -> MetricQuery {
    let to = Timestamp::now();
    MetricQuery {
        namespace: "causeway".to_owned(),
        metric: "confidence".to_owned(),
        statistic: Statistic::Sum,
        interval: std::time::Duration::from_secs(60),
        from: to - SignedDuration::from_mins(10),
        to,
        dimensions: [("agent".to_owned(), HIDDEN.to_owned())].into(),
        group_by: Vec::new(),
        compartment: None,
    }
}

fn measurement() -> Measurement {
    Measurement {
        namespace: "causeway".to_owned(),
        name: "confidence".to_owned(),
        dimensions: [("agent".to_owned(), HIDDEN.to_owned())].into(),
        unit: None,
        compartment: None,
        points: vec![Point { at: Timestamp::now(), value: 1.0 }],
    }
}

fn usage() -> UsageQuery {
    let day = 86_400;
    let midnight = Timestamp::now().as_second().div_euclid(day) * day;
    let at = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    UsageQuery {
        from: at(midnight - day),
        to: at(midnight),
        granularity: Granularity::Daily,
        group_by: Vec::new(),
        skus: Vec::new(),
        with_cost: false,
    }
}
