//! What the values of a profile must look like. The rules are those of Oracle's Python SDK.

/// Whether the text has the form of an OCID: at least five parts between dots or colons, the first and the last of
/// them not empty.
pub(crate) fn is_ocid(text: &str) -> bool {
    let parts = text.split(['.', ':']).collect::<Vec<_>>();
    let fits = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let ends = [parts.first(), parts.last()];
    parts.len() >= 5 && parts.iter().all(|part| fits(part)) && ends.iter().flatten().all(|part| !part.is_empty())
}

/// The fingerprint in lower case, which is how key ids have it; `None` unless it is 16 bytes in hexadecimal with
/// colons between them. The Python SDK refuses capitals, which services take no offence at once they are folded.
pub(crate) fn fingerprint(text: &str) -> Option<String> {
    let is_byte = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = text.split(':').collect::<Vec<_>>();
    (parts.len() == 16 && parts.iter().all(|part| is_byte(part))).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ocids() {
        let check = |text: &str, expected: bool| assert_eq!(is_ocid(text), expected, "{text:?}");
        check("ocid1.user.oc1..aaaa", true);
        check("ocid1.tenancy.oc1.iad.aaaa", true);
        check("ocidv1:tenancy:oc1:phx:1460406592660:aaaa", true);
        check("a....b", true);
        check("a...b", false);
        check("ocid1.user.oc1.aaaa", false);
        check(".user.oc1..aaaa", false);
        check("ocid1.user.oc1..", false);
        check("ocid1.user.oc1..aa/aa", false);
        check("ocid1.user.oc1..aa\n", false);
        check("ocid1.üser.oc1..aa", false);
        check("", false);
    }

    #[test]
    fn fingerprints() {
        let good = "62:8d:2e:89:ea:40:55:69:93:4d:47:20:39:81:e7:53";
        assert_eq!(fingerprint(&good.to_ascii_uppercase()).as_deref(), Some(good));
        for wrong in
            ["", &good[3..], &format!("{good}:00"), &good.replace(':', ""), &good.replace('d', "g"), ":::::::::::::::"]
        {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
