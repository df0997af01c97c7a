//! JSON bodies of an exact size, and equality of their content.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

/// From this size on a body carries records; below, it is one small object.
const RECORDS_FROM: usize = 512;

/// A JSON object of exactly `size` bytes: a number, a padded string and, when there is room, an array of mixed records.
pub(crate) fn body(size: usize) -> Result<Vec<u8>> {
    let mut body = if size < RECORDS_FROM { r#"{"count":7,"name":""#.to_owned() } else { with_records(size)? };
    let tail = r#""}"#;
    ensure!(body.len() + tail.len() <= size, "the smallest body is {} bytes", body.len() + tail.len());
    while body.len() + tail.len() < size {
        body.push(char::from(b'a' + (body.len() % 26) as u8));
    }
    body.push_str(tail);
    Ok(body.into_bytes())
}

fn with_records(size: usize) -> Result<String> {
    let mut body = r#"{"records":["#.to_owned();
    let tail = r#"],"count":7,"name":""#;
    for index in 0.. {
        let record = serde_json::to_string(&record(index))?;
        if body.len() + record.len() + tail.len() + r#","}"#.len() > size {
            break;
        }
        if index > 0 {
            body.push(',');
        }
        body.push_str(&record);
    }
    body.push_str(tail);
    Ok(body)
}

/// One record of every JSON type, with escapes and letters outside ASCII.
fn record(index: u32) -> Value {
    json!({
        "id": index,
        "name": format!("customer-{index:06}"),
        "email": format!("customer.{index}@example.com"),
        "score": f64::from(index % 1000) + 0.375,
        "balance": -12_345 + i64::from(index) * 17,
        "active": index.is_multiple_of(3),
        "parent": null,
        "tags": ["alpha", "beta", format!("group-{}", index % 7)],
        "address": { "city": "Zürich", "street": format!("Weg {}", index % 90), "zip": "8001" },
        "note": "said \"hello\"\nand left",
    })
}

/// Whether two documents say the same: numbers are compared by value, because encoders differ on `1` and `1.0`.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => left == right,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_exact_size_and_parse() {
        for size in [21, 29, 511, 512, 600, 65_536, 1 << 20] {
            let bytes = body(size).unwrap();
            assert_eq!(bytes.len(), size);
            serde_json::from_slice::<Value>(&bytes).unwrap();
        }
        assert!(body(20).is_err());
    }

    #[test]
    fn content_is_compared_by_value() {
        let cases = [
            (json!(1), json!(1.0), true),
            (json!({"a": 1, "b": [2]}), json!({"b": [2.0], "a": 1}), true),
            (json!([1, 2]), json!([1]), false),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!("1"), json!(1), false),
        ];
        for (left, right, expected) in cases {
            assert_eq!(same(&left, &right), expected, "{left} {right}");
        }
    }
}
