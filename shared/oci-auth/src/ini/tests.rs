#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

use proptest::prelude::*;

use super::*;

/// The values of a profile in the order of their keys; what Python 3.11's `configparser` gives for the same text.
fn check(text: &str, profile: &str, expected: &[(&str, &str)]) {
    let found = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}")).profile(profile);
    let found = found.unwrap_or_else(|| panic!("{text:?}: no {profile}"));
    let found: Vec<_> = found.keys().map(|key| (key, found.get(key).unwrap())).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn keys_and_values() {
    check("[DEFAULT]\nuser=a\nregion = b \n", "DEFAULT", &[("region", "b"), ("user", "a")]);
    check("# top\n[DEFAULT]\nUser : a\n; note\nTENANCY=b\n  # note\n", "DEFAULT", &[("tenancy", "b"), ("user", "a")]);
    check("[DEFAULT]\r\nuser=a\r\nregion=b\r\n", "DEFAULT", &[("region", "b"), ("user", "a")]);
    check("[DEFAULT]\ruser=a\rregion=b\r", "DEFAULT", &[("region", "b"), ("user", "a")]);
    check("\u{feff}[DEFAULT]\nuser=a", "DEFAULT", &[("user", "a")]);
    check("\n\n[DEFAULT]\n\nuser=a\n\n\nregion=b", "DEFAULT", &[("region", "b"), ("user", "a")]);
}

#[test]
fn the_first_delimiter_ends_the_key() {
    check("[DEFAULT]\npass_phrase=a=b:c", "DEFAULT", &[("pass_phrase", "a=b:c")]);
    check("[DEFAULT]\npass_phrase:a=b:c", "DEFAULT", &[("pass_phrase", "a=b:c")]);
    check("[DEFAULT]\na b = c d", "DEFAULT", &[("a b", "c d")]);
    check("[DEFAULT]\nempty=\nalso:", "DEFAULT", &[("also", ""), ("empty", "")]);
}

#[test]
fn comments_are_whole_lines() {
    check("[DEFAULT]\npass_phrase=a #b ;c", "DEFAULT", &[("pass_phrase", "a #b ;c")]);
    check("[DEFAULT]\n#user=a\n;region=b\n", "DEFAULT", &[]);
    check("[DEFAULT] # the only one\nuser=a", "DEFAULT", &[("user", "a")]);
    check("[DEFAULT]\nuser=%(home)s", "DEFAULT", &[("user", "%(home)s")]);
}

#[test]
fn deeper_lines_continue_the_value() {
    check("[DEFAULT]\nuser=a\n  b\n\tc\n", "DEFAULT", &[("user", "a\nb\nc")]);
    check("[DEFAULT]\nuser=a\n  region=b\n", "DEFAULT", &[("user", "a\nregion=b")]);
    check("[DEFAULT]\nuser=a\n  [b]\n", "DEFAULT", &[("user", "a\n[b]")]);
    check("[DEFAULT]\nuser=\n  a\n", "DEFAULT", &[("user", "\na")]);
    check("[DEFAULT]\nuser=a\n\n  b\n", "DEFAULT", &[("user", "a\n\nb")]);
    check("[DEFAULT]\nuser=a\n# note\n\n  b\n\n", "DEFAULT", &[("user", "a\n\nb")]);
    check("[DEFAULT]\n  user=a\n  region=b\n", "DEFAULT", &[("region", "b"), ("user", "a")]);
    check("[DEFAULT]\n  user=a\nregion=b\n c\n", "DEFAULT", &[("region", "b\nc"), ("user", "a")]);
    check("  [DEFAULT]\nuser=a\n", "DEFAULT", &[("user", "a")]);
}

#[test]
fn profiles_inherit_from_default() {
    let text = "[DEFAULT]\nuser=a\npass_phrase=s\n[PROD]\nregion=b\nUSER=c\n[EMPTY]\n";
    check(text, "DEFAULT", &[("pass_phrase", "s"), ("user", "a")]);
    check(text, "PROD", &[("pass_phrase", "s"), ("region", "b"), ("user", "c")]);
    check(text, "EMPTY", &[("pass_phrase", "s"), ("user", "a")]);
    check("[PROD]\nregion=b\n[DEFAULT]\nuser=a\n", "PROD", &[("region", "b"), ("user", "a")]);
    check("[DEFAULT]\nuser=a\n[PROD]\n[DEFAULT]\nregion=b\n", "PROD", &[("region", "b"), ("user", "a")]);
    check("[a]b]\nuser=a\n", "a]b", &[("user", "a")]);
    check("[ DEV ]\nuser=a\n", " DEV ", &[("user", "a")]);
}

#[test]
fn absent_profiles_are_absent() {
    let ini = parse("[PROD]\nregion=b\n").unwrap();
    assert_eq!((ini.profile("DEFAULT"), ini.profile("prod")), (None, None));
    assert_eq!(ini.profiles().collect::<Vec<_>>(), ["PROD"]);
    assert_eq!(parse("").unwrap().profiles().count(), 0);
}

#[test]
fn faults_name_their_line_and_no_value() {
    let check = |text: &str, line: usize, reason: &str| {
        let expected = IniError { line, reason: reason.to_owned() };
        assert_eq!(parse(text).map(|_| ()), Err(expected), "{text:?}");
    };
    check("user=secret", 1, "a value before the first `[section]`");
    check("\n# note\nuser=secret", 3, "a value before the first `[section]`");
    check("secret", 1, "neither `key = value` nor `[section]`");
    check("[DEFAULT]\nsecret\n", 2, "neither `key = value` nor `[section]`");
    check("[DEFAULT\nuser=secret", 1, "neither `key = value` nor `[section]`");
    check("[]\n", 1, "neither `key = value` nor `[section]`");
    check("[DEFAULT]\n=secret\n", 2, "a value without a key");
    check("[DEFAULT]\n : secret\n", 2, "a value without a key");
    check("[DEFAULT]\nuser=secret\nUSER=other\n", 3, "key user for the second time in section [DEFAULT]");
    check("[DEFAULT]\nuser=a\n[DEFAULT]\nuser=b\n", 4, "key user for the second time in section [DEFAULT]");
    check("[A]\r\nuser=a\r\n[A]\r\n", 3, "section [A] for the second time");
    assert_eq!(parse("[A]\n[A]").unwrap_err().to_string(), "line 2: section [A] for the second time");
}

#[test]
fn debug_shows_names_alone() {
    let ini = parse("[DEFAULT]\npass_phrase=secret\n[PROD]\n").unwrap();
    assert_eq!(format!("{ini:?}"), r#"Ini["DEFAULT", "PROD"]"#);
    assert_eq!(format!("{:?}", ini.profile("PROD")), r#"Some(Profile["pass_phrase"])"#);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]=:#; \t\r\nabé]{0,60}") {
        if let Ok(ini) = parse(&text) {
            prop_assert!(ini.profiles().all(|name| ini.profile(name).is_some()));
        }
    }

    #[test]
    fn what_is_written_is_read(
        values in prop::collection::btree_map("[a-z_]{1,12}", "[!-~]([ -~]{0,30}[!-~])?", 0..8),
    ) {
        let lines: String = values.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let profile = parse(&format!("[DEFAULT]\n{lines}")).unwrap().profile("DEFAULT").unwrap();
        let pair = |key: &str| (key.to_owned(), profile.get(key).unwrap().to_owned());
        let read: BTreeMap<_, _> = profile.keys().map(pair).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn faults_show_no_value(text in "\\[A\\]\n([ab]{0,3} ?[=:] ?SECRET[=:]{0,2}\n|SECRET\n){0,5}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.reason.contains("SECRET"), "{}", error);
        }
    }
}
