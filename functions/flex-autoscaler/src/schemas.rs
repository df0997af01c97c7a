//! The JSON Schemas that the command line prints, kept as text; see [`causeway_runtime::schema`].

/// Of request and reply.
pub(crate) const CALL: &str = include_str!("../schemas/call.json");
/// Of what `decide` reads.
pub(crate) const INPUTS: &str = include_str!("../schemas/inputs.json");

#[cfg(test)]
mod tests {
    use causeway_runtime::schema::{assert_kept, of};

    use super::*;
    use crate::handler::FlexAutoscaler;
    use crate::input::Inputs;

    #[test]
    fn kept_schemas_are_those_of_the_types() {
        assert_kept("call.json", CALL, &of::<FlexAutoscaler>());
        assert_kept("inputs.json", INPUTS, schemars::schema_for!(Inputs).as_value());
    }
}
