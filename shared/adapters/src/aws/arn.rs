//! Amazon's names of things: `arn:partition:service:region:account:resource`.

/// The region in an ARN; `None` in what is none, and where the thing has no region.
pub(super) fn region(text: &str) -> Option<&str> {
    parts(text).map(|[_, region, _]| region).filter(|region| !region.is_empty())
}

/// What the service calls the thing, when the text is an ARN of that service.
pub(super) fn resource<'a>(text: &'a str, of_service: &str) -> Option<&'a str> {
    parts(text).filter(|[service, ..]| *service == of_service).map(|[.., resource]| resource)
}

/// Service, region, resource.
fn parts(text: &str) -> Option<[&str; 3]> {
    let mut parts = text.splitn(6, ':');
    let is_arn = parts.next() == Some("arn");
    let _partition = parts.next()?;
    let (service, region) = (parts.next()?, parts.next()?);
    let _account = parts.next()?;
    let resource = parts.next().filter(|resource| !resource.is_empty())?;
    is_arn.then_some([service, region, resource])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names() {
        let check = |text: &str, expected: (Option<&str>, Option<&str>)| {
            assert_eq!((region(text), resource(text, "sns")), expected, "{text:?}");
        };
        check("arn:aws:sns:us-east-1:123456789012:alerts", (Some("us-east-1"), Some("alerts")));
        check("arn:aws-cn:secretsmanager:cn-north-1:1:secret:db:x-AbC", (Some("cn-north-1"), None));
        check("arn:aws:s3:::bucket", (None, None));
        for none in ["", "alerts", "arn:aws:sns:us-east-1:1:", "arn:aws:sns", "ocid1.onstopic.oc1.iad.x:a:b:c:d:e"] {
            check(none, (None, None));
        }
    }
}
