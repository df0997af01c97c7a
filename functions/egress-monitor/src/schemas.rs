//! The JSON Schemas that the command line prints, kept as text; see [`causeway_runtime::schema`].

/// Of request and reply.
pub(crate) const CALL: &str = include_str!("../schemas/call.json");

#[cfg(test)]
mod tests {
    use causeway_runtime::schema::{assert_kept, of};

    use super::*;
    use crate::handler::EgressMonitor;

    #[test]
    fn kept_schemas_are_those_of_the_types() {
        assert_kept("call.json", CALL, &of::<EgressMonitor>());
    }
}
