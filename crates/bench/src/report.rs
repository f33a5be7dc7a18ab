//! What a benchmark found: written as JSON, printed as tables.

use serde::{Deserialize, Serialize};
use std::{fmt::Write as _, fs, path::Path};

use crate::calibration::Calibration;

/// One benchmark's result. The pictures and tables of the documentation are made from this and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Which benchmark.
    pub bench: String,
    /// Whether it was a short run, which says nothing.
    pub quick: bool,
    /// What the machine takes for known work, in this run.
    pub calibration: Calibration,
    /// The figures.
    pub tables: Vec<Table>,
    /// What was hoped for, and what came out.
    pub goals: Vec<Goal>,
    /// The same figures as pictures.
    pub plots: Vec<Plot>,
}

/// Figures that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Unique in the report; lower case, words joined by `-`.
    pub id: String,
    /// What is in it, in a sentence.
    pub title: String,
    /// Names of the columns after the first, each with its unit in parentheses.
    pub columns: Vec<String>,
    /// The lines.
    pub rows: Vec<Row>,
}

/// One line of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What was measured.
    pub label: String,
    /// As many as there are columns; `None` where there is nothing to say.
    pub cells: Vec<Option<f64>>,
}

/// A figure with the bound that was set for it before it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// What is measured and as a multiple of what.
    pub text: String,
    /// What came out.
    pub value: f64,
    /// What was set.
    pub bound: Bound,
}

/// Which way a goal is met.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Bound {
    /// Met by this much or less.
    AtMost(f64),
    /// Met by this much or more.
    AtLeast(f64),
}

impl Goal {
    /// Whether the bound holds.
    pub fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtMost(bound) => self.value <= bound,
            Bound::AtLeast(bound) => self.value >= bound,
        }
    }
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plot {
    /// Unique over all reports; the file's name.
    pub id: String,
    /// What is seen, in a sentence.
    pub title: String,
    /// Name and unit of the horizontal axis; for bars, of the categories.
    pub x: String,
    /// Name and unit of the vertical axis.
    pub y: String,
    /// How it is drawn.
    pub kind: PlotKind,
    /// What is drawn.
    pub series: Vec<Series>,
}

/// How a [`Plot`] is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlotKind {
    /// Points joined by lines; the horizontal axis is logarithmic.
    LinesLogX,
    /// Points joined by lines.
    Lines,
    /// Horizontal bars, one for each series, which has one point: its value.
    Bars,
}

/// Points under one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// For the legend.
    pub name: String,
    /// Horizontal and vertical value.
    pub points: Vec<(f64, f64)>,
}

impl Report {
    /// Nothing measured yet.
    pub fn new(bench: &str, quick: bool, calibration: Calibration) -> Self {
        Self {
            bench: bench.to_owned(),
            quick,
            calibration,
            tables: Vec::new(),
            goals: Vec::new(),
            plots: Vec::new(),
        }
    }

    /// As text for a terminal.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}{}\n",
            self.bench,
            if self.quick {
                " (quick: not to be published)"
            } else {
                ""
            }
        );
        let calibration = self.calibration.table();
        for table in std::iter::once(&calibration).chain(&self.tables) {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n{}\n", table.text());
        }
        if !self.goals.is_empty() {
            text.push_str("\nGoals\n");
        }
        for goal in &self.goals {
            let (sign, bound) = match goal.bound {
                Bound::AtMost(bound) => ("≤", bound),
                Bound::AtLeast(bound) => ("≥", bound),
            };
            let met = if goal.is_met() { "met    " } else { "not met" };
            let _ = writeln!(
                text,
                "  {met}  {} {sign} {}  {}",
                figure(goal.value),
                figure(bound),
                goal.text
            );
        }
        text
    }

    /// Writes `NAME.json` into `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        let mut json = serde_json::to_string_pretty(self)?;
        json.push('\n');
        fs::write(folder.join(format!("{}.json", self.bench)), json)?;
        Ok(())
    }
}

impl Table {
    fn text(&self) -> String {
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self.rows.iter().map(|row| cell(row, index).chars().count());
                cells
                    .chain([column.chars().count()])
                    .max()
                    .unwrap_or_default()
            })
            .collect();
        let labels = self
            .rows
            .iter()
            .map(|row| row.label.chars().count())
            .max()
            .unwrap_or_default();
        let mut text = format!("{}\n  {:labels$}", self.title, "");
        for (column, width) in self.columns.iter().zip(&widths) {
            let _ = write!(text, "  {column:>width$}");
        }
        for row in &self.rows {
            let _ = write!(text, "\n  {:labels$}", row.label);
            for (index, width) in widths.iter().enumerate() {
                let _ = write!(text, "  {:>width$}", cell(row, index));
            }
        }
        text
    }
}

/// A cell as people read it.
pub fn cell(row: &Row, index: usize) -> String {
    row.cells
        .get(index)
        .copied()
        .flatten()
        .map_or_else(|| "–".to_owned(), figure)
}

/// Three digits that mean something, thousands apart.
pub fn figure(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = if magnitude >= 100.0 || magnitude == 0.0 {
        0
    } else if magnitude >= 10.0 {
        1
    } else if magnitude >= 1.0 {
        2
    } else {
        3
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, fraction)| {
            (whole, Some(fraction))
        });
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let sign = if whole.starts_with('-') { "−" } else { "" };
    fraction.map_or_else(
        || format!("{sign}{grouped}"),
        |fraction| format!("{sign}{grouped}.{fraction}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_that_mean_something() {
        let all = [0.0, 0.0123, 1.5, 42.04, 366.4, 21_331.0, 1_234_567.0, -3.25];
        let texts: Vec<String> = all.into_iter().map(figure).collect();
        assert_eq!(
            texts,
            [
                "0",
                "0.012",
                "1.50",
                "42.0",
                "366",
                "21\u{202f}331",
                "1\u{202f}234\u{202f}567",
                "−3.25"
            ]
        );
    }

    #[test]
    fn a_goal_is_met_on_its_own_side() {
        let goal = |value, bound| Goal {
            text: String::new(),
            value,
            bound,
        };
        assert!(goal(1.0, Bound::AtMost(1.0)).is_met());
        assert!(!goal(1.1, Bound::AtMost(1.0)).is_met());
        assert!(goal(1.0, Bound::AtLeast(1.0)).is_met());
        assert!(!goal(0.9, Bound::AtLeast(1.0)).is_met());
    }
}
