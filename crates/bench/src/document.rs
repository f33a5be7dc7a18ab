//! The page of performance: its tables and pictures, made from the published reports.
//!
//! `docs/performance/NAME.json` is what was measured. From it come the pictures `docs/images/bench-ID.svg`, and on
//! `docs/performance.md` whatever stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. The text around is
//! written by people, and left alone. `docs/performance/NAME-flame.svg`, a flame graph of the same run, is shown as it is.
//!
//! To add a benchmark's results to the page: its two markers, each on a line of its own.

use anyhow::{Context as _, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    plot,
    report::{Bound, Goal, Plot, Report, Table, cell, figure},
};

/// Below the folder of the documentation.
const PAGE: &str = "performance.md";
const REPORTS: &str = "performance";
const PICTURES: &str = "images";
/// What the names of our pictures begin with; others in the folder are not ours.
const PICTURE_PREFIX: &str = "bench-";
/// What follows the benchmark in the name of a flame graph.
const FLAME_SUFFIX: &str = "-flame.svg";

/// What the reports say the files are to contain.
#[derive(Debug, PartialEq, Eq)]
pub struct Documents {
    /// By path, from the folder of the documentation; `None` for a picture that no report has any more.
    files: BTreeMap<PathBuf, Option<String>>,
    /// Benchmarks that the page has a place for, and that no report is there of. Their places stay empty.
    pub unmeasured: Vec<String>,
}

impl Documents {
    /// Reads page and reports below `docs`, and makes what they should look like.
    ///
    /// # Errors
    /// A file cannot be read or is not a report, a report is of a quick run or of another name than its file's, the page
    /// has no place for a report or its markers do not match, two pictures have one name, or a picture cannot be drawn.
    pub fn make(docs: &Path) -> anyhow::Result<Self> {
        let page_path = docs.join(PAGE);
        let page = fs::read_to_string(&page_path)
            .with_context(|| format!("cannot read {}", page_path.display()))?;
        let published = Published::read(&docs.join(REPORTS))?;
        let (page, unmeasured) = fill(&page, &published)?;
        let mut files = BTreeMap::new();
        for name in pictures(&docs.join(PICTURES))? {
            files.insert(Path::new(PICTURES).join(name), None);
        }
        let mut seen = BTreeSet::new();
        for plot in published.reports.values().flat_map(|report| &report.plots) {
            if !seen.insert(&plot.id) {
                bail!("two plots are called {}", plot.id);
            }
            files.insert(
                Path::new(PICTURES).join(picture(plot)),
                Some(plot::svg(plot)?),
            );
        }
        files.insert(PAGE.into(), Some(page));
        Ok(Self { files, unmeasured })
    }

    /// Writes what differs below `docs`, and returns its paths.
    ///
    /// # Errors
    /// A file cannot be written or removed.
    pub fn write(&self, docs: &Path) -> anyhow::Result<Vec<&Path>> {
        let different = self.different(docs);
        for path in &different {
            let file = docs.join(path);
            match self.files.get(*path) {
                Some(Some(text)) => {
                    if let Some(folder) = file.parent() {
                        fs::create_dir_all(folder)?;
                    }
                    fs::write(&file, text)
                }
                _ => fs::remove_file(&file),
            }
            .with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(different)
    }

    /// The paths whose files below `docs` are not what they should be.
    pub fn different(&self, docs: &Path) -> Vec<&Path> {
        let differs = |path: &Path, text: &Option<String>| {
            fs::read_to_string(docs.join(path)).ok().as_ref() != text.as_ref()
        };
        self.files
            .iter()
            .filter(|(path, text)| differs(path, text))
            .map(|(path, _)| path.as_path())
            .collect()
    }
}

/// What is to be shown.
#[derive(Debug, Default)]
struct Published {
    /// By the benchmark's name.
    reports: BTreeMap<String, Report>,
    /// The benchmarks that a flame graph is there of.
    flames: BTreeSet<String>,
}

impl Published {
    /// Empty if there is no such folder.
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut published = Self::default();
        for path in files(folder)? {
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(bench) = name.and_then(|name| name.strip_suffix(FLAME_SUFFIX)) {
                published.flames.insert(bench.to_owned());
                continue;
            }
            let report = read(&path).with_context(|| format!("{} is no report", path.display()))?;
            published.reports.insert(report.bench.clone(), report);
        }
        let Self { reports, flames } = &published;
        if let Some(bench) = flames.iter().find(|bench| !reports.contains_key(*bench)) {
            bail!("{bench}{FLAME_SUFFIX} is of a run that is not published");
        }
        Ok(published)
    }
}

fn read(path: &Path) -> anyhow::Result<Report> {
    let report: Report = serde_json::from_str(&fs::read_to_string(path)?)?;
    if report.quick {
        bail!("it is of a quick run, which says nothing");
    }
    if path.file_stem().is_none_or(|name| *name != *report.bench) {
        bail!("it is called {:?} inside", report.bench);
    }
    Ok(report)
}

/// Names of the pictures that are there and were made here.
fn pictures(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut pictures = files(folder)?;
    pictures.retain(|path| path.extension().is_some_and(|end| end == "svg"));
    let names = pictures
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter(|name| name.starts_with(PICTURE_PREFIX));
    Ok(names.map(str::to_owned).collect())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    Ok(entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?)
}

fn picture(plot: &Plot) -> String {
    format!("{PICTURE_PREFIX}{}.svg", plot.id)
}

/// The page with its blocks made anew, and the names of those that no report is there of.
fn fill(page: &str, published: &Published) -> anyhow::Result<(String, Vec<String>)> {
    let mut filled = String::new();
    let mut open: Option<&str> = None;
    let mut seen = BTreeSet::new();
    let mut unmeasured = Vec::new();
    for line in page.lines() {
        match (marker(line), open) {
            (Some(Marker::Begin(name)), None) => {
                if !seen.insert(name) {
                    bail!("{PAGE} has two blocks bench:{name}");
                }
                let _ = writeln!(filled, "{line}");
                match published.reports.get(name) {
                    Some(report) => {
                        filled.push_str(&block(report, published.flames.contains(name)));
                    }
                    None => unmeasured.push(name.to_owned()),
                }
                open = Some(name);
            }
            (Some(Marker::End(name)), Some(begun)) if name == begun => {
                let _ = writeln!(filled, "{line}");
                open = None;
            }
            (Some(_), _) => bail!("{PAGE}: {line:?} does not match the marker before it"),
            (None, Some(_)) => {}
            (None, None) => {
                let _ = writeln!(filled, "{line}");
            }
        }
    }
    if let Some(name) = open {
        bail!("{PAGE}: the block bench:{name} has no end");
    }
    if let Some(name) = published
        .reports
        .keys()
        .find(|name| !seen.contains(name.as_str()))
    {
        bail!("{PAGE} has no block bench:{name} for {REPORTS}/{name}.json");
    }
    Ok((filled, unmeasured))
}

enum Marker<'a> {
    Begin(&'a str),
    End(&'a str),
}

fn marker(line: &str) -> Option<Marker<'_>> {
    let inside = line
        .trim()
        .strip_prefix("<!--")?
        .strip_suffix("-->")?
        .trim();
    match inside.strip_prefix('/') {
        Some(end) => end.strip_prefix("bench:").map(Marker::End),
        None => inside.strip_prefix("bench:").map(Marker::Begin),
    }
}

/// What stands between a benchmark's markers: goals, tables, pictures, and last what all of it is relative to.
fn block(report: &Report, has_flame: bool) -> String {
    let mut text = "\n".to_owned();
    text.push_str(&goals(&report.goals));
    for one in &report.tables {
        let _ = writeln!(text, "**{}**\n\n{}", escaped(&one.title), table(one));
    }
    for plot in &report.plots {
        // Brackets would end the picture's description.
        let title = plot.title.replace(['[', ']'], "");
        let _ = writeln!(text, "![{title}]({PICTURES}/{})\n", picture(plot));
    }
    if has_flame {
        let path = format!("{REPORTS}/{}{FLAME_SUFFIX}", report.bench);
        let _ = writeln!(
            text,
            "[![Flame graph: where the CPU time goes]({path})]({path})\n"
        );
    }
    let calibration = report.calibration.table();
    let _ = writeln!(
        text,
        "**{}**\n\n{}",
        escaped(&calibration.title),
        table(&calibration)
    );
    text
}

fn goals(goals: &[Goal]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let mut text = "| goal | set | measured | |\n|---|---:|---:|---|\n".to_owned();
    for goal in goals {
        let (sign, bound) = match goal.bound {
            Bound::AtMost(bound) => ('≤', bound),
            Bound::AtLeast(bound) => ('≥', bound),
        };
        let _ = writeln!(
            text,
            "| {} | {sign} {} | {} | {} |",
            escaped(&goal.text),
            figure(bound),
            figure(goal.value),
            if goal.is_met() { "met" } else { "**not met**" }
        );
    }
    text.push('\n');
    text
}

fn table(table: &Table) -> String {
    let mut text = "| |".to_owned();
    for column in &table.columns {
        let _ = write!(text, " {} |", escaped(column));
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|".repeat(table.columns.len()));
    for row in &table.rows {
        let _ = write!(text, "\n| {} |", escaped(&row.label));
        for index in 0..table.columns.len() {
            let _ = write!(text, " {} |", cell(row, index));
        }
    }
    text.push('\n');
    text
}

/// Text that Markdown takes as text, in a table too.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '|' | '<' | '*' | '_' | '`' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests;
