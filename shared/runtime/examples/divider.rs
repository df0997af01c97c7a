//! A whole function in one file: divides, and shows what each failure looks like on every host.
//!
//! ```text
//! cargo run -p causeway-runtime --example divider -- invoke -d '{"dividend": 7, "divisor": 2}'
//! ```

use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;

use causeway_runtime::{Context, Error, Handler, Settings, Unit, Vars, run};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

struct Divider {
    decimals: u32,
}

struct Config {
    decimals: u32,
}

impl Settings for Config {
    const PREFIX: &'static str = "DIVIDER_";

    fn read(vars: &mut Vars) -> Self {
        Self { decimals: vars.number("DIVIDER_DECIMALS", 3, 0..=12, "digits after the point, 0 to 12") }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Request {
    /// What is divided.
    dividend: f64,
    /// By what; 0 is a client error.
    divisor: f64,
    /// `panic`, `upstream`, `throttled`, `timeout`: fails in that way, to see what a caller gets.
    fail: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Reply {
    quotient: f64,
}

impl Handler for Divider {
    const NAME: &'static str = "divider";
    const ABOUT: &'static str = "Divides one number by another";
    type Config = Config;
    type Request = Request;
    type Reply = Reply;

    async fn handle(&self, request: Request, context: &Context) -> Result<Reply, Error> {
        match request.fail.as_deref() {
            Some("panic") => panic!("asked to"),
            Some("upstream") => return Err(Error::upstream("calculator", Some(503), "calculator_unavailable")),
            Some("throttled") => {
                let error = Error::upstream("calculator", Some(429), "calculator_busy");
                return Err(error.with_retry_after(Duration::from_millis(6_500)));
            }
            Some("timeout") => return Err(Error::timeout("calculator")),
            _ => {}
        }
        if request.divisor == 0.0 {
            return Err(Error::client(422, "division_by_zero", "the divisor is 0").at("divisor"));
        }
        context.metrics.counter("Divisions", 1, Unit::Count, &[("operands", operands(&request))]);
        let scale = 10_f64.powi(self.decimals.cast_signed());
        Ok(Reply { quotient: (request.dividend / request.divisor * scale).round() / scale })
    }
}

fn operands(request: &Request) -> &'static str {
    let is_whole = |number: f64| number == number.trunc();
    if is_whole(request.dividend) && is_whole(request.divisor) { "whole" } else { "fractional" }
}

fn main() -> ExitCode {
    run(&[], |config: Config| Ok::<_, Infallible>(Divider { decimals: config.decimals }))
}
