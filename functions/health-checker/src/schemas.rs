//! The JSON Schemas that the command line prints, kept as text; see [`causeway_runtime::schema`].

/// Of request and reply.
pub(crate) const CALL: &str = include_str!("../schemas/call.json");
/// Of what `decide` reads.
pub(crate) const INPUTS: &str = include_str!("../schemas/inputs.json");
/// Of what `simulate` plays.
pub(crate) const SCENARIO: &str = include_str!("../schemas/scenario.json");
/// Of the settings.
pub(crate) const SETTINGS: &str = include_str!("../schemas/settings.json");

#[cfg(test)]
mod tests {
    use causeway_runtime::schema::{assert_kept, of};

    use super::*;
    use crate::decide::Inputs;
    use crate::handler::HealthChecker;
    use crate::settings::Settings;
    use crate::simulate::Scenario;

    #[test]
    fn kept_schemas_are_those_of_the_types() {
        assert_kept("call.json", CALL, &of::<HealthChecker>());
        assert_kept("inputs.json", INPUTS, schemars::schema_for!(Inputs).as_value());
        assert_kept("scenario.json", SCENARIO, schemars::schema_for!(Scenario).as_value());
        assert_kept("settings.json", SETTINGS, schemars::schema_for!(Settings).as_value());
    }
}
