//! SQL over the stored runs, for Oracle Analytics Cloud and for regions of an APEX page.
//!
//! The table is `analysis_results` with a run's results as JSON. The newest run is taken by `FETCH FIRST` after the
//! sort: a condition on `ROWNUM` would take any row and sort afterwards. Numbers are read with `RETURNING NUMBER`,
//! which gives `NULL` where a figure is absent, and the score from its numeric member, because the other is a word.

/// Statement of the data set: one row per finished run, the newest first.
pub(crate) fn data_set(schema: &str) -> String {
    format!(
        "SELECT result_id, analysis_type, execution_timestamp,\n{}\nFROM {schema}.analysis_results\nWHERE status = 'COMPLETED'\nORDER BY execution_timestamp DESC",
        columns()
    )
}

/// Column, document and path of each figure.
const FIGURES: [(&str, &str, &str); 7] = [
    ("total_entities", "agent_results", "$.discovery.data.data_ecosystem.total_entities"),
    ("data_quality_score", "agent_results", "$.discovery.data.data_ecosystem.data_quality_score"),
    ("total_revenue", "agent_results", "$.intelligence.data.financial_intelligence.revenue_analysis.total_revenue"),
    ("gross_margin", "agent_results", "$.intelligence.data.financial_intelligence.revenue_analysis.gross_margin"),
    ("revenue_growth", "agent_results", "$.intelligence.data.financial_intelligence.growth.trailing_12.change"),
    ("customers", "agent_results", "$.intelligence.data.customer_intelligence.customers"),
    ("business_health_score", "executive_summary", "$.situation_assessment.business_health_numeric"),
];

fn columns() -> String {
    let column = |(name, document, path): &(&str, &str, &str)| {
        format!("    JSON_VALUE({document}, '{path}' RETURNING NUMBER) AS {name}")
    };
    FIGURES.iter().map(column).collect::<Vec<_>>().join(",\n")
}

/// A query of a region.
struct Region {
    title: &'static str,
    kind: &'static str,
    query: String,
}

/// The file for APEX: views first, then one query per region.
pub(crate) fn apex(schema: &str) -> String {
    let mut text = String::from(
        "-- Sources of an APEX page over the stored runs of the decisioning agents.\n\
         -- Run the views once as the owner of analysis_results; paste each query into the source of a region.\n\n",
    );
    for (comment, view) in views(schema) {
        text.push_str(&format!("-- View: {comment}\n{view};\n\n"));
    }
    for region in regions(schema) {
        text.push_str(&format!("-- Region: {} ({})\n{};\n\n", region.title, region.kind, region.query));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn views(schema: &str) -> [(&'static str, String); 4] {
    let table = |name: &str, document: &str, path: &str, columns: &str| {
        format!(
            "CREATE OR REPLACE VIEW {schema}.{name} AS\nSELECT l.result_id, l.execution_timestamp, j.*\nFROM (SELECT * FROM {schema}.analysis_results WHERE status = 'COMPLETED' ORDER BY execution_timestamp DESC FETCH FIRST 1 ROW ONLY) l,\n    JSON_TABLE(l.{document}, '{path}' COLUMNS ({columns})) j"
        )
    };
    [
        (
            "one row per finished run",
            format!(
                "CREATE OR REPLACE VIEW {schema}.dashboard_runs AS\nSELECT result_id, analysis_type, execution_timestamp,\n{},\n    JSON_VALUE(executive_summary, '$.situation_assessment.business_health') AS business_health\nFROM {schema}.analysis_results\nWHERE status = 'COMPLETED'",
                columns()
            ),
        ),
        (
            "contribution of the newest run",
            table(
                "dashboard_contribution",
                "agent_results",
                "$.intelligence.data.financial_intelligence.contribution[*]",
                "dimension VARCHAR2(200) PATH '$.dimension', NESTED PATH '$.members[*]' COLUMNS (member VARCHAR2(400) PATH '$.name', revenue NUMBER PATH '$.revenue', profit NUMBER PATH '$.profit', margin_percent NUMBER PATH '$.margin_percent')",
            ),
        ),
        (
            "risks of the newest run",
            table(
                "dashboard_risks",
                "agent_results",
                "$.strategy.data.risk_assessment.risks[*]",
                "risk VARCHAR2(200) PATH '$.id', description VARCHAR2(4000) PATH '$.text', likelihood NUMBER PATH '$.likelihood', impact_share NUMBER PATH '$.impact_share', impact_amount NUMBER PATH '$.impact_amount', risk_level VARCHAR2(20) PATH '$.level'",
            ),
        ),
        (
            "immediate decisions of the newest run",
            table(
                "dashboard_decisions",
                "agent_results",
                "$.decision.data.strategic_decision_framework.immediate_decisions[*]",
                "decision VARCHAR2(1000) PATH '$.decision', rationale VARCHAR2(4000) PATH '$.rationale', timeline VARCHAR2(200) PATH '$.timeline', risk_level VARCHAR2(20) PATH '$.risk_level', confidence NUMBER PATH '$.confidence'",
            ),
        ),
    ]
}

fn regions(schema: &str) -> Vec<Region> {
    let region = |title, kind, query: &str| Region { title, kind, query: query.replace("{schema}", schema) };
    vec![
        region(
            "Business Health Score",
            "Badge List",
            "SELECT 'Business Health' AS label,\n    ROUND(business_health_score) AS value,\n    CASE\n        WHEN business_health_score IS NULL THEN 'unknown'\n        WHEN business_health_score >= 85 THEN 'success'\n        WHEN business_health_score >= 70 THEN 'warning'\n        ELSE 'danger'\n    END AS status\nFROM {schema}.dashboard_runs\nORDER BY execution_timestamp DESC\nFETCH FIRST 1 ROW ONLY",
        ),
        region(
            "Key Figures",
            "Cards",
            "SELECT total_revenue, gross_margin, revenue_growth, customers, data_quality_score, execution_timestamp\nFROM {schema}.dashboard_runs\nORDER BY execution_timestamp DESC\nFETCH FIRST 1 ROW ONLY",
        ),
        region(
            "Revenue by Run",
            "Line Chart",
            "SELECT execution_timestamp AS label, total_revenue AS value\nFROM (SELECT execution_timestamp, total_revenue FROM {schema}.dashboard_runs ORDER BY execution_timestamp DESC FETCH FIRST 50 ROWS ONLY) latest\nORDER BY execution_timestamp",
        ),
        region(
            "Contribution",
            "Bar Chart",
            "SELECT dimension AS series, member AS label, revenue AS value, profit\nFROM {schema}.dashboard_contribution\nORDER BY dimension, revenue DESC",
        ),
        region(
            "Risks",
            "Interactive Report",
            "SELECT risk, description, likelihood, impact_share, impact_amount, risk_level\nFROM {schema}.dashboard_risks\nORDER BY likelihood * impact_share DESC",
        ),
        region(
            "Decisions",
            "Classic Report",
            "SELECT decision, rationale, timeline, risk_level, confidence\nFROM {schema}.dashboard_decisions\nORDER BY confidence DESC NULLS LAST",
        ),
        region(
            "Latest Analysis Results",
            "Interactive Report",
            "SELECT analysis_type, execution_timestamp, business_health_score, total_revenue, gross_margin\nFROM {schema}.dashboard_runs\nORDER BY execution_timestamp DESC\nFETCH FIRST 10 ROWS ONLY",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use sqlparser::ast::Statement;
    use sqlparser::dialect::OracleDialect;
    use sqlparser::parser::Parser;

    use super::*;

    fn parsed(sql: &str) -> Vec<Statement> {
        Parser::parse_sql(&OracleDialect {}, sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    #[test]
    fn the_statements_are_sql() {
        assert!(matches!(parsed(&data_set("decisioning_prod"))[..], [Statement::Query(_)]));
        let all = parsed(&apex("decisioning_prod"));
        let views = all.iter().filter(|one| matches!(one, Statement::CreateView { .. })).count();
        let queries = all.iter().filter(|one| matches!(one, Statement::Query(_))).count();
        assert_eq!((views, queries, all.len()), (4, 7, 11));
    }

    #[test]
    fn the_newest_run_is_taken_after_sorting() {
        let all = apex("decisioning_prod");
        assert!(!all.contains("ROWNUM"));
        for part in all.split(';').filter(|part| part.contains("FETCH FIRST")) {
            let (sorted, fetched) = (part.find("ORDER BY execution_timestamp DESC"), part.find("FETCH FIRST"));
            assert!(sorted < fetched && sorted.is_some(), "{part}");
        }
    }
}
