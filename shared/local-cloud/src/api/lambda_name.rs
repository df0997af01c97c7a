//! The three ways in which Lambda's API names a function: name, partial ARN, ARN, each with a qualifier.

/// The account that no real one has.
const ACCOUNT: &str = "000000000000";

/// A function as it was named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FunctionName {
    pub(super) name: String,
    pub(super) qualifier: Option<String>,
}

impl FunctionName {
    /// `None` when it is no name at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<_> = text.split(':').collect();
        let (name, qualifier) = match parts[..] {
            [name] => (name, None),
            ["function", name] => (name, None),
            [name, qualifier] => (name, Some(qualifier)),
            [_account, "function", name] => (name, None),
            [_account, "function", name, qualifier] => (name, Some(qualifier)),
            ["arn", _partition, "lambda", _region, _account, "function", name] => (name, None),
            ["arn", _partition, "lambda", _region, _account, "function", name, qualifier] => (name, Some(qualifier)),
            _ => return None,
        };
        let fine = |part: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte);
            (1..=140).contains(&part.len()) && part.bytes().all(allowed)
        };
        let sound = fine(name) && qualifier.is_none_or(fine);
        sound.then(|| Self { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) })
    }

    pub(super) fn arn(&self, region: &str) -> String {
        let qualifier = self.qualifier.as_deref().map(|qualifier| format!(":{qualifier}")).unwrap_or_default();
        format!("arn:aws:lambda:{region}:{ACCOUNT}:function:{}{qualifier}", self.name)
    }

    /// There is one version, the present one.
    pub(super) fn is_latest(&self) -> bool {
        self.qualifier.as_deref().is_none_or(|qualifier| qualifier == "$LATEST")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read() {
        let check = |text: &str, expected: Option<(&str, Option<&str>)>| {
            let parsed = FunctionName::parse(text);
            let parsed = parsed.as_ref().map(|parsed| (parsed.name.as_str(), parsed.qualifier.as_deref()));
            assert_eq!(parsed, expected, "{text}");
        };
        check("f", Some(("f", None)));
        check("f:$LATEST", Some(("f", Some("$LATEST"))));
        check("123456789012:function:f", Some(("f", None)));
        check("function:f", Some(("f", None)));
        check("arn:aws:lambda:us-east-1:123456789012:function:f", Some(("f", None)));
        check("arn:aws:lambda:us-east-1:123456789012:function:f:7", Some(("f", Some("7"))));
        for bad in ["", ":", "a b", "../x", "arn:aws:s3:::bucket", "a:b:c:d:e", "é"] {
            check(bad, None);
        }
    }
}
