//! Seed files: what shall be in an emulator, in JSON or YAML. The format is in `seeds/README.md`.

mod format;
mod input;
mod instances;
mod load;
mod metrics;
mod objects;
mod read;
mod report;
mod series;

use std::path::Path;

pub(crate) use objects::escaped;
pub(crate) use report::{Report, SeedError};

use crate::oci::target::Target;
use load::Load;

/// Loads a file into an emulator. It is checked as a whole before anything is sent.
///
/// # Errors
/// [`SeedError`]
pub(crate) async fn load(target: &Target, path: &Path) -> Result<Report, SeedError> {
    let owned = path.to_owned();
    let read = tokio::task::spawn_blocking(move || read::read(&owned)).await;
    let seeds = read.unwrap_or_else(|error| Err(vec![error.to_string()])).map_err(SeedError::Invalid)?;
    let file = path.display().to_string();
    let load = Load::new(target, file).await?;
    load.run(&seeds).await
}
