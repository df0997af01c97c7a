//! The parts of an `Authorization` header.

/// A parsed `Authorization: Signature ...` header.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) key_id: &'a str,
    /// Names of the signed headers in order, as sent.
    pub(super) headers: Vec<&'a str>,
    /// Base64.
    pub(super) signature: &'a str,
}

/// Reads the header; `None` for any other scheme, version, algorithm or form.
pub(super) fn parse(text: &str) -> Option<Authorization<'_>> {
    let (scheme, mut rest) = text.trim().split_once(' ')?;
    let (mut key_id, mut headers, mut signature, mut algorithm, mut version) = (None, None, None, None, None);
    if !scheme.eq_ignore_ascii_case("signature") {
        return None;
    }
    loop {
        let (name, value, after) = parameter(rest)?;
        let slot = match name {
            "keyId" => &mut key_id,
            "headers" => &mut headers,
            "signature" => &mut signature,
            "algorithm" => &mut algorithm,
            "version" => &mut version,
            _ => return None,
        };
        // A parameter given twice could mean one thing to us and another to a proxy.
        if slot.replace(value).is_some() {
            return None;
        }
        match after.trim_start().strip_prefix(',') {
            Some(more) => rest = more,
            None if after.trim().is_empty() => break,
            None => return None,
        }
    }
    let supported = algorithm? == "rsa-sha256" && version.is_none_or(|version| version == "1");
    let headers = headers?.split(' ').filter(|name| !name.is_empty()).collect();
    supported.then_some(Authorization { key_id: key_id?, headers, signature: signature? })
}

/// The next `name="value"` and what follows it.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = rest.strip_prefix('"')?.split_once('"')?;
    Some((name.trim(), value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_oracles_sdks_are_understood() {
        let go = r#"Signature version="1",headers="date (request-target) host",keyId="t/u/f",algorithm="rsa-sha256",signature="QUJD""#;
        let python = r#"Signature algorithm="rsa-sha256",headers="date (request-target) host",keyId="t/u/f",signature="QUJD",version="1""#;
        assert_eq!(parse(go), parse(python));
        assert_eq!(parse(go).unwrap().headers, ["date", "(request-target)", "host"]);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "Signature",
            "Basic dTpw",
            r#"Bearer keyId="t/u/f""#,
            r#"Signature keyId="t""#,
            r#"Signature keyId="t/u/f",headers="date",algorithm="rsa-sha1",signature="QUJD""#,
            r#"Signature keyId="t/u/f",headers="date",algorithm="rsa-sha256",signature="QUJD",version="2""#,
            r#"Signature keyId="a",keyId="b",headers="date",algorithm="rsa-sha256",signature="QUJD""#,
            r#"Signature keyId="a",headers="date",algorithm="rsa-sha256",signature="QUJD",extra="1""#,
            r#"Signature keyId="a",headers="date",algorithm="rsa-sha256",signature="QUJD"#,
            r#"Signature keyId="a" headers="date",algorithm="rsa-sha256",signature="QUJD""#,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
