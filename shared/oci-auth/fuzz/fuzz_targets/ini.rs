//! Configuration files from any text: no panic, every profile readable, faults on lines that exist.
#![no_main]

use causeway_oci_auth::ini;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match ini::parse(text) {
        Ok(file) => {
            for name in file.profiles() {
                let profile = file.profile(name).expect("a profile that is listed is there");
                for key in profile.keys() {
                    let value = profile.get(key).expect("a key that is listed has a value");
                    assert!(!key.is_empty() && value == value.trim_end());
                }
            }
        }
        Err(fault) => assert!((1..=text.split(['\n', '\r']).count()).contains(&fault.line)),
    }
});
