//! Passes the compiler's version on, for the `Fn-Fdk-Runtime` header.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok();
    let text = output.and_then(|out| String::from_utf8(out.stdout).ok());
    // "rustc 1.95.0 (59807616e 2026-04-14)"
    let version = text.as_deref().and_then(|text| text.split_whitespace().nth(1)).unwrap_or("unknown");
    println!("cargo:rustc-env=FDK_RUSTC_VERSION={version}");
    println!("cargo:rerun-if-changed=build.rs");
}
