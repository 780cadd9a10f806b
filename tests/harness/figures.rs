//! What a measuring program prints: rows of one table, which `./dev bench` puts together.

use std::{fmt::Display, process::ExitCode};

/// How a figure stands to its goal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is asked of it: it stands there to tell where another comes from.
    Told,
    Met,
    /// Short of the goal, and not so far that the program fails.
    Short,
    Missed,
}

impl Verdict {
    /// Met, or missed.
    pub fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::Missed }
    }

    /// Against a goal, and what must be reached in any case.
    pub fn at_least(now: f64, goal: f64, least: f64) -> Self {
        match now {
            now if now >= goal => Self::Met,
            now if now >= least => Self::Short,
            _ => Self::Missed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Told => "",
            Self::Met => "met",
            Self::Short => "short",
            Self::Missed => "MISSED",
        }
    }
}

/// The rows so far.
#[derive(Default)]
pub struct Figures {
    missed: bool,
}

impl Figures {
    /// A row, printed at once.
    pub fn row(&mut self, figure: &str, now: impl Display, goal: &str, verdict: Verdict) {
        self.missed |= verdict == Verdict::Missed;
        println!("| {figure} | {now} | {goal} | {} |", verdict.word());
    }

    /// Whether all that must be reached is.
    pub fn ended(self) -> ExitCode {
        if self.missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
