//! The platform's container, built from util-linux: a read-only root with nothing of the host but
//! `/usr`, an empty `/tmp` that nothing can be executed from, user 1000 without privileges, 50 tasks,
//! 350 descriptors, 64 KiB of locked memory.
//!
//! It takes root and the right to mount. A test that cannot have it says so, and fails where `CI=true`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::Home;

/// The socket directory as the process sees it.
pub(super) const IOFS: &str = "/tmp/iofs";

/// Tasks that a container may have; threads count.
pub const TASK_LIMIT: usize = 50;

/// `$0` is the new root, `$1` the socket directory, `$2` the program, `$3` the task limit. Every step
/// execs the next, so the process keeps its id. It starts in the empty `/tmp`.
const ENTER: &str = r#"
set -eu
umask 022
root=$0
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/usr" "$root/proc" "$root/dev" "$root/tmp" "$root/function"
mount --bind /usr "$root/usr"
mount -o remount,bind,ro "$root/usr"
mount --bind /proc "$root/proc"
for name in /bin /sbin /lib /lib64; do
    if [ -L "$name" ]; then
        cp -P "$name" "$root$name"
    elif [ -d "$name" ]; then
        mkdir "$root$name"
        mount --bind "$name" "$root$name"
        mount -o remount,bind,ro "$root$name"
    fi
done
for name in null zero urandom; do
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
: > "$root/function/program"
mount --bind "$2" "$root/function/program"
mount -o remount,ro "$root"
mount -t tmpfs -o nosuid,nodev,noexec,mode=1777,size=32m,nr_inodes=1024 tmpfs "$root/tmp"
mkdir "$root/tmp/iofs"
mount --bind "$1" "$root/tmp/iofs"
exec chroot "$root" setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all \
    env --chdir=/tmp prlimit --nproc="$3" --nofile=350 --memlock=65536 /function/program
"#;

pub(super) fn command(program: &Path, home: &Home) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", ENTER]);
    command.arg(home.root()).arg(home.iofs()).arg(program).arg(TASK_LIMIT.to_string());
    command
}

/// Whether a test can confine its processes; where it cannot, the reason is printed.
///
/// # Panics
/// Where it cannot and `CI=true`: a skipped check must not pass there.
#[must_use]
pub fn confine(case: &str) -> bool {
    static PROBLEM: OnceLock<Option<String>> = OnceLock::new();
    let Some(problem) = PROBLEM.get_or_init(problem) else { return true };
    skip(case, &format!("no sandbox: {problem}"));
    false
}

/// Says visibly that a test cannot run here; on CI, where everything it needs is installed, it fails.
pub fn skip(test: &str, reason: &str) {
    assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "{test} cannot run: {reason}");
    notice(&format!("SKIPPED {test}: {reason}"));
}

/// A line for the person who runs the tests; the test runner does not swallow it.
pub fn notice(line: &str) {
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The error message of an attempt with the same tools.
fn problem() -> Option<String> {
    let script = "mount -t tmpfs tmpfs /mnt && exec setpriv --reuid 1000 --clear-groups --no-new-privs true";
    let attempt = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script])
        .stdin(Stdio::null())
        .output();
    match attempt {
        Err(error) => Some(format!("unshare: {error}")),
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
