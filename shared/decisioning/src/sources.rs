//! Which objects a request is about.

/// The sources that a request names, else the deployment's, else none, which means everything.
#[must_use]
pub fn sources_or(named: Vec<String>, of_deployment: Option<&str>) -> Vec<String> {
    if named.is_empty() { of_deployment.map(str::to_owned).into_iter().collect() } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_wins_over_the_deployment() {
        let check = |named: &[&str], of_deployment, expected: &[&str]| {
            let named = named.iter().map(|&name| name.to_owned()).collect();
            assert_eq!(sources_or(named, of_deployment), expected);
        };
        check(&["a", "b"], Some("c"), &["a", "b"]);
        check(&["a"], None, &["a"]);
        check(&[], Some("c"), &["c"]);
        check(&[], None, &[]);
    }
}
