//! The other side of the supervisor: this executable as the process of one function.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use causeway_runtime::Handler;
use flex_autoscaler::FlexAutoscaler;

use crate::functions;
use crate::scenario::clock::serve_autoscaler;

/// `EX_USAGE`
const EXIT_USAGE: u8 = 64;

/// Serves the function of this name in the host that the environment shows; by the clock of a scenario, if it is the
/// autoscaler.
pub(crate) fn run(name: &str, clean: Option<PathBuf>, clock: Option<PathBuf>) -> ExitCode {
    let hosted = ["FN_LISTENER", "AWS_LAMBDA_RUNTIME_API"].iter().any(|name| std::env::var_os(name).is_some());
    match functions::find(name).filter(|_| hosted) {
        Some(function) => {
            std::thread::spawn(move || end_with_the_supervisor(clean));
            match clock.filter(|_| function.name == FlexAutoscaler::NAME) {
                Some(clock) => serve_autoscaler(clock),
                None => (function.run)(),
            }
        }
        None => ExitCode::from(EXIT_USAGE),
    }
}

/// The supervisor holds the other end of standard input and writes nothing; when that end closes, the
/// supervisor is gone, even if it was killed. Then the socket and the keys have to go too, for nobody else will
/// remove them.
fn end_with_the_supervisor(clean: Option<PathBuf>) {
    let mut nothing = [0; 64];
    while std::io::stdin().read(&mut nothing).is_ok_and(|count| count > 0) {}
    if let Some(socket) = std::env::var_os("FN_LISTENER").and_then(|value| value.into_string().ok()) {
        remove_socket(Path::new(socket.trim_start_matches("unix:")));
    }
    if let Some(directory) = clean {
        let _ = fs::remove_dir_all(directory);
    }
    std::process::exit(0);
}

/// Removes the socket, its alias, and the two directories around them if nothing else is in there.
fn remove_socket(path: &Path) {
    if let Ok(target) = fs::read_link(path) {
        let _ = fs::remove_file(path.with_file_name(target));
    }
    let _ = fs::remove_file(path);
    for directory in path.ancestors().skip(1).take(2) {
        let _ = fs::remove_dir(directory);
    }
}
