//! Oracle Analytics Cloud: what can be sent to its documented API, and what has to be made by hand from the rest.
//!
//! "Create a connection" is `POST /api/20210901/catalog/connections` in the Oracle Analytics Cloud REST API. Data sets
//! and workbooks have no documented call that creates them, so their definitions are given as they are.

use serde_json::{Value, json};

use super::Options;
use super::sql;

/// The file.
pub(crate) fn specification(options: &Options) -> Value {
    json!({
        "schema_version": "1",
        "connection": connection(options),
        "data_set": {
            "name": DATA_SET,
            "description": "One row per run of the decisioning agents",
            "connection": CONNECTION,
            "sql": sql::data_set(&options.schema),
            "how": "Create a data set over the connection with this SQL statement; no documented call does that",
        },
        "dashboard": dashboard(),
    })
}

const CONNECTION: &str = "decisioning_analytics";
const DATA_SET: &str = "Decisioning Results";

/// Credentials and the connect string are the deployment's: placeholders say what belongs there.
fn connection(options: &Options) -> Value {
    json!({
        "request": { "method": "POST", "path": "/api/20210901/catalog/connections", "content_type": "application/json" },
        "body": {
            "version": "2.0.0",
            "type": "connection",
            "name": CONNECTION,
            "description": "Results of the decisioning agents",
            "content": { "connectionParams": {
                "connectionType": "oracle-autonomous-data-warehouse",
                "connectionString": "${CONNECT_STRING}",
                "username": options.schema.to_uppercase(),
                "password": "${PASSWORD}",
                "systemConnection": false,
            } },
        },
        "placeholders": {
            "${CONNECT_STRING}": "connect descriptor of the database for TLS without a wallet",
            "${PASSWORD}": "from the vault at the time of the call; never stored here",
        },
    })
}

fn position(x: u32, y: u32, width: u32, height: u32) -> Value {
    json!({ "x": x, "y": y, "width": width, "height": height })
}

fn dashboard() -> Value {
    json!({
        "name": "Decisioning Executive Dashboard",
        "description": "Figures of the decisioning agents by run",
        "layout": { "type": "CANVAS", "width": 1200, "height": 800 },
        "visualizations": [
            {
                "type": "KPI_CARD",
                "title": "Business Health Score",
                "position": position(0, 0, 300, 200),
                "dataset": DATA_SET,
                "config": {
                    "metric": "business_health_score",
                    "format": "number",
                    "threshold": { "critical": 60, "warning": 75, "good": 85 },
                },
            },
            {
                "type": "LINE_CHART",
                "title": "Revenue Trend",
                "position": position(300, 0, 600, 400),
                "dataset": DATA_SET,
                "config": { "xAxis": "execution_timestamp", "yAxis": "total_revenue", "aggregation": "sum" },
            },
            {
                "type": "GAUGE_CHART",
                "title": "Gross Margin",
                "position": position(900, 0, 300, 200),
                "dataset": DATA_SET,
                "config": { "metric": "gross_margin", "min": 0, "max": 100, "target": 80, "format": "percentage" },
            },
            {
                "type": "TABLE",
                "title": "Latest Analysis Results",
                "position": position(0, 400, 1200, 400),
                "dataset": DATA_SET,
                "config": {
                    "columns": COLUMNS,
                    "pageSize": 10,
                    "sortBy": "execution_timestamp",
                    "sortOrder": "DESC",
                },
            },
        ],
    })
}

/// Columns of the table.
const COLUMNS: [&str; 5] =
    ["analysis_type", "execution_timestamp", "business_health_score", "total_revenue", "gross_margin"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stay_on_the_canvas_and_ask_for_columns_of_the_data_set() {
        let all = specification(&Options::default());
        let sql = all["data_set"]["sql"].as_str().unwrap();
        let canvas = &all["dashboard"]["layout"];
        for part in all["dashboard"]["visualizations"].as_array().unwrap() {
            let at = |name: &str| part["position"][name].as_u64().unwrap();
            assert!(at("x") + at("width") <= canvas["width"].as_u64().unwrap(), "{part}");
            assert!(at("y") + at("height") <= canvas["height"].as_u64().unwrap(), "{part}");
            let config = &part["config"];
            let named = ["metric", "xAxis", "yAxis", "sortBy"].iter().filter_map(|name| config[name].as_str());
            let listed = config["columns"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for column in named.chain(listed) {
                assert!(sql.contains(column), "{column} is not in the data set");
            }
        }
    }
}
