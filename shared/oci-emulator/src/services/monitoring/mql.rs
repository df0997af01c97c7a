//! The Monitoring Query Language: what a query means.

/// A query or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Number(f64),
    /// `Metric[5m]{...}.stat()`.
    Metric {
        name: String,
        filters: Vec<Filter>,
        window: Window,
    },
    /// `(query)[5m].stat()`.
    Nested {
        inner: Box<Expr>,
        window: Window,
    },
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `query > 5`.
    Compared {
        inner: Box<Expr>,
        predicate: Predicate,
    },
}

/// How points are gathered and reduced.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    /// Milliseconds.
    pub(super) interval_ms: i64,
    pub(super) grouping: Grouping,
    pub(super) statistic: Statistic,
}

/// Which streams are put together first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Grouping {
    Each,
    All,
    By(Vec<String>),
}

/// One condition on a dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) dimension: String,
    pub(super) operator: FilterOperator,
    pub(super) value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterOperator {
    Equal,
    NotEqual,
    /// `*` stands for anything, `|` separates alternatives.
    Fuzzy,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Statistic {
    /// With the time that must have passed, in milliseconds.
    Absent(Option<i64>),
    Count,
    First,
    Increment,
    Last,
    Max,
    Mean,
    Min,
    /// 0 to 1.
    Percentile(f64),
    Rate,
    Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
}

/// A condition on values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Predicate {
    Greater(f64),
    GreaterOrEqual(f64),
    Equal(f64),
    NotEqual(f64),
    Less(f64),
    LessOrEqual(f64),
    /// Both bounds included.
    In(f64, f64),
    NotIn(f64, f64),
}

impl Predicate {
    pub(super) fn holds(self, value: f64) -> bool {
        match self {
            Self::Greater(bound) => value > bound,
            Self::GreaterOrEqual(bound) => value >= bound,
            Self::Equal(bound) => value == bound,
            Self::NotEqual(bound) => value != bound,
            Self::Less(bound) => value < bound,
            Self::LessOrEqual(bound) => value <= bound,
            Self::In(low, high) => (low..=high).contains(&value),
            Self::NotIn(low, high) => !(low..=high).contains(&value),
        }
    }
}

impl Filter {
    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        match self.operator {
            FilterOperator::Equal => value == Some(self.value.as_str()),
            FilterOperator::NotEqual => value.is_some_and(|value| value != self.value),
            FilterOperator::Fuzzy => {
                value.is_some_and(|value| self.value.split('|').any(|one| fuzzy(one.trim(), value)))
            }
        }
    }
}

/// `*` is the only special character here.
fn fuzzy(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

impl Expr {
    /// The shortest interval of the query, in milliseconds.
    pub(super) fn interval_ms(&self) -> Option<i64> {
        match self {
            Self::Number(_) => None,
            Self::Metric { window, .. } | Self::Nested { window, .. } => Some(window.interval_ms),
            Self::Binary { left, right, .. } => left.interval_ms().into_iter().chain(right.interval_ms()).min(),
            Self::Compared { inner, .. } => inner.interval_ms(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzzy_values() {
        let check = |pattern: &str, text: &str, expected: bool| {
            let filter =
                Filter { dimension: String::new(), operator: FilterOperator::Fuzzy, value: pattern.to_owned() };
            assert_eq!(filter.holds(Some(text)), expected, "{pattern} {text}");
        };
        check("n1|n2", "n2", true);
        check("n1|n2", "n3", false);
        check("n*", "node", true);
        check("*d*", "node", true);
        check("n*x", "node", false);
        check("a*a", "a", false);
        check("*", "", true);
    }
}
