//! Reading MQL.

use super::mql::{Expr, Filter, FilterOperator, Grouping, Operator, Predicate, Statistic, Window};

/// Characters of a query, depth of its parentheses, and its metrics and numbers, at most. Chains of operators
/// grow as deep as they are long, and answering a query descends into each: that must not use up the stack.
const MAX_LENGTH: usize = 10_000;
const MAX_DEPTH: usize = 16;
const MAX_OPERANDS: usize = 64;
const MINUTE_MS: i64 = 60_000;

/// Reads a query.
///
/// # Errors
///
/// What is wrong, and at which character.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the query has more than {MAX_LENGTH} characters"));
    }
    let mut parser = Parser { text, at: 0, depth: 0, operands: 0 };
    let expr = parser.joined()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.fail("the end"));
    }
    match expr.interval_ms() {
        Some(_) => Ok(expr),
        None => Err("the query names no metric".to_owned()),
    }
}

/// An interval such as `5m`, in milliseconds.
pub(super) fn interval(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: i64 = number.parse().ok()?;
    let (range, unit_ms) = match unit {
        "m" => (1..=60, MINUTE_MS),
        "h" => (1..=24, 60 * MINUTE_MS),
        "d" => (1..=1, 24 * 60 * MINUTE_MS),
        _ => return None,
    };
    range.contains(&number).then_some(number * unit_ms)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    operands: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn fail(&self, expected: &str) -> String {
        format!("{expected} is expected at character {}", self.at + 1)
    }

    fn skip_space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn take(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(self.fail(&format!("'{token}'"))) }
    }

    fn word(&mut self, inner: impl Fn(char) -> bool) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        let end = rest.find(|c: char| !inner(c)).unwrap_or(rest.len());
        let starts = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (starts && end > 0).then(|| {
            self.at += end;
            &rest[..end]
        })
    }

    /// Joins bind the least, then comparisons, sums and products.
    fn joined(&mut self) -> Result<Expr, String> {
        let mut left = self.compared()?;
        loop {
            let operator = match () {
                () if self.eat("&&") => Operator::And,
                () if self.eat("||") => Operator::Or,
                () => return Ok(left),
            };
            left = binary(operator, left, self.compared()?);
        }
    }

    fn compared(&mut self) -> Result<Expr, String> {
        let inner = self.sum()?;
        match self.predicate()? {
            Some(predicate) => Ok(Expr::Compared { inner: Box::new(inner), predicate }),
            None => Ok(inner),
        }
    }

    fn sum(&mut self) -> Result<Expr, String> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.eat("+") => Operator::Add,
                () if self.eat("-") => Operator::Subtract,
                () => return Ok(left),
            };
            left = binary(operator, left, self.product()?);
        }
    }

    fn product(&mut self) -> Result<Expr, String> {
        let mut left = self.operand()?;
        loop {
            let operator = match () {
                () if self.eat("*") => Operator::Multiply,
                () if self.eat("/") => Operator::Divide,
                () if self.eat("%") => Operator::Remainder,
                () => return Ok(left),
            };
            left = binary(operator, left, self.operand()?);
        }
    }

    fn operand(&mut self) -> Result<Expr, String> {
        self.skip_space();
        if self.eat("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(format!("the query is nested more than {MAX_DEPTH} deep"));
            }
            let inner = self.joined()?;
            self.take(")")?;
            self.depth -= 1;
            return match self.rest().trim_start().starts_with('[') {
                true => Ok(Expr::Nested { inner: Box::new(inner), window: self.window()?.0 }),
                false => Ok(inner),
            };
        }
        self.operands += 1;
        if self.operands > MAX_OPERANDS {
            return Err(format!("the query has more than {MAX_OPERANDS} metrics and numbers"));
        }
        if self.rest().starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == '-') {
            return self.number().map(Expr::Number);
        }
        let name = self.word(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c));
        let name = name.ok_or_else(|| self.fail("a metric"))?.to_owned();
        let (window, filters) = self.window()?;
        Ok(Expr::Metric { name, filters, window })
    }

    /// `[5m]{...}.groupBy(...).stat()`.
    fn window(&mut self) -> Result<(Window, Vec<Filter>), String> {
        self.take("[")?;
        let end = self.rest().find(']').ok_or_else(|| self.fail("']'"))?;
        let interval_ms = interval(self.rest()[..end].trim()).ok_or_else(|| self.fail("an interval"))?;
        self.at += end + 1;
        let filters = if self.eat("{") { self.filters()? } else { Vec::new() };
        let mut grouping = Grouping::Each;
        let mut statistic = None;
        while statistic.is_none() {
            self.take(".")?;
            let name = self.word(|c| c.is_ascii_alphanumeric()).ok_or_else(|| self.fail("a statistic"))?;
            self.take("(")?;
            match name {
                "grouping" => grouping = Grouping::All,
                "groupBy" => grouping = Grouping::By(self.names()?),
                name => statistic = Some(self.statistic(name)?),
            }
            self.take(")")?;
        }
        if self.eat(".grouping()") {
            grouping = Grouping::All;
        }
        let statistic = statistic.ok_or_else(|| self.fail("a statistic"))?;
        Ok((Window { interval_ms, grouping, statistic }, filters))
    }

    fn filters(&mut self) -> Result<Vec<Filter>, String> {
        let mut filters = Vec::new();
        while !self.eat("}") {
            if !filters.is_empty() {
                self.take(",")?;
            }
            let dimension = self.word(|c| c.is_ascii_graphic() && !"=!~,{}\"".contains(c));
            let dimension = dimension.ok_or_else(|| self.fail("a dimension"))?.to_owned();
            let operator = match () {
                () if self.eat("=~") => FilterOperator::Fuzzy,
                () if self.eat("!=") => FilterOperator::NotEqual,
                () if self.eat("==") || self.eat("=") => FilterOperator::Equal,
                () => return Err(self.fail("'=', '!=' or '=~'")),
            };
            filters.push(Filter { dimension, operator, value: self.quoted()? });
        }
        Ok(filters)
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.take("\"")?;
        let mut value = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += at + 1;
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, c)| c)),
                c => value.push(c),
            }
        }
        Err(self.fail("a closing '\"'"))
    }

    fn names(&mut self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        loop {
            let name = self.word(|c| c.is_ascii_graphic() && !",()".contains(c));
            names.push(name.ok_or_else(|| self.fail("a dimension"))?.to_owned());
            if !self.eat(",") {
                return Ok(names);
            }
        }
    }

    fn statistic(&mut self, name: &str) -> Result<Statistic, String> {
        Ok(match name {
            "absent" => {
                let end = self.rest().find(')').ok_or_else(|| self.fail("')'"))?;
                let period = self.rest()[..end].trim();
                let known = interval(period);
                if !period.is_empty() && known.is_none() {
                    return Err(self.fail("an interval"));
                }
                self.at += end;
                Statistic::Absent(known)
            }
            "avg" | "mean" => Statistic::Mean,
            "count" => Statistic::Count,
            "first" => Statistic::First,
            "increment" => Statistic::Increment,
            "last" => Statistic::Last,
            "max" => Statistic::Max,
            "min" => Statistic::Min,
            "percentile" => {
                let part = self.number()?;
                let valid = part > 0.0 && part < 1.0;
                valid.then_some(Statistic::Percentile(part)).ok_or_else(|| self.fail("a number between 0 and 1"))?
            }
            "rate" => Statistic::Rate,
            "sum" => Statistic::Sum,
            other => return Err(format!("there is no statistic {other}")),
        })
    }

    fn predicate(&mut self) -> Result<Option<Predicate>, String> {
        let of: fn(f64) -> Predicate = match () {
            () if self.eat(">=") => Predicate::GreaterOrEqual,
            () if self.eat(">") => Predicate::Greater,
            () if self.eat("<=") => Predicate::LessOrEqual,
            () if self.eat("<") => Predicate::Less,
            () if self.eat("==") => Predicate::Equal,
            () if self.eat("!=") => Predicate::NotEqual,
            () if self.eat("not in") => return self.bounds(Predicate::NotIn).map(Some),
            () if self.eat("in") => return self.bounds(Predicate::In).map(Some),
            () => return Ok(None),
        };
        self.number().map(|bound| Some(of(bound)))
    }

    fn bounds(&mut self, of: fn(f64, f64) -> Predicate) -> Result<Predicate, String> {
        self.take("(")?;
        let low = self.number()?;
        self.take(",")?;
        let high = self.number()?;
        self.take(")")?;
        Ok(of(low, high))
    }

    fn number(&mut self) -> Result<f64, String> {
        self.skip_space();
        let rest = self.rest();
        let signed = usize::from(rest.starts_with('-'));
        let end = rest[signed..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |at| at + signed);
        let number = rest[..end].parse::<f64>().map_err(|_| self.fail("a number"))?;
        self.at += end;
        Ok(number)
    }
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    Expr::Binary { operator, left: Box::new(left), right: Box::new(right) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn queries_of_the_documentation_are_understood() {
        for query in [
            "CpuUtilization[1m].mean()",
            "CpuUtilization[5m]{resourceId =~ \"ocid1.n1|ocid1.n2\"}.groupBy(resourceId).mean()",
            "IopsRead[1m].grouping().max()",
            "IopsWrite[1m]{availabilityDomain = \"VeBZ:PHX-AD-1\", resourceId != \"x\"}.sum() > 100",
            "CpuUtilization[1m].percentile(0.9) >= 85",
            "CpuUtilization[1m].mean() in (60, 80)",
            "CpuUtilization[1m].mean() not in (60,80)",
            "CpuUtilization[1m]{faultDomain =~ \"FAULT-DOMAIN-1|FAULT-DOMAIN-2\"}.mean() && MemoryUtilization[1m].mean() < 20",
            "(CpuUtilization[1m].mean() + 2.5) * 3 / MemoryUtilization[1m].mean() % 7 - 1",
            "(CpuUtilization[1m].groupBy(poolId).mean())[5m].max()",
            "CpuUtilization[1m]{resourceId = \"x\"}.absent(20m)",
            "My.metric-name$1[24h].count()",
            "A[1d].rate()",
        ] {
            parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for query in [
            "",
            "1 + 2",
            "CpuUtilization",
            "CpuUtilization[1m]",
            "CpuUtilization[1m].mode()",
            "CpuUtilization[2d].mean()",
            "CpuUtilization[61m].mean()",
            "CpuUtilization[1m].mean() by x",
            "CpuUtilization[1m].mean() >",
            "CpuUtilization[1m]{a = b}.mean()",
            "CpuUtilization[1m]{a = \"b}.mean()",
            "CpuUtilization[1m].percentile(2)",
            "CpuUtilization[1m].latest()",
            "(CpuUtilization[1m].mean()",
            "CpuUtilization[\u{e9}m].mean()",
        ] {
            assert!(parse(query).is_err(), "{query}");
        }
        assert!(parse(&"(".repeat(5000)).is_err());
    }

    #[test]
    fn long_chains_are_refused_before_they_get_deep() {
        let check = |query: &str, expected: Option<&str>| {
            let told = parse(query).err();
            let right = match expected {
                Some(words) => told.as_deref().is_some_and(|told| told.contains(words)),
                None => told.is_none(),
            };
            assert!(right, "{}...: {told:?}", &query[..query.len().min(60)]);
        };
        let (metric, many) = ("A[1m].mean()", Some("more than 64 metrics and numbers"));
        for operator in ["+", "-", "*", "/", "%", "&&", "||"] {
            for operand in ["1", metric] {
                let chain = |times: usize| format!("{metric}{}", format!("{operator}{operand}").repeat(times));
                check(&chain(MAX_OPERANDS - 1), None);
                check(&chain(MAX_OPERANDS), many);
                check(&chain(600), many);
                check(&chain(20_000), Some("more than 10000 characters"));
            }
            check(&format!("{metric}{operator}({metric}{}", format!("{operator}1").repeat(600)), many);
        }
        let mixed = "+1*2-3/4%5".repeat(120);
        check(&format!("{metric}{mixed}"), many);
        check(&format!("{metric}{}", " && B[1m].sum() > 1".repeat(300)), many);
        check(&format!("{metric}{}", "> 1".repeat(600)), Some("the end is expected"));
        // Functions after each other build nothing that is deep.
        check(&format!("A[1m]{}.mean()", ".grouping()".repeat(600)), None);
        check(&format!("A[1m]{}", ".mean()".repeat(600)), Some("the end is expected"));
        let nested = |times: usize| format!("{}{metric}{}", "(".repeat(times), ")[1m].max()".repeat(times));
        check(&nested(MAX_DEPTH), None);
        check(&nested(MAX_DEPTH + 1), Some("nested more than 16 deep"));
        check(&nested(600), Some("nested more than 16 deep"));
        check(&format!("{}{metric}", "A[1m].mean()+(".repeat(600)), Some("nested more than 16 deep"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[A-Za-z0-9\\[\\]{}().,=~!<>&|\"\\\\ \u{e9}-]{0,60}") {
            let _ = parse(&text);
        }
    }
}
