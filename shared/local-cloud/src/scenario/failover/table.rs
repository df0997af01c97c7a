//! The table that scrolls, and the sums.

use causeway_cloud::side::OF_SECOND;

use super::calls::{Answer, By};
use super::watch::{Seen, Watch};
use crate::terminal::{Align, clean, pad, shorten};

/// Name, width, edge.
const COLUMNS: [(&str, usize, Align); 9] = [
    ("MINUTE", 6, Align::Right),
    ("REQUESTS", 8, Align::Right),
    ("FIRST", 6, Align::Right),
    ("SECOND", 6, Align::Right),
    ("CACHE", 6, Align::Right),
    ("AGAIN", 6, Align::Right),
    ("LOST", 6, Align::Right),
    ("BREAKER", 9, Align::Left),
    ("CHANGES", 40, Align::Left),
];
/// Reasons that the sums repeat.
const MOST_PROBLEMS: usize = 5;
const PROBLEM_WIDTH: usize = 200;

/// One minute of the drill, or all of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Minute {
    pub(super) number: u64,
    requests: u32,
    first: u32,
    second: u32,
    cache: u32,
    again: u32,
    lost: u32,
    pub(super) breaker: Seen,
}

impl Minute {
    pub(super) fn new(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    pub(super) fn take(&mut self, answer: &Answer) {
        self.requests += 1;
        self.again += answer.again;
        match answer.by {
            Some(By::First) => self.first += 1,
            Some(By::Second) => self.second += 1,
            Some(By::Cache) => self.cache += 1,
            None => self.lost += 1,
        }
    }
}

pub(super) fn head() -> String {
    row(&COLUMNS.map(|(name, ..)| name.to_owned()))
}

pub(super) fn line(minute: &Minute) -> String {
    let Minute { number, requests, first, second, cache, again, lost, breaker } = minute;
    let numbers =
        [u64::from(*requests), (*first).into(), (*second).into(), (*cache).into(), (*again).into(), (*lost).into()];
    let [requests, first, second, cache, again, lost] = numbers.map(|number| number.to_string());
    let (state, changes) = (breaker.state.to_owned(), breaker.changes.join(", "));
    row(&[number.to_string(), requests, first, second, cache, again, lost, state, changes])
}

fn row(cells: &[String; 9]) -> String {
    let cell =
        |(text, (_, width, align)): (&String, &(&str, usize, Align))| pad(&shorten(text, *width), *width, *align);
    let cells: Vec<String> = cells.iter().zip(&COLUMNS).map(cell).collect();
    cells.join("  ").trim_end().to_owned()
}

/// The whole drill.
#[derive(Debug, Default)]
pub(super) struct Sums {
    all: Minute,
    runs: Vec<String>,
    found: u32,
    missing: u32,
    /// Results that are on the first side too, of those that began on the second.
    back: Option<usize>,
    problems: Vec<String>,
}

impl Sums {
    pub(super) fn add(&mut self, minute: &Minute) {
        let all = &mut self.all;
        all.requests += minute.requests;
        all.first += minute.first;
        all.second += minute.second;
        all.cache += minute.cache;
        all.again += minute.again;
        all.lost += minute.lost;
    }

    pub(super) fn note(&mut self, answer: &Answer) {
        self.runs.extend(answer.run.clone());
        self.problems.extend(answer.problem.clone());
    }

    /// Runs that were answered.
    pub(super) fn runs(&self) -> &[String] {
        &self.runs
    }

    pub(super) fn found(&mut self, is_found: bool) {
        if is_found { self.found += 1 } else { self.missing += 1 }
    }

    /// `names` are the results of the second side that the first has.
    pub(super) fn brought_back(&mut self, names: &[String]) {
        let is_back = |run: &&String| names.iter().any(|name| name.ends_with(&format!("/{run}.json")));
        self.back = Some(self.of_second().filter(is_back).count());
    }

    fn of_second(&self) -> impl Iterator<Item = &String> {
        self.runs.iter().filter(|run| run.starts_with(OF_SECOND))
    }

    pub(super) fn is_lost(&self) -> bool {
        let is_away = self.back.is_some_and(|back| back < self.of_second().count());
        self.all.lost > 0 || self.missing > 0 || is_away
    }

    pub(super) fn text(&self, watch: &Watch) -> String {
        let Minute { requests, first, second, cache, again, lost, .. } = &self.all;
        if *requests == 0 {
            return "nothing was called\n".to_owned();
        }
        let lost_text = if *lost == 0 { "no request lost".to_owned() } else { format!("{lost} requests lost") };
        let asked = self.found + self.missing;
        let mut lines = vec![
            String::new(),
            format!(
                "{lost_text}: {requests} requests, {first} answered by the first side, {second} by the second, {cache} from the cache; \
                 {again} tries were made again"
            ),
            format!("the breaker opened {}: {}", times(watch.opened()), changes(watch)),
        ];
        if asked > 0 {
            lines.push(format!("{} of {asked} runs were found again afterwards", self.found));
        }
        if let Some(back) = self.back {
            lines.push(format!(
                "{back} of {} results of the second side are on the first too",
                self.of_second().count()
            ));
        }
        lines.extend(self.problems.iter().take(MOST_PROBLEMS).map(|problem| shorten(&clean(problem), PROBLEM_WIDTH)));
        lines.into_iter().map(|line| line + "\n").collect()
    }
}

fn times(count: usize) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn changes(watch: &Watch) -> String {
    let names: Vec<_> = watch.changes.iter().map(|event| event.change.name()).collect();
    if names.is_empty() { "no change".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(by: Option<By>, again: u32, run: Option<&str>) -> Answer {
        let problem = by.is_none().then(|| "it failed".to_owned());
        Answer { by, again, run: run.map(str::to_owned), problem }
    }

    #[test]
    fn each_answer_is_counted_where_it_came_from() {
        let mut minute = Minute::new(2);
        for (by, again) in [(Some(By::First), 0), (Some(By::Second), 1), (Some(By::Cache), 0), (None, 2)] {
            minute.take(&answer(by, again, None));
        }
        minute.breaker = Seen { state: "half-open", changes: vec!["opened", "half_opened"] };
        let cells = line(&minute).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cells, ["2", "4", "1", "1", "1", "3", "1", "half-open", "opened,", "half_opened"]);
        assert_eq!(head().find("BREAKER"), line(&minute).find("half-open"));
    }

    #[test]
    fn a_lost_request_and_a_missing_result_are_losses() {
        let check = |answers: &[Answer], found: &[bool], expected: bool| {
            let (mut sums, mut minute) = (Sums::default(), Minute::new(1));
            for answer in answers {
                minute.take(answer);
                sums.note(answer);
            }
            sums.add(&minute);
            found.iter().for_each(|is_found| sums.found(*is_found));
            assert_eq!(sums.is_lost(), expected, "{answers:?} {found:?}");
        };
        let fine = answer(Some(By::First), 2, Some("r"));
        check(&[], &[], false);
        check(std::slice::from_ref(&fine), &[true], false);
        check(std::slice::from_ref(&fine), &[false], true);
        check(&[fine, answer(None, 2, None)], &[true], true);
    }

    #[test]
    fn a_result_of_the_second_side_that_is_not_on_the_first_is_a_loss() {
        let check = |names: &[&str], expected: bool| {
            let mut sums = Sums::default();
            for run in ["r", "side2.r", "side2.s"] {
                sums.note(&answer(Some(By::Second), 0, Some(run)));
            }
            let names: Vec<_> = names.iter().map(|name| format!("results/{name}.json")).collect();
            sums.brought_back(&names);
            assert_eq!(sums.is_lost(), expected, "{names:?}");
        };
        check(&["side2.r", "side2.s"], false);
        check(&["side2.r"], true);
        check(&[], true);
    }
}
