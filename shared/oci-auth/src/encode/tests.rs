#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use super::*;

const OBJECT: &str = "/n/{n}/b/{b}/o/{o}";

#[track_caller]
fn check(object: &str, slash: Slash, expected: Result<&str, PathError>) {
    let found = path(OBJECT, &[("n", "ns"), ("b", "bkt"), ("o", object)], slash);
    assert_eq!(found, expected.map(|end| format!("/n/ns/b/bkt/o/{end}")), "{object:?}");
}

#[test]
fn only_unreserved_characters_stay() {
    check("AZaz09-._~", Slash::Keep, Ok("AZaz09-._~"));
    check(
        "a+b&c=d;e,f:g@h!$'()*?#[]%",
        Slash::Keep,
        Ok("a%2Bb%26c%3Dd%3Be%2Cf%3Ag%40h%21%24%27%28%29%2A%3F%23%5B%5D%25"),
    );
    check("ü✓ 🚚", Slash::Keep, Ok("%C3%BC%E2%9C%93%20%F0%9F%9A%9A"));
    check("a\\b|^\"<>`{}\n\0", Slash::Keep, Ok("a%5Cb%7C%5E%22%3C%3E%60%7B%7D%0A%00"));
}

#[test]
fn a_slash_stays_or_is_escaped() {
    check("a/b c//d/", Slash::Keep, Ok("a/b%20c//d/"));
    check("a/b c//d/", Slash::Escape, Ok("a%2Fb%20c%2F%2Fd%2F"));
}

#[test]
fn no_name_is_resolved_away() {
    for slash in [Slash::Keep, Slash::Escape] {
        check("a/../b", slash, Ok("a%2F..%2Fb"));
        check("../x", slash, Ok("..%2Fx"));
        check("x/.", slash, Ok("x%2F."));
        check(".", slash, Err(PathError::DotSegment));
        check("..", slash, Err(PathError::DotSegment));
        check("...", slash, Ok("..."));
        check("%2E%2E", slash, Ok("%252E%252E"));
    }
    assert_eq!(path("/a/.{x}", &[("x", ".")], Slash::Keep), Err(PathError::DotSegment));
    assert_eq!(path("/a/../{x}", &[("x", "y")], Slash::Keep), Err(PathError::DotSegment));
}

#[test]
fn a_template_takes_exactly_its_parameters() {
    let missing = path("/{a}/{b}", &[("a", "1")], Slash::Keep);
    assert_eq!(missing, Err(PathError::Missing("b".to_owned())));
    let unknown = path("/{a}", &[("a", "1"), ("c", "2")], Slash::Keep);
    assert_eq!(unknown, Err(PathError::Unknown("c".to_owned())));
    let empty = path("/{a}/x", &[("a", "")], Slash::Keep);
    assert_eq!(empty, Err(PathError::Empty("a".to_owned())));
    let twice = path("/{a}/{a}", &[("a", "{b}")], Slash::Keep);
    assert_eq!(twice.as_deref(), Ok("/%7Bb%7D/%7Bb%7D"));
    for bad in ["", "a", "/{a", "/a}", "/ü", "/a b", "/%2e%2e/x", "/a?b", "/a#b", "/a\\b"] {
        assert_eq!(path(bad, &[], Slash::Keep), Err(PathError::Template), "{bad:?}");
    }
}

#[test]
fn queries() {
    let query = |start: Query| {
        let query = start.text("name", "a b").text("e", "").maybe("none", None).maybe("some", Some("1+1=2&3"));
        let query = query.flag("on", true).flag("off", false).list("dim", ["b", "a", "b"]).list("no", []);
        query.map("tags", [("te am", "ops"), ("tier", "1"), ("tier", "2")]).append_to("/x")
    };
    let end = "&e=&some=1%2B1%3D2%263&on=true&off=false&dim=b&dim=a&dim=b&tags.te";
    assert_eq!(query(Query::new()), format!("/x?name=a%20b{end}%20am=ops&tags.tier=1&tags.tier=2"));
    assert_eq!(query(Query::form()), format!("/x?name=a+b{end}+am=ops&tags.tier=1&tags.tier=2"));
    assert_eq!(Query::default().append_to("/x"), "/x");
    assert_eq!(Query::new().text("ü ", "~*").as_str(), "%C3%BC%20=~%2A");
    assert_eq!(format!("{:?}", Query::new().text("a", "secret")), "Query(8 bytes)");
}
