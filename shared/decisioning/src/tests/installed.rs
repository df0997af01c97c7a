//! Data sets that tests take from packages, where they are installed.

use std::path::PathBuf;

/// The file of a data set in the directory that an environment variable names; tells when it is not there.
///
/// With `CI=true` every data set must be installed.
pub(crate) fn file(variable: &str, name: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(|directory| PathBuf::from(directory).join(name));
    let found = path.filter(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{variable} must name the directory with {name}");
        eprintln!("skipped: {variable} does not name the directory with {name}");
    }
    found
}

/// One column of numbers of a plain CSV with a header.
pub(crate) fn column(variable: &str, name: &str, index: usize) -> Option<Vec<f64>> {
    let text = std::fs::read_to_string(file(variable, name)?).unwrap();
    let cell = |line: &str| line.split(',').nth(index).unwrap().trim().parse().unwrap();
    Some(text.lines().skip(1).filter(|line| !line.is_empty()).map(cell).collect())
}
