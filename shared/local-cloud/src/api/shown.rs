//! Paths as the access log shows them.

use percent_encoding::percent_decode_str;

/// Without the token of a pre-authenticated link, `/p/<token>/...`: whoever reads it can use the link. The
/// segment before it may be escaped, or the request meant for some other server; it is hidden all the same.
pub(super) fn path(path: &str) -> String {
    let mut hidden = false;
    let shown = path.split('/').enumerate().map(|(index, segment)| {
        let is_token = hidden && !segment.is_empty();
        // A bucket or a part of an object's name can be `p`, too: these come behind `/n/<namespace>`.
        let front = path.split('/').take(index).all(|before| !is(before, "n"));
        hidden = (front && is(segment, "p")) || (hidden && segment.is_empty());
        if is_token { "***" } else { segment }
    });
    shown.collect::<Vec<_>>().join("/")
}

fn is(segment: &str, name: &str) -> bool {
    percent_decode_str(segment).eq(name.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_hidden() {
        let check = |given: &str, expected: &str| assert_eq!(path(given), expected, "{given}");
        check("/p/secret/n/ns/b/bk/o/a.html", "/p/***/n/ns/b/bk/o/a.html");
        check("/p/secret", "/p/***");
        check("/p/secret/n/ns/b/bk/u/x/id/u1/", "/p/***/n/ns/b/bk/u/x/id/u1/");
        check("/_causeway/oci/p/secret/n/ns", "/_causeway/oci/p/***/n/ns");
        check("/%70/secret/n", "/%70/***/n");
        check("//p//secret/n", "//p//***/n");
        check("/p/p/secret", "/p/***/***");
        check("/p/n/x", "/p/***/x");
        check("/n/ns/b/bk/o/p/q", "/n/ns/b/bk/o/p/q");
        check("/n/ns/b/p/o/x", "/n/ns/b/p/o/x");
        check("/invoke/x", "/invoke/x");
        check("/", "/");
        check("*", "*");
    }
}
