//! Cases 1 to 8: environment and socket.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use tests::harness::programs::Program;
use tests::harness::{Connection, Home, Spec, programs};

use crate::each;

/// Runs a program that cannot start, and gives what it wrote to stderr.
fn refused(spec: &Spec) -> String {
    let mut function = spec.spawn(Home::new());
    let status = function.wait_exit();
    let who = spec.program();
    assert!(status.code().is_some_and(|code| code != 0), "{who}: {status}");
    assert_eq!(function.published(), [""; 0], "{who}");
    assert_eq!(function.left_behind(), [""; 0], "{who}");
    function.stderr()
}

#[test]
fn case_01_format_json_exits_non_zero() {
    for program in programs::all() {
        let message = refused(&Spec::new(&program).env("FN_FORMAT", "json"));
        assert!(message.contains("FN_FORMAT") && message.contains("json"), "{program}: {message}");
    }
}

#[test]
fn case_01_format_unset_runs() {
    for program in programs::all() {
        Spec::new(&program).without("FN_FORMAT").start().assert_serves(&program.request());
    }
}

#[test]
fn case_02_listener_missing_exits_non_zero() {
    let message = refused(&Spec::new(&programs::probe()).without("FN_LISTENER"));
    assert!(message.contains("FN_LISTENER"), "{message}");
}

#[test]
fn case_03_listener_tcp_exits_non_zero_and_creates_nothing() {
    for program in programs::all() {
        let message = refused(&Spec::new(&program).env("FN_LISTENER", "tcp:127.0.0.1:1"));
        assert!(message.contains("FN_LISTENER"), "{program}: {message}");
    }
}

#[test]
fn case_03_listener_in_a_missing_directory_exits_non_zero() {
    for program in programs::all() {
        let message = refused(&Spec::new(&program).env("FN_LISTENER", "unix:/nonexistent/lsnr.sock"));
        assert!(message.contains("/nonexistent/"), "{program}: {message}");
    }
}

#[test]
fn case_04_final_name_is_a_link_to_a_bare_name() {
    each(|program, function| {
        let target = fs::read_link(function.home().socket()).expect("a symlink");
        assert!(!target.to_string_lossy().contains('/'), "{program}: {}", target.display());
        assert_eq!(function.published().len(), 2, "{program}: {:?}", function.published());
    });
}

#[test]
fn case_05_socket_mode_is_0666() {
    each(|program, function| {
        let mode = fs::metadata(function.home().socket()).expect("socket").permissions().mode();
        assert_eq!(mode & 0o7777, 0o666, "{program}: {mode:o}");
    });
}

/// Tries to connect without a pause until the name exists; from then on it must work.
fn connect_at_once(program: &Program) {
    let home = Home::new();
    let socket = home.socket();
    let function = Spec::new(program).spawn(home);
    let start = Instant::now();
    loop {
        match Connection::try_open(&socket) {
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::NotFound => yield_now(),
            Err(error) => panic!("{program}: the name is there, but: {error}"),
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{program}: {}", function.stderr());
    }
}

#[test]
fn case_06_connect_succeeds_the_instant_the_name_appears() {
    let probe = programs::probe();
    (0..1000).for_each(|_| connect_at_once(&probe));
    for function in programs::functions() {
        (0..50).for_each(|_| connect_at_once(&function));
    }
}

/// The name under which a program makes its socket.
fn hidden_name(program: &Program) -> PathBuf {
    fs::read_link(Spec::new(program).start().home().socket()).expect("a symlink")
}

#[test]
fn case_07_names_left_by_a_killed_process_are_replaced() {
    for program in programs::all() {
        let home = Spec::new(&program).start().kill();
        assert!(fs::metadata(home.socket()).is_ok(), "{program} should have left its socket");
        let mut function = Spec::new(&program).spawn(home);
        function.wait_listening();
        function.assert_serves(&program.request());
    }
}

/// Leaves something in the way, given the final and the hidden name.
type Prepare = fn(&Path, &Path);

#[test]
fn case_07_any_stale_file_is_replaced() {
    for program in programs::all() {
        let hidden = hidden_name(&program);
        let stale: [(&str, Prepare); 4] = [
            ("final file", |socket, _| fs::write(socket, "").expect("file")),
            ("dangling final link", |socket, hidden| symlink(hidden, socket).expect("link")),
            ("hidden file", |socket, hidden| fs::write(socket.with_file_name(hidden), "").expect("file")),
            ("both files", |socket, hidden| {
                fs::write(socket, "").expect("file");
                fs::write(socket.with_file_name(hidden), "").expect("file");
            }),
        ];
        for (what, prepare) in stale {
            let home = Home::new();
            prepare(&home.socket(), &hidden);
            let mut function = Spec::new(&program).spawn(home);
            function.wait_listening();
            assert_eq!(function.call(&program.request()).status, 200, "{program}: {what}");
        }
    }
}

#[test]
fn case_08_path_of_107_bytes_works_and_of_108_fails() {
    for program in programs::all() {
        let mut longest = Spec::new(&program).spawn(Home::with_path_length(107));
        longest.wait_published();
        longest.assert_serves(&program.request());

        let mut too_long = Spec::new(&program).spawn(Home::with_path_length(108));
        let status = too_long.wait_exit();
        assert!(status.code().is_some_and(|code| code != 0), "{program}: {status}");
        let message = too_long.stderr();
        assert!(message.contains("108") && message.contains("107"), "{program}: {message}");
        assert_eq!(too_long.published(), [""; 0], "{program}");
    }
}
