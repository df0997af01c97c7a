//! The least that `lambda_runtime` alone needs for an echo: the yardstick for our start-up time.

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Runtime::new(service_fn(async |event: LambdaEvent<Value>| Ok::<_, Error>(event.payload))).run().await
}
