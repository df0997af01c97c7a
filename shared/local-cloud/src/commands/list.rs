//! `causeway list`

use std::process::ExitCode;

use serde_json::json;

use super::print;
use crate::cli::CliError;
use crate::functions::FUNCTIONS;
use crate::ids;
use crate::terminal::{Align, Table, Terminal};

pub(crate) fn run(as_json: bool) -> Result<ExitCode, CliError> {
    let text = if as_json { json_list() } else { table() };
    print(&text).map(|()| ExitCode::SUCCESS)
}

fn json_list() -> String {
    let functions = FUNCTIONS.iter().map(
        |function| json!({ "name": function.name, "about": function.about, "fn_id": ids::stable_id(function.name) }),
    );
    format!("{:#}\n", json!(functions.collect::<Vec<_>>()))
}

fn table() -> String {
    let mut table = Table::new(&[("FUNCTION", Align::Left), ("WHAT IT DOES", Align::Left)]);
    for function in FUNCTIONS {
        table.row([function.name.to_owned(), function.about.to_owned()]);
    }
    table.render(&Terminal::stdout())
}
