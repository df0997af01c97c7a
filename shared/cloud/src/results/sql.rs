//! Statements for a database.

use async_trait::async_trait;
use causeway_resilience::{Deadline, ServiceFailure};

/// A database that executes statements. Values go in by binds only, never within the text.
#[async_trait]
pub trait Sql: Send + Sync {
    /// Executes one statement.
    ///
    /// # Errors
    /// [`SqlFailure`]: the database could not be asked, or refused the statement.
    async fn execute(&self, statement: &str, binds: &[Bind], deadline: Deadline) -> Result<(), SqlFailure>;
}

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Bind {
    /// Name, without the colon.
    pub name: &'static str,
    /// Value.
    pub value: BindValue,
}

/// A value for a database.
#[derive(Debug, Clone, PartialEq)]
pub enum BindValue {
    /// Short text, up to 4,000 bytes.
    Text(String),
    /// Text of any length.
    LongText(String),
    /// A number; `None` is NULL.
    Number(Option<f64>),
}

/// Why a statement was not executed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SqlFailure {
    /// The database could not be asked.
    #[error("the database could not be asked")]
    Service(#[source] ServiceFailure),
    /// It refused the statement.
    #[error(transparent)]
    Statement(#[from] SqlError),
}

/// What a database says of a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database refused the statement: {code} {details}")]
pub struct SqlError {
    /// Oracle's error number: 942 for ORA-00942; 0 when there is none.
    pub code: i64,
    /// The database's words, at most 500 bytes.
    pub details: String,
}
