//! From tokens to a condition.

use serde_json::{Number, Value};

use super::tokens::{Placed, Token, tokens, wrong};
use super::{Comparator, Condition, ConditionError, Operand, Path, Step};

/// Deepest nesting of parentheses and negations.
const MAX_DEPTH: usize = 32;
/// Words that no agent can be called.
const KEYWORDS: [&str; 8] = ["always", "never", "and", "or", "not", "true", "false", "null"];

/// Reads a condition.
///
/// # Errors
/// [`ConditionError`] with the place and what was expected there.
pub fn parse(text: &str) -> Result<Condition, ConditionError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, next: 0, end: text.chars().count() };
    let condition = parser.whole()?;
    match parser.peek() {
        None => Ok(condition),
        Some(left) => Err(wrong(left.at, "expected AND, OR or the end of the condition".to_owned())),
    }
}

struct Parser<'a> {
    tokens: &'a [Placed],
    next: usize,
    /// Characters of the whole text: where an early end is.
    end: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Placed> {
        self.tokens.get(self.next)
    }

    fn at(&self) -> usize {
        self.peek().map_or(self.end, |placed| placed.at)
    }

    fn take(&mut self) -> Option<&'a Placed> {
        let taken = self.peek();
        self.next += usize::from(taken.is_some());
        taken
    }

    fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.peek().is_some_and(|placed| placed.token == *token);
        self.next += usize::from(is_it);
        is_it
    }

    fn takes_word(&mut self, keyword: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Placed { token: Token::Word(word), .. })
            if word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(is_it);
        is_it
    }

    fn expected<T>(&self, what: &str) -> Result<T, ConditionError> {
        Err(wrong(self.at(), format!("expected {what}")))
    }

    fn whole(&mut self) -> Result<Condition, ConditionError> {
        if self.takes_word("always") {
            return Ok(Condition::Always);
        }
        if self.takes_word("never") {
            return Ok(Condition::Never);
        }
        self.any(0)
    }

    fn any(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(single_or(parts, Condition::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        let mut parts = vec![self.negated(depth)?];
        while self.takes_word("and") {
            parts.push(self.negated(depth)?);
        }
        Ok(single_or(parts, Condition::All))
    }

    fn negated(&mut self, depth: usize) -> Result<Condition, ConditionError> {
        if depth > MAX_DEPTH {
            return Err(wrong(self.at(), format!("nested more than {MAX_DEPTH} deep")));
        }
        if self.takes_word("not") {
            return Ok(Condition::Not(Box::new(self.negated(depth + 1)?)));
        }
        if self.takes(&Token::Open) {
            let inner = self.any(depth + 1)?;
            return if self.takes(&Token::Close) { Ok(inner) } else { self.expected("AND, OR or )") };
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, ConditionError> {
        let at = self.at();
        let left = self.operand()?;
        let comparator = self.comparator()?;
        let right = self.operand()?;
        if matches!((&left, &right), (Operand::Literal(_), Operand::Literal(_))) {
            return Err(wrong(at, "expected the result of an agent on one side, such as discovery.status".to_owned()));
        }
        Ok(Condition::Compare { left, comparator, right })
    }

    fn comparator(&mut self) -> Result<Comparator, ConditionError> {
        match self.peek() {
            Some(Placed { token: Token::Comparator(comparator), .. }) => {
                self.next += 1;
                Ok(*comparator)
            }
            _ => self.expected("one of == != < <= > >="),
        }
    }

    fn operand(&mut self) -> Result<Operand, ConditionError> {
        const WHAT: &str = "an agent's result such as discovery.status, a number, a 'text', true, false or null";
        let Some(placed) = self.peek() else { return self.expected(WHAT) };
        let value = match &placed.token {
            Token::Text(text) => Value::String(text.clone()),
            Token::Number(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                lower if KEYWORDS.contains(&lower) => return self.expected(WHAT),
                _ => return self.path(),
            },
            _ => return self.expected(WHAT),
        };
        self.next += 1;
        Ok(Operand::Literal(value))
    }

    fn path(&mut self) -> Result<Operand, ConditionError> {
        let at = self.at();
        let Some(Placed { token: Token::Word(agent), .. }) = self.take() else { return self.expected("an agent") };
        let mut steps = Vec::new();
        loop {
            if self.takes(&Token::Dot) {
                steps.push(self.member()?);
            } else if self.takes(&Token::OpenIndex) {
                steps.push(self.index()?);
            } else {
                break;
            }
        }
        if steps.is_empty() {
            return self.expected("a dot and a member of the agent's result, such as .status");
        }
        Ok(Operand::Path(Path { agent: agent.clone(), steps, at }))
    }

    fn member(&mut self) -> Result<Step, ConditionError> {
        match self.peek() {
            Some(Placed { token: Token::Word(name), .. }) => {
                self.next += 1;
                Ok(Step::Member(name.clone()))
            }
            _ => self.expected("the name of a member"),
        }
    }

    fn index(&mut self) -> Result<Step, ConditionError> {
        let Some(Placed { token: Token::Number(number), .. }) = self.peek() else {
            return self.expected("a position, from 0");
        };
        if *number < 0.0 || number.fract() != 0.0 || *number > f64::from(u32::MAX) {
            return self.expected("a position, from 0");
        }
        self.next += 1;
        if self.takes(&Token::CloseIndex) { Ok(Step::Index(*number as usize)) } else { self.expected("]") }
    }
}

fn single_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() > 1 {
        return join(parts);
    }
    parts.pop().unwrap_or(Condition::Never)
}
