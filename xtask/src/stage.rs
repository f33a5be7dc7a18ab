//! Stages: named steps with a time limit, whose times are listed at the end.

use std::{
    fs::{self, File},
    io::{IsTerminal as _, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crate::{dead_man::DeadMan, failure::Failure};

/// How often a quiet stage says that it is still running.
const HEARTBEAT: Duration = Duration::from_mins(1);
/// How much of a failed stage's log is shown.
const LOG_TAIL_BYTES: u64 = 16 * 1024;
const LOG_TAIL_LINES: usize = 120;

/// Where the output of a stage's programs goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Always to the person: it is what the stage is for.
    Shown,
    /// To the person on a terminal; otherwise to a file whose end is shown if the stage fails.
    Progress,
    /// Always to the person, who is told every minute that it is still running: it says nothing until its end.
    Report,
}

/// Runs stages one after the other and remembers their times.
pub(crate) struct Stages {
    finished: Vec<(String, Duration, &'static str)>,
    log_dir: PathBuf,
    quiet: bool,
}

impl Stages {
    /// Logs of quiet stages go into `log_dir`, which is made when the first one needs it.
    pub(crate) fn new(log_dir: PathBuf) -> Self {
        let quiet = is_ci() || !std::io::stdout().is_terminal();
        Self {
            finished: Vec::new(),
            log_dir,
            quiet,
        }
    }

    /// Runs programs one after the other until one fails; `limit` is for all of them together.
    ///
    /// # Errors
    ///
    /// A program could not be started, failed, or the limit was reached; then it has been ended with
    /// everything it had started.
    pub(crate) fn run(
        &mut self,
        name: &str,
        limit: Duration,
        output: Output,
        commands: impl IntoIterator<Item = Command>,
    ) -> Result<(), Failure> {
        let mut log = self.begin(name, output)?;
        let start = now();
        let mut outcome = Ok(());
        for mut command in commands {
            let left = limit.saturating_sub(start.elapsed());
            let silent = output == Output::Report;
            outcome = run_within(name, &mut command, left, limit, log.as_mut(), silent);
            if outcome.is_err() {
                break;
            }
        }
        if outcome.is_err()
            && let Some(log) = &mut log
        {
            log.show_end();
        }
        self.end(name, start, outcome.is_ok());
        outcome
    }

    /// Runs a step of this program itself; it is responsible for its own limits.
    ///
    /// # Errors
    ///
    /// Whatever the step failed with.
    pub(crate) fn work<T>(
        &mut self,
        name: &str,
        step: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.begin(name, Output::Shown)?;
        let start = now();
        let outcome = step();
        self.end(name, start, outcome.is_ok());
        outcome
    }

    /// Notes a stage that has nothing to do, and why.
    pub(crate) fn up_to_date(&mut self, name: &str, why: &str) {
        println!("==> {name}: {why}");
        self.finished
            .push((name.to_owned(), Duration::ZERO, "nothing to do"));
    }

    /// Prints what ran and how long it took, for the end of a command.
    pub(crate) fn print_table(&self) {
        if !self.finished.is_empty() {
            println!("\n{}", self.table());
        }
    }

    fn table(&self) -> String {
        let width = self
            .finished
            .iter()
            .map(|(name, ..)| name.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines = vec!["stage times".to_owned()];
        let mut total = Duration::ZERO;
        for (name, time, outcome) in &self.finished {
            total += *time;
            lines.push(format!("  {name:width$}  {:>9}  {outcome}", seconds(*time)));
        }
        lines.push(format!("  {:width$}  {:>9}", "total", seconds(total)));
        lines.join("\n")
    }

    fn begin(&self, name: &str, output: Output) -> Result<Option<Log>, Failure> {
        println!("==> {name}");
        // Programs write to the same place, past our buffer.
        let _ = std::io::stdout().flush();
        if output != Output::Progress || !self.quiet {
            return Ok(None);
        }
        Log::create(&self.log_dir, self.finished.len() + 1, name).map(Some)
    }

    fn end(&mut self, name: &str, start: Instant, ok: bool) {
        let time = start.elapsed();
        let word = if ok { "ok" } else { "FAILED" };
        println!("==> {name}: {word} in {}", seconds(time));
        self.finished.push((name.to_owned(), time, word));
    }
}

/// Whether this runs in continuous integration, where nobody answers questions.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// The output of a quiet stage.
struct Log {
    file: File,
    path: PathBuf,
}

impl Log {
    fn create(dir: &Path, number: usize, name: &str) -> Result<Self, Failure> {
        let slug: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let path = dir.join(format!("{number:02}-{slug}.log"));
        let made = fs::create_dir_all(dir).and_then(|()| {
            File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(true)
                .open(&path)
        });
        let file =
            made.map_err(|error| Failure::io(&format!("make {}", path.display()), &error))?;
        Ok(Self { file, path })
    }

    fn show_end(&mut self) {
        eprintln!("--- end of {}", self.path.display());
        match end_of(&mut self.file) {
            Ok(text) => eprintln!("{text}"),
            Err(error) => eprintln!("(cannot be read: {error})"),
        }
        eprintln!("---");
    }
}

/// The last lines of a file, bounded in lines and in bytes.
fn end_of(file: &mut File) -> std::io::Result<String> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(LOG_TAIL_LINES);
    Ok(lines
        .iter()
        .skip(first)
        .copied()
        .collect::<Vec<_>>()
        .join("\n"))
}

/// What a program said last, such as the crate that cargo has begun to compile. Opened anew: the program writes
/// where the shared file's position is.
fn last_line(log: &Path) -> Option<String> {
    let text = end_of(&mut File::open(log).ok()?).ok()?;
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}

/// Runs one program for at most `left`; `limit` is what the message says. A program that is `silent`, or writes into a
/// log, is said to be still running.
fn run_within(
    stage: &str,
    command: &mut Command,
    left: Duration,
    limit: Duration,
    log: Option<&mut Log>,
    silent: bool,
) -> Result<(), Failure> {
    let program = words(command);
    let mut progress = None;
    if let Some(log) = log {
        progress = Some(log.path.clone());
        let shared = log
            .file
            .try_clone()
            .and_then(|out| Ok((out, log.file.try_clone()?)));
        let (out, err) = shared.map_err(|error| Failure::io("share the log file", &error))?;
        command.stdout(out).stderr(err);
        // The two ways in which programs are asked for plain text.
        command.env("NO_COLOR", "1").env("TERM", "dumb");
    }
    command.stdin(Stdio::null());
    DeadMan::prepare(command);
    let start = now();
    let mut child = command.spawn().map_err(|error| {
        let path = command.get_program().display();
        Failure::io(&format!("{stage}: cannot start {path}"), &error)
    })?;
    let dead_man = DeadMan::watch(&child)
        .map_err(|error| Failure::io(&format!("{stage}: cannot watch over `{program}`"), &error))?;

    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait()));
    loop {
        let wait = HEARTBEAT.min(left.saturating_sub(start.elapsed()));
        match receiver.recv_timeout(wait) {
            Ok(Ok(status)) => {
                dead_man.dismiss();
                return verdict(stage, &program, status);
            }
            Ok(Err(error)) => {
                return Err(Failure::io(
                    &format!("{stage}: wait for `{program}`"),
                    &error,
                ));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Failure::failed(format!(
                    "{stage}: lost track of `{program}`"
                )));
            }
            Err(RecvTimeoutError::Timeout) if start.elapsed() >= left => {
                drop(dead_man);
                return Err(Failure::failed(format!(
                    "{stage}: `{program}` was ended at the stage's limit of {}",
                    seconds(limit)
                )));
            }
            Err(RecvTimeoutError::Timeout) => {
                if silent || progress.is_some() {
                    let last = progress
                        .as_deref()
                        .and_then(last_line)
                        .map_or_else(String::new, |line| format!(": {line}"));
                    println!(
                        "    {stage}: still running after {}{last}",
                        seconds(start.elapsed())
                    );
                }
            }
        }
    }
}

/// A command as it would be typed, with the bare name of its program.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn verdict(stage: &str, program: &str, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    let how = status
        .code()
        .map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    Err(Failure::failed(format!(
        "{stage}: `{program}` ended with {how}"
    )))
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one source of time in this program"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
