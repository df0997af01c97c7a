//! Routes, tokens, other origins, rate and log of the HTTP API: those of the gateway on Oracle's cloud.

use serde_json::{Value, json};

use super::{SITE, Template, template};
use crate::json as file;
use crate::routes::{Routes, specified, words};

fn packaged(template: &Template) -> Routes {
    let integrations = template.all("AWS::ApiGatewayV2::Integration");
    let mut found = Routes::new();
    for (name, route) in template.all("AWS::ApiGatewayV2::Route") {
        let key = route["RouteKey"].as_str().expect("a key");
        let path = key.strip_prefix("POST /v1").unwrap_or_else(|| panic!("{key}: only POST below /v1"));
        assert_eq!(route["AuthorizationType"], "JWT", "{name}");
        assert_eq!(route["AuthorizerId"], json!({ "Ref": "HttpApiAuthorizerCauseway" }), "{name}");
        let target = route["Target"]["Fn::Join"][1][1]["Ref"].as_str().expect("an integration");
        let function = template.function_of(&integrations[target]["IntegrationUri"]);
        assert_eq!(path, format!("/{function}"), "{name}: the function behind the path");
        assert_eq!(found.insert(path.to_owned(), words(&route["AuthorizationScopes"])), None, "{path} is there twice");
    }
    found
}

#[test]
fn routes_are_those_of_the_gateway_and_of_the_document() {
    assert_eq!(crate::openapi::routes(), specified(), "openapi.json and api-gateway.json");
    let Some(template) = template() else { return };
    assert_eq!(packaged(template), specified(), "serverless.yml and api-gateway.json");
}

fn only<'a>(template: &'a Template, kind: &str) -> &'a Value {
    let all: Vec<_> = template.all(kind).into_values().collect();
    assert_eq!(all.len(), 1, "{kind}");
    all[0]
}

/// The value of a variable, or of the placeholder `${NAME}` for it.
fn value(name: &str) -> &'static str {
    let name = name.trim_start_matches("${").trim_end_matches('}');
    SITE.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name}")).1
}

#[test]
fn tokens_origins_and_rate_are_those_of_the_gateway() {
    let Some(template) = template() else { return };
    let policies = &file("func-yaml/api-gateway.json")["requestPolicies"];
    let authorizer = only(template, "AWS::ApiGatewayV2::Authorizer");
    let jwt = &authorizer["JwtConfiguration"];
    let authentication = &policies["authentication"];
    assert_eq!(jwt["Issuer"], value(&words(&authentication["issuers"])[0]));
    assert_eq!(words(&jwt["Audience"]), [value(&words(&authentication["audiences"])[0])]);
    assert_eq!(authorizer["IdentitySource"], json!(["$request.header.Authorization"]));

    let (here, there) = (&only(template, "AWS::ApiGatewayV2::Api")["CorsConfiguration"], &policies["cors"]);
    assert_eq!(words(&here["AllowOrigins"]), [value(&words(&there["allowedOrigins"])[0])]);
    for (ours, theirs) in [
        ("AllowMethods", "allowedMethods"),
        ("AllowHeaders", "allowedHeaders"),
        ("ExposeHeaders", "exposedHeaders"),
        ("MaxAge", "maxAgeInSeconds"),
    ] {
        assert_eq!(here[ours], there[theirs], "{ours}");
    }
    assert_ne!(here["AllowCredentials"], true);

    let stage = only(template, "AWS::ApiGatewayV2::Stage");
    let rate = &policies["rateLimiting"]["rateInRequestsPerSecond"];
    assert_eq!(&stage["DefaultRouteSettings"]["ThrottlingRateLimit"], rate);
}

#[test]
fn the_access_log_is_json_without_what_callers_send() {
    let Some(template) = template() else { return };
    let log = &only(template, "AWS::ApiGatewayV2::Stage")["AccessLogSettings"];
    assert_eq!(log["DestinationArn"], json!({ "Fn::GetAtt": ["HttpApiLogGroup", "Arn"] }));
    let format: Value = serde_json::from_str(log["Format"].as_str().expect("a format")).expect("JSON");
    let fields: Vec<_> = format.as_object().expect("an object").values().map(|field| field.as_str().unwrap()).collect();
    assert!(
        fields.contains(&"$context.status") && fields.iter().all(|field| field.starts_with("$context.")),
        "{fields:?}"
    );
}
