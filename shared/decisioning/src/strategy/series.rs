//! The series of an intelligence result as plain numbers.

use serde_json::Value;

use super::previous::{Figures, member, word};

/// Measures in the order in which they are looked at.
pub(super) const MEASURES: [&str; 4] = ["revenue", "profit", "quantity", "rows"];
/// Most periods that are looked at, from the end.
const MOST: usize = 4_000;

/// Periods in order, and what was measured in each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Periods {
    /// `month` or `day`.
    pub(super) period: String,
    pub(super) season: usize,
    pub(super) names: Vec<String>,
    pub(super) measures: Vec<(&'static str, Result<Vec<f64>, String>)>,
    /// Where it is in the intelligence result.
    pub(super) pointer: String,
}

impl Periods {
    /// The values of a measure, if it is there for every period.
    pub(super) fn values(&self, measure: &str) -> Option<&[f64]> {
        let found = self.measures.iter().find(|(name, _)| *name == measure)?;
        found.1.as_deref().ok()
    }
}

/// The series of this period, or why there is none.
pub(super) fn periods(intelligence: Figures<'_>, period: &str) -> Result<Periods, String> {
    let list = intelligence.list("/series");
    let found = list.iter().enumerate().find(|(_, series)| word(series, "period") == Some(period));
    let Some((place, series)) = found else {
        let reason = format!("intelligence has no series by {period}");
        return Err(if intelligence.is_there() { reason } else { intelligence.missing("/series").reason() });
    };
    let points = series.get("points").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let points = &points[points.len().saturating_sub(MOST)..];
    let names: Option<Vec<String>> = points.iter().map(|point| word(point, "period").map(str::to_owned)).collect();
    let names = names.ok_or_else(|| format!("a {period} of the series has no name"))?;
    if names.is_empty() {
        return Err(format!("there is no whole {period}"));
    }
    let season = series.get("season").and_then(Value::as_u64).and_then(|season| usize::try_from(season).ok());
    Ok(Periods {
        period: period.to_owned(),
        season: season.filter(|season| (2..=1_000).contains(season)).unwrap_or(1),
        names,
        measures: MEASURES.iter().map(|measure| (*measure, values(points, measure))).collect(),
        pointer: format!("/series/{place}/points"),
    })
}

/// One value per period; a period without rows counts as 0.
fn values(points: &[Value], measure: &str) -> Result<Vec<f64>, String> {
    let value = |point: &Value| {
        let is_empty = point.get("rows").and_then(Value::as_u64) == Some(0);
        member(point, measure).or_else(|| is_empty.then_some(0.0))
    };
    let found: Vec<Option<f64>> = points.iter().map(value).collect();
    if points.iter().all(|point| point.get(measure).is_none_or(Value::is_null)) {
        return Err(format!("{measure} is not known for any period"));
    }
    match found.iter().filter(|value| value.is_none()).count() {
        0 => Ok(found.into_iter().flatten().collect()),
        missing => Err(format!("{measure} is not known for {missing} of {} periods", points.len())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::previous::Reply;
    use super::*;

    fn read(series: Value, period: &str) -> Result<Periods, String> {
        let data = Value::Object([("series".to_owned(), series)].into_iter().collect());
        let reply = Reply { status: None, data, confidence_score: None };
        periods(Figures::of("intelligence", Some(&reply)), period)
    }

    #[test]
    fn periods_without_rows_are_zero_and_others_must_have_values() {
        let points = json!([
            {"period": "2020-01", "revenue": 1.0, "profit": null, "quantity": null, "rows": 2},
            {"period": "2020-02", "revenue": null, "profit": null, "quantity": null, "rows": 0},
            {"period": "2020-03", "revenue": 3.0, "profit": 1.0, "quantity": null, "rows": 1},
        ]);
        let periods = read(json!([{"period": "month", "season": 12, "points": points}]), "month").unwrap();
        assert_eq!(periods.values("revenue"), Some(&[1.0, 0.0, 3.0][..]));
        assert_eq!(periods.values("rows"), Some(&[2.0, 0.0, 1.0][..]));
        assert_eq!(periods.measures[1].1, Err("profit is not known for 1 of 3 periods".to_owned()));
        assert_eq!(periods.measures[2].1, Err("quantity is not known for any period".to_owned()));
        assert_eq!((periods.season, periods.pointer.as_str()), (12, "/series/0/points"));
    }

    #[test]
    fn series_that_are_not_there() {
        assert_eq!(read(json!("garbage"), "month"), Err("intelligence has no series by month".to_owned()));
        assert_eq!(read(json!([{"period": "month"}]), "month"), Err("there is no whole month".to_owned()));
        assert!(read(json!([{"period": "day", "points": [{}]}]), "day").is_err());
        assert!(periods(Figures::of("intelligence", None), "day").is_err());
    }
}
