//! A function that answers with its request: the same work as `bare_lambda`, through the whole runtime.

use std::convert::Infallible;
use std::process::ExitCode;

use causeway_runtime::{Context, Error, Handler, Settings, Vars, run};
use serde_json::Value;

struct Mirror;

struct NoSettings;

impl Settings for NoSettings {
    const PREFIX: &'static str = "MIRROR_";

    fn read(_: &mut Vars) -> Self {
        Self
    }
}

impl Handler for Mirror {
    const NAME: &'static str = "mirror";
    const ABOUT: &'static str = "Answers with its request";
    type Config = NoSettings;
    type Request = Value;
    type Reply = Value;

    async fn handle(&self, request: Value, _: &Context) -> Result<Value, Error> {
        Ok(request)
    }
}

fn main() -> ExitCode {
    run(&[], |_: NoSettings| Ok::<_, Infallible>(Mirror))
}
