//! Ratios that hold on a machine that is not quiet: candidates are measured in turn, round by round, and
//! each is set in relation to the first one's time in the same round.

use std::fmt;
use std::time::{Duration, Instant};

const ROUNDS: usize = 201;

/// How long one candidate runs in one round; long enough for the clock, too short for the machine's
/// speed to change much until the next has run.
const TURN: Duration = Duration::from_millis(2);

/// Something to be timed, and its name.
pub struct Candidate<'a> {
    name: &'static str,
    call: Box<dyn FnMut() + 'a>,
}

impl<'a> Candidate<'a> {
    /// `call` does the work once.
    pub fn new(name: &'static str, call: impl FnMut() + 'a) -> Self {
        Self { name, call: Box::new(call) }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Does the work once.
    pub fn call(&mut self) {
        (self.call)();
    }

    fn time(&mut self, calls: u32) -> Duration {
        let start = Instant::now();
        for _ in 0..calls {
            self.call();
        }
        start.elapsed()
    }

    /// How many calls fill a turn.
    fn calls_per_turn(&mut self) -> u32 {
        let mut calls = 1;
        loop {
            let elapsed = self.time(calls);
            if elapsed >= TURN || calls > u32::MAX / 2 {
                return calls;
            }
            calls *= 2;
        }
    }
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One row of the table: what the candidates took, and their ratios to the first.
#[derive(Debug)]
pub struct Row {
    group: String,
    figures: Vec<Figure>,
}

#[derive(Debug)]
struct Figure {
    name: &'static str,
    /// Median of the rounds, in seconds.
    seconds: f64,
    /// Median of the rounds' ratios to the first candidate.
    ratio: f64,
    /// Median of what it took more than the first candidate in the same round, in seconds.
    added: f64,
}

impl Row {
    /// Measures the candidates against the first of them.
    #[must_use]
    pub fn measure(group: &str, candidates: &mut [Candidate<'_>]) -> Self {
        let calls: Vec<_> = candidates.iter_mut().map(Candidate::calls_per_turn).collect();
        let mut round = || -> Vec<f64> {
            let turns = candidates.iter_mut().zip(&calls);
            turns.map(|(candidate, calls)| candidate.time(*calls).as_secs_f64() / f64::from(*calls)).collect()
        };
        let rounds: Vec<_> = (0..ROUNDS).map(|_| round()).collect();
        let figure = |(place, candidate): (usize, &Candidate<'_>)| {
            let of_round = |round: &Vec<f64>| round.get(place).copied().unwrap_or(f64::NAN);
            let of_first = |round: &Vec<f64>| round.first().copied().unwrap_or(f64::NAN);
            let median_of = |value: &dyn Fn(&Vec<f64>) -> f64| median(rounds.iter().map(value).collect());
            Figure {
                name: candidate.name,
                seconds: median_of(&of_round),
                ratio: median_of(&|round| of_round(round) / of_first(round)),
                added: median_of(&|round| of_round(round) - of_first(round)),
            }
        };
        Self { group: group.to_owned(), figures: candidates.iter().enumerate().map(figure).collect() }
    }
}

/// The value in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The rows as a table, with a column for every name in any of them.
#[derive(Debug)]
pub struct Table {
    title: &'static str,
    rows: Vec<Row>,
    compare: Compare,
}

#[derive(Clone, Copy, Debug)]
enum Compare {
    Ratio,
    Difference,
}

impl Table {
    /// Each column as a multiple of the first; `title` is of the rows.
    #[must_use]
    pub fn of_ratios(title: &'static str, rows: Vec<Row>) -> Self {
        Self { title, rows, compare: Compare::Ratio }
    }

    /// What each column takes more than the first; `title` is of the rows.
    #[must_use]
    pub fn of_differences(title: &'static str, rows: Vec<Row>) -> Self {
        Self { title, rows, compare: Compare::Difference }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&str> = Vec::new();
        for figure in self.rows.iter().flat_map(|row| &row.figures) {
            if !names.contains(&figure.name) {
                names.push(figure.name);
            }
        }
        writeln!(f, "| {} | {} |", self.title, names.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(names.len()))?;
        for row in &self.rows {
            write!(f, "| {} |", row.group)?;
            for (place, name) in names.iter().enumerate() {
                let figure = row.figures.iter().find(|figure| figure.name == *name);
                match (figure, self.compare) {
                    (None, _) => write!(f, " - |")?,
                    (Some(figure), _) if place == 0 => write!(f, " {:.2} us |", figure.seconds * 1e6)?,
                    (Some(figure), Compare::Ratio) => {
                        write!(f, " {:.2} x ({:.2} us) |", figure.ratio, figure.seconds * 1e6)?;
                    }
                    (Some(figure), Compare::Difference) => write!(f, " {:+.2} us |", figure.added * 1e6)?,
                }
            }
            writeln!(f)?;
        }
        if names.len() == 1 {
            return write!(f, "(median of {ROUNDS} rounds)");
        }
        let what = match self.compare {
            Compare::Ratio => "x: median over {} rounds of the ratio to the first column in the same round",
            Compare::Difference => {
                "+: median over {} rounds of the difference to the first column in the same round"
            }
        };
        write!(f, "({})", what.replace("{}", &ROUNDS.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_in_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_table_has_a_column_for_every_name() {
        let figure = |name, seconds, ratio| Figure { name, seconds, ratio, added: seconds - 1e-6 };
        let rows = || {
            vec![
                Row {
                    group: "A".to_owned(),
                    figures: vec![figure("floor", 1e-6, 1.0), figure("peer", 2e-6, 2.0)],
                },
                Row { group: "B".to_owned(), figures: vec![figure("floor", 4e-6, 1.0)] },
            ]
        };
        let lines = |table: Table| table.to_string().lines().take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            lines(Table::of_ratios("token", rows())),
            [
                "| token | floor | peer |",
                "|---|---|---|",
                "| A | 1.00 us | 2.00 x (2.00 us) |",
                "| B | 4.00 us | - |"
            ]
        );
        assert_eq!(
            lines(Table::of_differences("route", rows())).get(2).unwrap(),
            "| A | 1.00 us | +1.00 us |"
        );
    }
}
