//! The statements of the table of results, for Oracle Autonomous Database.

use causeway_cloud::results::Statements;

/// Statements in the order in which they are carried out.
pub const STATEMENTS: Statements = Statements {
    store: include_str!("../sql/store.sql"),
    prepare: &[
        ("create table analysis_results", include_str!("../sql/table.sql")),
        ("create index idx_analysis_timestamp", include_str!("../sql/index_timestamp.sql")),
        ("create index idx_analysis_type", include_str!("../sql/index_type.sql")),
        ("create index idx_analysis_status", include_str!("../sql/index_status.sql")),
        ("create view latest_analysis", include_str!("../sql/latest_analysis.sql")),
        ("create procedure cleanup_old_results", include_str!("../sql/cleanup_old_results.sql")),
    ],
};

#[cfg(test)]
mod tests;
