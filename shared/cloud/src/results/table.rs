//! Results as rows of a table.

use std::sync::Arc;

use async_trait::async_trait;
use causeway_resilience::service::Kind;
use causeway_resilience::{Deadline, ServiceFailure};

use super::{Bind, BindValue, Mode, Results, RunResult, Sql, SqlFailure, Step, StepOutcome};

/// ORA-00955, ORA-01408: the table, view or index is there.
const EXISTS: [i64; 2] = [955, 1408];
/// ORA-00001: the row is there; somebody stored the same run at the same time.
const DUPLICATE: i64 = 1;

/// ORA-01476: a division by zero, hence no row that is equal.
const NO_EQUAL_ROW: i64 = 1476;

/// The statements of a table of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statements {
    /// Stores a run unless it is there. Binds: `result_id`, `analysis_type`, `started_at`, `ended_at` (ISO 8601 in UTC
    /// with milliseconds), `agent_results`, `executive_summary`, `status`, `run_status`, `business_health`,
    /// `retention_days`.
    pub store: &'static str,
    /// Fails with ORA-01476 unless the row of a run is the one that `store` would have written. Some of its binds.
    pub verify: &'static str,
    /// The binds of `verify`, by name.
    pub verify_binds: &'static [&'static str],
    /// Removes the rows whose days are over. No binds.
    pub remove_old: &'static str,
    /// Makes tables, indexes, views and procedures, in this order: what it is, and the statement.
    pub prepare: &'static [(&'static str, &'static str)],
}

/// Results as rows of a table.
pub struct TableResults {
    sql: Arc<dyn Sql>,
    statements: Statements,
}

impl TableResults {
    /// Rows written by these statements.
    #[must_use]
    pub fn new(sql: Arc<dyn Sql>, statements: Statements) -> Self {
        Self { sql, statements }
    }
}

#[async_trait]
impl Results for TableResults {
    async fn store(&self, result: &RunResult, deadline: Deadline) -> Result<(), ServiceFailure> {
        let binds = binds(result);
        match self.sql.execute(self.statements.store, &binds, deadline).await {
            Ok(()) => {}
            Err(SqlFailure::Statement(error)) if error.code == DUPLICATE => {}
            Err(other) => return Err(failure("store", other)),
        }
        self.verify(result, binds, deadline).await
    }

    async fn prepare(&self, _: u32, mode: Mode, deadline: Deadline) -> Result<Vec<Step>, ServiceFailure> {
        let mut steps = Vec::new();
        for (what, statement) in self.statements.prepare {
            let outcome = match mode {
                Mode::Plan => StepOutcome::Planned,
                Mode::Apply => self.apply(what, statement, deadline).await?,
            };
            steps.push(Step { what: (*what).to_owned(), outcome });
        }
        Ok(steps)
    }

    async fn remove_old(&self, deadline: Deadline) -> Result<(), ServiceFailure> {
        let removed = self.sql.execute(self.statements.remove_old, &[], deadline).await;
        removed.map_err(|error| failure("remove old rows", error))
    }
}

impl TableResults {
    /// A row that was there is no error of `store`: that it is another run's shows only here.
    async fn verify(&self, result: &RunResult, mut binds: Vec<Bind>, deadline: Deadline) -> Result<(), ServiceFailure> {
        binds.retain(|bind| self.statements.verify_binds.contains(&bind.name));
        match self.sql.execute(self.statements.verify, &binds, deadline).await {
            Ok(()) => Ok(()),
            Err(SqlFailure::Statement(error)) if error.code == NO_EQUAL_ROW => {
                let text = format!(
                    "the row {0} of the table of results is of another run than {0} of {1}",
                    result.run_id, result.started
                );
                Err(ServiceFailure::new(Kind::Invalid, "database", "store", text))
            }
            Err(other) => Err(failure("verify", other)),
        }
    }

    async fn apply(&self, what: &str, statement: &str, deadline: Deadline) -> Result<StepOutcome, ServiceFailure> {
        match self.sql.execute(statement, &[], deadline).await {
            Ok(()) => Ok(StepOutcome::Done),
            Err(SqlFailure::Statement(error)) if EXISTS.contains(&error.code) => Ok(StepOutcome::AlreadyDone),
            Err(other) => Err(failure(what, other)),
        }
    }
}

fn binds(result: &RunResult) -> Vec<Bind> {
    let text = |name, value: &str| Bind { name, value: BindValue::Text(value.to_owned()) };
    let long = |name, value: &str| Bind { name, value: BindValue::LongText(value.to_owned()) };
    let number = |name, value| Bind { name, value: BindValue::Number(value) };
    // The status that queries of dashboards filter by; what kind of completion it was stands beside it.
    let status = if result.status == "error" { "FAILED" } else { "COMPLETED" };
    vec![
        text("result_id", &result.run_id),
        text("analysis_type", &result.analysis_type),
        text("started_at", &format!("{:.3}", result.started)),
        text("ended_at", &format!("{:.3}", result.ended)),
        long("agent_results", &result.agent_results),
        long("executive_summary", &result.executive_summary),
        text("status", status),
        text("run_status", &result.status),
        number("business_health", result.business_health),
        number("retention_days", Some(f64::from(result.retention_days))),
    ]
}

fn failure(operation: &str, failure: SqlFailure) -> ServiceFailure {
    match failure {
        SqlFailure::Service(failure) => failure,
        SqlFailure::Statement(error) => {
            ServiceFailure::new(Kind::Invalid, "database", operation, error.to_string()).with_source(error)
        }
    }
}
