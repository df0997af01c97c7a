//! The statements of the table of results, for Oracle Autonomous Database.

use causeway_cloud::results::Statements;

/// Statements in the order in which they are carried out.
pub const STATEMENTS: Statements = Statements {
    store: include_str!("../sql/store.sql"),
    verify: include_str!("../sql/verify.sql"),
    verify_binds: &["result_id", "started_at", "ended_at", "agent_results", "executive_summary"],
    remove_old: "BEGIN cleanup_old_results; END;",
    prepare: &[
        ("create table analysis_results", include_str!("../sql/table.sql")),
        // A table of this name may be older and have other columns.
        ("check the columns of analysis_results", include_str!("../sql/columns.sql")),
        ("create index idx_analysis_timestamp", include_str!("../sql/index_timestamp.sql")),
        ("create index idx_analysis_type", include_str!("../sql/index_type.sql")),
        ("create index idx_analysis_status", include_str!("../sql/index_status.sql")),
        ("create view latest_analysis", include_str!("../sql/latest_analysis.sql")),
        ("create procedure cleanup_old_results", include_str!("../sql/cleanup_old_results.sql")),
    ],
};

#[cfg(test)]
mod tests;
