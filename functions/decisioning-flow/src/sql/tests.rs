//! Whether the statements are SQL. No database is at hand: a parser with Oracle's dialect reads what it can, and the
//! rest is checked by its tokens.

use sqlparser::ast::{ColumnOption, ObjectType, SetExpr, Statement, TableConstraint};
use sqlparser::dialect::OracleDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::*;

fn statement(what: &str) -> &'static str {
    let is_it = |name: &str| name.starts_with("create") && name.ends_with(what);
    STATEMENTS.prepare.iter().find(|(name, _)| is_it(name)).map(|(_, text)| *text).unwrap()
}

fn parsed(text: &str) -> Statement {
    let mut statements = Parser::parse_sql(&OracleDialect {}, text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(statements.len(), 1);
    statements.remove(0)
}

fn columns() -> Vec<String> {
    let Statement::CreateTable(table) = parsed(&without_is_json(statement("analysis_results"))) else {
        panic!("table")
    };
    table.columns.iter().map(|column| column.name.value.clone()).collect()
}

/// The parser does not know Oracle's condition `IS JSON`.
fn without_is_json(text: &str) -> String {
    text.replace(" IS JSON)", " IS NOT NULL)")
}

#[test]
fn the_table_has_checks_for_json_and_a_key() {
    let text = statement("analysis_results");
    for column in ["agent_results", "executive_summary"] {
        assert!(text.contains(&format!("CHECK ({column} IS JSON)")), "{column}");
    }
    let Statement::CreateTable(table) = parsed(&without_is_json(text)) else { panic!("no table") };
    assert!(table.constraints.iter().any(|one| matches!(one, TableConstraint::PrimaryKey(_))));
    assert!(
        table
            .columns
            .iter()
            .any(|column| { column.options.iter().any(|option| matches!(option.option, ColumnOption::Default(_))) })
    );
}

#[test]
fn indexes_and_the_view_name_columns_of_the_table() {
    let columns = columns();
    for what in ["idx_analysis_timestamp", "idx_analysis_type", "idx_analysis_status"] {
        let Statement::CreateIndex(index) = parsed(statement(what)) else { panic!("{what}") };
        let named = index.columns.iter().map(|column| column.column.expr.to_string());
        assert!(named.into_iter().all(|name| columns.contains(&name)), "{what}");
    }
    let text = statement("latest_analysis").replace(" RETURNING NUMBER", "");
    let Statement::CreateView(view) = parsed(&text) else { panic!("no view") };
    let SetExpr::Select(select) = *view.query.body else { panic!("no select") };
    assert_eq!(select.projection.len(), 12);
    let names: Vec<String> = select.projection.iter().map(ToString::to_string).collect();
    for plain in names.iter().filter(|name| !name.contains(' ')) {
        assert!(columns.contains(plain), "{plain}");
    }
    assert_eq!(ObjectType::View.to_string(), "VIEW");
}

fn tokens(text: &str) -> Vec<Token> {
    Tokenizer::new(&OracleDialect {}, text).tokenize().unwrap()
}

/// Names of binds, in their order.
fn binds(text: &str) -> Vec<String> {
    let mut binds: Vec<String> = Vec::new();
    for pair in tokens(text).windows(2) {
        if let [Token::Colon, Token::Word(word)] = pair {
            binds.push(word.value.clone());
        }
        if let Token::Placeholder(name) = &pair[0] {
            binds.push(name.trim_start_matches(':').to_owned());
        }
    }
    binds
}

#[test]
fn a_row_is_verified_by_the_binds_that_it_names() {
    let Statement::Query(_) = parsed(STATEMENTS.verify) else { panic!("no query") };
    assert_eq!(binds(STATEMENTS.verify), STATEMENTS.verify_binds, "each once");
    assert!(STATEMENTS.verify_binds.iter().all(|bind| STATEMENTS.store.contains(&format!(":{bind}"))));
    for column in ["execution_timestamp", "finished_timestamp", "agent_results", "executive_summary"] {
        assert!(STATEMENTS.verify.contains(&format!("kept.{column}")), "{column}");
    }
}

#[test]
fn the_columns_of_a_table_that_was_there_are_looked_at_before_anything_rests_on_them() {
    let place = |what: &str| STATEMENTS.prepare.iter().position(|(name, _)| name.starts_with(what)).unwrap();
    assert_eq!(place("check the columns"), place("create table") + 1);
    let Statement::Query(query) = parsed(STATEMENTS.prepare[place("check the columns")].1) else { panic!("no query") };
    let SetExpr::Select(select) = *query.body else { panic!("no select") };
    assert_eq!(select.projection.iter().map(ToString::to_string).collect::<Vec<_>>(), columns());
    assert_eq!(select.selection.unwrap().to_string(), "1 = 0");
}

#[test]
fn a_run_is_stored_by_binds_that_the_port_gives() {
    let Statement::Merge(_) = parsed(STATEMENTS.store) else { panic!("no merge") };
    let (tokens, mut binds) = (tokens(STATEMENTS.store), binds(STATEMENTS.store));
    binds.sort();
    let mut expected = [
        "result_id",
        "analysis_type",
        "started_at",
        "ended_at",
        "agent_results",
        "executive_summary",
        "status",
        "run_status",
        "business_health",
        "retention_days",
    ];
    expected.sort_unstable();
    assert_eq!(binds, expected, "each once");
    let quoted = tokens.iter().any(|token| matches!(token, Token::SingleQuotedString(_) | Token::Number(..)));
    assert!(!quoted, "no value stands in the text");
    for column in columns().iter().filter(|column| *column != "created_by") {
        assert!(STATEMENTS.store.contains(column.as_str()), "{column} is not stored");
    }
}

#[test]
fn the_procedure_deletes_what_is_over_and_nothing_else() {
    let text = statement("cleanup_old_results");
    let (head, body) = text.split_once("BEGIN").unwrap();
    assert!(head.contains("CREATE OR REPLACE PROCEDURE cleanup_old_results AS"));
    let body = body.trim_end().strip_suffix("END;").unwrap();
    let statements = Parser::parse_sql(&OracleDialect {}, body).unwrap();
    let [Statement::Delete(delete), Statement::Commit { .. }] = &statements[..] else { panic!("{statements:?}") };
    let condition = delete.selection.as_ref().unwrap().to_string();
    assert!(condition.starts_with("retention_date < "), "{condition}");
    assert_eq!(STATEMENTS.remove_old, "BEGIN cleanup_old_results; END;");
}

#[test]
fn one_statement_each_and_no_end_that_the_service_would_trip_over() {
    for (what, text) in STATEMENTS.prepare.iter().chain(&[("store", STATEMENTS.store), ("verify", STATEMENTS.verify)]) {
        let is_block = what.contains("procedure");
        assert_eq!(text.trim_end().ends_with(';'), is_block, "{what}: only PL/SQL ends with a semicolon");
        assert!(!text.contains("\n/"), "{what}");
        assert!(
            is_block || !text.trim_end().contains(';'),
            "{what}: a semicolon of a comment ends a script's statement"
        );
    }
}
