//! Cost Explorer.
//!
//! It answers for the whole account from one region, whatever the region of the deployment, and each page costs a cent.
//! Credits, refunds and taxes are left out: their lines repeat quantities, or have none.

mod question;
mod row;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_costexplorer::Client;
use aws_sdk_costexplorer::config::{Builder, Region};
use aws_sdk_costexplorer::operation::get_cost_and_usage::{GetCostAndUsageError, GetCostAndUsageOutput};
use causeway_cloud::Usage;
use causeway_cloud::usage::{UsageQuery, UsageRow};
use causeway_oci_auth::page::Pages;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};

use super::Session;
use super::call::{Operation, Repetition, Tries};
use super::client::Cached;
use super::log::Logged;
use question::Question;

const GET: Operation = Operation {
    service: "costexplorer",
    name: "GetCostAndUsage",
    try_time: Duration::from_secs(30),
    has_content: false,
};

/// Where the service is.
const REGION: &str = "us-east-1";

/// Usage and cost of the account. Clones share the client.
#[derive(Clone)]
pub(super) struct CostExplorer {
    client: Arc<Cached<Client>>,
}

/// Where a walk through the pages of an answer is.
struct Walk {
    port: CostExplorer,
    question: Question,
    pages: Pages,
    deadline: Deadline,
}

impl CostExplorer {
    pub(super) fn new(session: Session) -> Self {
        Self { client: Arc::new(Cached::new(session)) }
    }

    async fn client(&self, tries: &Tries) -> Result<&Client, ServiceFailure> {
        let make = |config: &aws_config::SdkConfig| {
            Client::from_conf(Builder::from(config).region(Region::new(REGION)).interceptor(Logged).build())
        };
        self.client.get(tries, make).await
    }
}

impl Usage for CostExplorer {
    fn rows(&self, query: &UsageQuery, deadline: Deadline) -> BoxStream<'static, Result<UsageRow, ServiceFailure>> {
        let question = match Question::of(query) {
            Ok(question) => question,
            Err(reason) => return stream::iter([Err(GET.fails(Kind::Invalid, reason))]).boxed(),
        };
        let first = Some(Walk { port: self.clone(), question, pages: Pages::default(), deadline });
        let pages = stream::try_unfold(first, async |walk| match walk {
            Some(walk) => walk.turn().await.map(Some),
            None => Ok(None),
        });
        pages.map_ok(|rows| stream::iter(rows.into_iter().map(Ok))).try_flatten().fuse().boxed()
    }
}

impl Walk {
    /// The rows of the next page, and the walk when there is one more.
    async fn turn(mut self) -> Result<(Vec<UsageRow>, Option<Self>), ServiceFailure> {
        let page = self.page().await?;
        let more = self.pages.turn(page.next_page_token.as_deref().filter(|token| !token.is_empty()));
        let more = more.map_err(|error| GET.fails(Kind::BadAnswer, error.to_string()))?;
        let rows = row::rows(page.results_by_time.unwrap_or_default(), &self.question);
        let rows = rows.map_err(|reason| GET.fails(Kind::BadAnswer, reason))?;
        Ok((rows, more.then_some(self)))
    }

    async fn page(&self) -> Result<GetCostAndUsageOutput, ServiceFailure> {
        let tries = Tries::new(&GET, self.deadline, Repetition::Harmless)?;
        let period = self.question.period().map_err(|error| GET.fails(Kind::Invalid, error.to_string()))?;
        let get = self.port.client(&tries).await?.get_cost_and_usage().time_period(period);
        let get = get.granularity(self.question.granularity()).filter(self.question.filter());
        let get = get.set_metrics(Some(self.question.metrics())).set_group_by(self.question.groups());
        let get = get.set_next_page_token(self.pages.token().map(str::to_owned));
        let how = Builder::new().timeout_config(tries.timeouts()).retry_classifier(tries.fates());
        let sent = get.customize().config_override(how).interceptor(tries.watch()).send().await;
        sent.map_err(|error| match error.as_service_error() {
            Some(refusal) => told_apart(refusal, &tries.failure(&error)),
            None => tries.failure(&error),
        })
    }
}

/// The service answers 400 to these, and the question is not to blame.
fn told_apart(refusal: &GetCostAndUsageError, failure: &ServiceFailure) -> ServiceFailure {
    let kind = if refusal.is_data_unavailable_exception() {
        // An account's first data takes a day.
        Kind::Unavailable
    } else if refusal.is_invalid_next_token_exception() || refusal.is_request_changed_exception() {
        // The token is the service's own.
        Kind::BadAnswer
    } else {
        return failure.clone();
    };
    let same = GET.fails(kind, failure.reason());
    let same = same.with_answer(failure.status(), failure.code().map(str::to_owned));
    same.with_request_id(failure.request_id().map(str::to_owned))
}

#[cfg(test)]
mod tests;
