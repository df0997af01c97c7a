//! Settings, and those of the official SDKs.

use super::*;

#[test]
fn nonsense_is_named() {
    let good = Config::shared();
    let open = |open: OpenTime| Config { open, ..Config::shared() };
    let half = |half_open: HalfOpen| Config { half_open, ..Config::shared() };
    for (config, setting) in [
        (Config { span: Span::Calls(0), ..good.clone() }, "span"),
        (Config { span: Span::Time { bucket_ms: 0, buckets: 1 }, ..good.clone() }, "span"),
        (Config { span: Span::Time { bucket_ms: 1, buckets: 1_001 }, ..good.clone() }, "span"),
        (Config { failure_pct: None, consecutive: None, ..good.clone() }, "failure_pct"),
        (Config { failure_pct: Some(101), ..good.clone() }, "failure_pct"),
        (Config { slow: Some(Slow { after_ms: 1, pct: 0 }), ..good.clone() }, "slow.pct"),
        (open(OpenTime { growth: 0, ..good.open }), "open.growth"),
        (open(OpenTime { base_ms: 0, ..good.open }), "open.base_ms"),
        (open(OpenTime { cap_ms: 1, ..good.open }), "open.base_ms"),
        (open(OpenTime { jitter: f64::NAN, ..good.open }), "open.jitter"),
        (half(HalfOpen { permits: 0, ..good.half_open }), "half_open.permits"),
        (half(HalfOpen { passes_to_close: 6, ..good.half_open }), "half_open.passes_to_close"),
        (half(HalfOpen { lease_ms: 0, ..good.half_open }), "half_open.lease_ms"),
    ] {
        assert_eq!(config.check().unwrap_err().setting, setting);
    }
}

/// The settings of the official SDK for Python, and which answers it counts.
#[test]
fn vector_circuit_breaker() {
    let file: serde_json::Value = serde_json::from_str(include_str!("../../retry/oci_vectors.json")).unwrap();
    let case =
        |id: &str| file["cases"].as_array().unwrap().iter().find(|case| case["id"] == id).unwrap()["expect"].clone();
    let expected = case("retry/circuit-breaker");
    let services = Config::python_sdk();
    assert_eq!(expected["default"]["failure_threshold"], services.consecutive.unwrap().failures);
    assert_eq!(expected["default"]["recovery_timeout_s"], services.open_ms(1, 0.7) / SECOND);
    for (status, codes) in expected["default"]["statuses"].as_object().unwrap() {
        let status: u16 = status.parse().unwrap();
        let any = codes.as_array().unwrap().is_empty();
        assert_eq!(services.counted.outcome(&Failure::status(status)) == BAD, any, "{status}");
        for code in codes.as_array().unwrap() {
            let failure = Failure::status(status).with_code(code.as_str().unwrap());
            assert_eq!(services.counted.outcome(&failure), BAD, "{status} {code}");
        }
    }
    for row in case("retry/status").as_array().unwrap() {
        let failure = Failure::status(u16::try_from(row["status"].as_u64().unwrap()).unwrap());
        let failure = row["code"].as_str().map(|code| failure.clone().with_code(code)).unwrap_or(failure);
        let counts = row["counts_for_circuit_breaker"].as_bool().unwrap();
        assert_eq!(services.counted.outcome(&failure), if counts { BAD } else { OK }, "{row}");
    }
    let federation = Config::python_sdk_federation();
    assert_eq!(expected["federation"]["failure_threshold"], federation.consecutive.unwrap().failures);
    assert_eq!(expected["federation"]["recovery_timeout_s"], "random integer 30..49");
    assert_eq!((federation.open_ms(1, 0.0), federation.open_ms(9, 1.0)), (30 * SECOND, 49 * SECOND));
}

#[test]
fn sdk_presets_open_where_the_sdks_do() {
    let check = |config: Config, ok: u32, bad: u32| {
        let mut rig = rig(config);
        rig.calls(ok, OK).calls(bad - 1, BAD);
        assert!(!rig.is_open());
        rig.call(BAD);
        assert!(rig.is_open());
    };
    check(Config::python_sdk(), 100, 10);
    check(Config::python_sdk_federation(), 100, 3);
    check(Config::go_sdk(), 2, 8);
    check(Config::go_sdk_federation(), 1, 2);
    assert_eq!(Config::go_sdk_federation().open, Config::python_sdk_federation().open);
    for failure in [Failure::NeverSent, Failure::Broken, Failure::Timeout { sent: true }] {
        assert_eq!(Config::go_sdk().counted.outcome(&failure), Outcome::Ignored);
        assert_eq!(Config::shared().counted.outcome(&failure), BAD);
    }
    for config in [Config::shared(), Config::go_sdk()] {
        assert_eq!(config.counted.outcome(&Failure::CircuitOpen { retry_after: None }), Outcome::Ignored);
    }
}
