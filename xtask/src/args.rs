//! The command line: an enum that only a valid one can become.

use std::{ffi::OsString, path::PathBuf};

use crate::{benches::Bench, commands::bundle::Format, failure::Failure, help::Topic};

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Bench(BenchOptions),
    Build(Consent),
    Bundle(BundleOptions),
    Demo(DemoOptions),
    Fuzz(FuzzOptions),
    Gen(GenOptions),
    Help(Topic),
    Lint(LintOptions),
    Screens(ScreensOptions),
    Setup(Consent),
    Test(TestOptions),
}

/// Whether installing was agreed to in advance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consent {
    pub(crate) yes: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BenchOptions {
    /// Empty: all of them.
    pub(crate) benches: Vec<Bench>,
    pub(crate) consent: Consent,
    /// Make the figures those of the documentation. Not together with `quick`.
    pub(crate) docs: bool,
    /// Shorter runs, for trying the instruments out.
    pub(crate) quick: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct BundleOptions {
    /// Afterwards install them into a bare folder and pair with a real server.
    pub(crate) check: bool,
    pub(crate) consent: Consent,
    /// Empty: those that need nothing downloaded.
    pub(crate) formats: Vec<Format>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DemoOptions {
    pub(crate) consent: Consent,
    pub(crate) data_dir: Option<PathBuf>,
    /// Open no window and no virtual display: server, demo client and the two addresses only.
    pub(crate) no_window: bool,
    /// Go through the whole sign-in without a person, and end.
    pub(crate) once: bool,
    /// Delete the demo's data first.
    pub(crate) reset: bool,
    /// Approve with the terminal device instead of the window.
    pub(crate) terminal: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// For each target.
    pub(crate) seconds: u64,
    /// One target, or all of them.
    pub(crate) target: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GenOptions {
    pub(crate) consent: Consent,
    pub(crate) write: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LintOptions {
    pub(crate) consent: Consent,
    pub(crate) fix: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ScreensOptions {
    pub(crate) consent: Consent,
    /// Also write the pictures that the documentation shows.
    pub(crate) docs: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    pub(crate) consent: Consent,
    /// Empty: everything.
    pub(crate) only: Vec<Group>,
}

/// A part of the tests that can be asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// The demo without a person: through the terminal device, and through the real window.
    EndToEnd,
    /// Formatting, clippy, build, tests and documentation of every crate.
    Rust,
    /// The UI's types, lints, unit tests and screens.
    Ui,
    /// The shared vectors, checked by implementations in other languages.
    Vectors,
}

impl Group {
    const NAMES: &str = "rust, ui, vectors or e2e";

    fn parse(name: &str) -> Result<Self, Failure> {
        match name {
            "e2e" => Ok(Self::EndToEnd),
            "rust" => Ok(Self::Rust),
            "ui" => Ok(Self::Ui),
            "vectors" => Ok(Self::Vectors),
            _ => Err(Failure::usage(format!(
                "`--only {name}`: expected {}\nsee `cargo xtask test --help`",
                Self::NAMES
            ))),
        }
    }
}

/// How far an unknown name may be from a known one for it to be suggested.
const MAX_TYPO: usize = 2;

/// How long one fuzz target runs if nothing else is asked for.
pub(crate) const DEFAULT_FUZZ_SECONDS: u64 = 60;

/// Reads the arguments after the program's name.
///
/// # Errors
///
/// An unknown command or option, an option without its value, or text that is not UTF-8: exit code 2 and a
/// message that names the argument and the help to read.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, Failure> {
    let mut words = Vec::new();
    for argument in arguments {
        words.push(argument.into_string().map_err(|argument| {
            Failure::usage(format!("`{}` is not valid UTF-8", argument.display()))
        })?);
    }
    let Some((name, rest)) = words.split_first() else {
        return Ok(Command::Help(Topic::Overview));
    };
    if matches!(name.as_str(), "-h" | "--help") {
        return Ok(Command::Help(Topic::Overview));
    }
    if name == "help" {
        return parse_help(rest);
    }
    let Some(topic) = Topic::find(name) else {
        return Err(unknown_command(name));
    };
    if rest
        .iter()
        .any(|word| matches!(word.as_str(), "-h" | "--help"))
    {
        return Ok(Command::Help(topic));
    }
    let words = Words {
        topic,
        rest: rest.iter(),
    };
    match topic {
        Topic::Bench => words.bench(),
        Topic::Build => Ok(Command::Build(words.consent_only()?)),
        Topic::Bundle => words.bundle(),
        Topic::Demo => words.demo(),
        Topic::Fuzz => words.fuzz(),
        Topic::Gen => words.generate(),
        Topic::Lint => words.lint(),
        Topic::Overview => Ok(Command::Help(Topic::Overview)),
        Topic::Screens => words.screens(),
        Topic::Setup => Ok(Command::Setup(words.consent_only()?)),
        Topic::Test => words.test(),
    }
}

fn parse_help(rest: &[String]) -> Result<Command, Failure> {
    match rest {
        [] => Ok(Command::Help(Topic::Overview)),
        [name] => Topic::find(name)
            .map(Command::Help)
            .ok_or_else(|| unknown_command(name)),
        [_, extra, ..] => Err(Failure::usage(format!(
            "`help` takes one command, not `{extra}`"
        ))),
    }
}

fn unknown_command(name: &str) -> Failure {
    let names: Vec<_> = Topic::ALL.iter().filter_map(|topic| topic.name()).collect();
    Failure::usage(format!(
        "unknown command `{name}`{}\nthere are {} and help\nsee `cargo xtask --help`",
        suggestion(name, &names),
        names.join(", ")
    ))
}

/// The closest of the known names, as the end of a message; empty if none is close.
fn suggestion(name: &str, known: &[&str]) -> String {
    let closest = known
        .iter()
        .map(|known| (edit_distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= MAX_TYPO);
    closest.map_or_else(String::new, |(_, known)| {
        format!("; did you mean `{known}`?")
    })
}

/// How many letters inserted, removed or replaced make one word of the other (Levenshtein).
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut next = vec![above + 1];
        let mut left = above + 1;
        for ((other, diagonal), up) in to.iter().zip(&row).zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(letter != *other);
            left = replaced.min(up + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The words after a command's name, and whose they are.
struct Words<'a> {
    topic: Topic,
    rest: std::slice::Iter<'a, String>,
}

impl<'a> Words<'a> {
    /// The next option with its attached value: `--only=rust` is `("--only", Some("rust"))`.
    fn next(&mut self) -> Option<(&'a str, Option<&'a str>)> {
        let word = self.rest.next()?;
        Some(match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            _ => (word.as_str(), None),
        })
    }

    fn value(&mut self, name: &str, attached: Option<&'a str>) -> Result<&'a str, Failure> {
        attached
            .or_else(|| self.rest.next().map(String::as_str))
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Failure::usage(format!("`{name}` needs a value\n{}", self.see_help())))
    }

    fn unexpected(&self, word: &str) -> Failure {
        let command = self.topic.name().unwrap_or_default();
        Failure::usage(format!(
            "`{command}` does not know `{word}`\n{}",
            self.see_help()
        ))
    }

    fn see_help(&self) -> String {
        format!(
            "see `cargo xtask {} --help`",
            self.topic.name().unwrap_or_default()
        )
    }

    fn consent_only(mut self) -> Result<Consent, Failure> {
        let mut consent = Consent::default();
        while let Some(option) = self.next() {
            match option {
                ("-y" | "--yes", None) => consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(consent)
    }

    fn bench(mut self) -> Result<Command, Failure> {
        let mut options = BenchOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--docs", None) => options.docs = true,
                ("--quick", None) => options.quick = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (name, None) if !name.starts_with('-') => {
                    let bench = Bench::find(name).ok_or_else(|| self.unknown_bench(name))?;
                    options.benches.push(bench);
                }
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        if options.docs && options.quick {
            return Err(Failure::usage(
                "`--docs` publishes what is measured, and the figures of `--quick` say nothing; leave one out",
            ));
        }
        Ok(Command::Bench(options))
    }

    fn unknown_bench(&self, name: &str) -> Failure {
        let names = Bench::ALL.map(Bench::name);
        Failure::usage(format!(
            "there is no benchmark `{name}`{}\nthere are {}\n{}",
            suggestion(name, &names),
            names.join(", "),
            self.see_help()
        ))
    }

    fn bundle(mut self) -> Result<Command, Failure> {
        let mut options = BundleOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--check", None) => options.check = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (name, None) if !name.starts_with('-') => {
                    let format = Format::find(name).ok_or_else(|| {
                        let names = Format::ALL.map(Format::name);
                        Failure::usage(format!(
                            "there is no package format `{name}`{}\nthere are {}\n{}",
                            suggestion(name, &names),
                            names.join(", "),
                            self.see_help()
                        ))
                    })?;
                    if !options.formats.contains(&format) {
                        options.formats.push(format);
                    }
                }
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        if options.check && !options.formats.is_empty() {
            return Err(Failure::usage(
                "`--check` looks into the .deb and the .rpm, so it makes both; name no format",
            ));
        }
        Ok(Command::Bundle(options))
    }

    fn demo(mut self) -> Result<Command, Failure> {
        let mut options = DemoOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--data-dir", value) => {
                    options.data_dir = Some(self.value("--data-dir", value)?.into());
                }
                ("--no-window", None) => options.no_window = true,
                ("--once", None) => options.once = true,
                ("--reset", None) => options.reset = true,
                ("--terminal", None) => options.terminal = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        if options.once && options.no_window && !options.terminal {
            return Err(Failure::usage(
                "`--once` needs something to approve with, and `--no-window` takes it away; \
                 `--once --terminal` does it without a display",
            ));
        }
        Ok(Command::Demo(options))
    }

    fn fuzz(mut self) -> Result<Command, Failure> {
        let mut options = FuzzOptions {
            seconds: DEFAULT_FUZZ_SECONDS,
            target: None,
        };
        while let Some(option) = self.next() {
            match option {
                ("--seconds", value) => {
                    let text = self.value("--seconds", value)?;
                    options.seconds = text.parse().ok().filter(|s| *s > 0).ok_or_else(|| {
                        Failure::usage(format!("`--seconds {text}`: expected a number from 1"))
                    })?;
                }
                (word, None) if !word.starts_with('-') && options.target.is_none() => {
                    options.target = Some(word.to_owned());
                }
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(Command::Fuzz(options))
    }

    fn generate(mut self) -> Result<Command, Failure> {
        let mut options = GenOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--write", None) => options.write = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(Command::Gen(options))
    }

    fn lint(mut self) -> Result<Command, Failure> {
        let mut options = LintOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--fix", None) => options.fix = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(Command::Lint(options))
    }

    fn screens(mut self) -> Result<Command, Failure> {
        let mut options = ScreensOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--docs", None) => options.docs = true,
                ("-y" | "--yes", None) => options.consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(Command::Screens(options))
    }

    fn test(mut self) -> Result<Command, Failure> {
        let mut options = TestOptions::default();
        while let Some(option) = self.next() {
            match option {
                ("--only", value) => {
                    let value = self.value("--only", value)?;
                    for name in value.split(',') {
                        options.only.push(Group::parse(name)?);
                    }
                }
                ("-y" | "--yes", None) => options.consent.yes = true,
                (word, _) => return Err(self.unexpected(word)),
            }
        }
        Ok(Command::Test(options))
    }
}

#[cfg(test)]
mod tests;
