//! Starting, watching and ending programs.
//!
//! A [`Program`] leads a process group of its own. Whatever happens to us (an error, a panic, Ctrl-C, even SIGKILL),
//! that group is ended, first politely: see `watcher`. Nothing else is ever signalled. Output goes to memory or to a
//! file; waiting is always for a condition and always has a limit.
//!
//! What this does not do: no shell, no search of running processes, no restart.

mod output;
mod wait;
mod watcher;

use std::{
    ffi::{OsStr, OsString},
    io::Write as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, bail};

use crate::excerpt::last_lines;
use output::Captured;
pub use wait::{Deadline, wait_until};
use watcher::Watcher;

/// How long a program may take to leave when asked to, before it is killed.
const POLITE: Duration = Duration::from_secs(10);

/// A signal that this project sends, and only to programs it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Go on after [`Signal::Stop`].
    Continue,
    /// What Ctrl-C sends.
    Interrupt,
    /// Ends at once; nothing can be saved.
    Kill,
    /// Freezes every thread.
    Stop,
    /// Asks to end.
    Terminate,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Continue => "CONT",
            Self::Interrupt => "INT",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Terminate => "TERM",
        }
    }
}

/// How to start a program. Nothing happens before [`Launch::start`].
#[derive(Debug)]
pub struct Launch {
    name: String,
    command: Command,
    log: Option<PathBuf>,
    input: bool,
}

impl Launch {
    /// `program` is a path, or a name that is looked up on `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref();
        let name = PathBuf::from(program)
            .file_name()
            .unwrap_or(program)
            .to_string_lossy()
            .into_owned();
        Self {
            name,
            command: Command::new(program),
            log: None,
            input: false,
        }
    }

    /// Adds an argument. Never a secret: arguments are visible to every user of the machine.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets a variable of the program's environment; the rest is inherited.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets several.
    #[must_use]
    pub fn envs(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Removes a variable from the program's environment.
    #[must_use]
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Starts it in this folder.
    #[must_use]
    pub fn dir(mut self, dir: impl AsRef<std::path::Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Appends what it prints to this file instead of keeping it in memory. For programs that run long and print no
    /// secrets.
    #[must_use]
    pub fn log_to(mut self, path: impl Into<PathBuf>) -> Self {
        self.log = Some(path.into());
        self
    }

    /// Lets us write to its standard input; otherwise that is empty.
    #[must_use]
    pub fn with_input(mut self) -> Self {
        self.input = true;
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// It, or the shell that watches over it, cannot be started; the log file cannot be written.
    pub fn start(mut self) -> anyhow::Result<Program> {
        let captured = Captured::prepare(&mut self.command, self.log.as_deref())?;
        self.command.stdin(if self.input {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        watcher::lead_a_group(&mut self.command);
        let mut child = self.command.spawn().with_context(|| {
            format!(
                "cannot start {}",
                self.command.get_program().to_string_lossy()
            )
        })?;
        let output = captured.follow(&mut child);
        let watcher = match Watcher::watch(&child) {
            Ok(watcher) => watcher,
            Err(error) => {
                // Unwatched, it could outlive us.
                let _ = child.kill();
                let _ = child.wait();
                return Err(error).context("cannot start /bin/sh to watch over a program");
            }
        };
        Ok(Program {
            name: self.name,
            input: child.stdin.take(),
            child,
            watcher: Some(watcher),
            output,
            status: None,
        })
    }

    /// Starts it, gives it `input` and waits until it ends.
    ///
    /// # Errors
    ///
    /// It cannot be started, or has not ended within the limit; then it is ended.
    pub async fn run_with_input(self, input: &str, limit: Duration) -> anyhow::Result<Finished> {
        let mut program = self.with_input().start()?;
        program.write(input)?;
        program.close_input();
        program.finish(limit).await
    }

    /// Starts it without input and waits until it ends.
    ///
    /// # Errors
    ///
    /// It cannot be started, or has not ended within the limit; then it is ended.
    pub async fn run(self, limit: Duration) -> anyhow::Result<Finished> {
        self.start()?.finish(limit).await
    }
}

/// A running program. Dropping it ends it and everything in its process group; that can take some seconds.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    watcher: Option<Watcher>,
    output: Captured,
    status: Option<ExitStatus>,
}

impl Program {
    /// What it is called in messages: its file name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it has printed on standard output until now.
    pub fn stdout(&self) -> String {
        self.output.stdout()
    }

    /// What it has printed on standard error until now; when both go to a log file, that file's content.
    pub fn stderr(&self) -> String {
        self.output.stderr()
    }

    /// Whether it has not ended yet.
    ///
    /// # Errors
    ///
    /// The operating system does not know it any more.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.exit_status()?.is_none())
    }

    /// Writes to its standard input.
    ///
    /// # Errors
    ///
    /// It was started without input, has closed it, or has ended.
    pub fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let Some(input) = &mut self.input else {
            bail!("{} takes no input", self.name);
        };
        input
            .write_all(text.as_bytes())
            .and_then(|()| input.flush())
            .with_context(|| format!("{} does not take its input", self.name))
    }

    /// Ends its standard input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// Sends a signal to the program and everything in its process group.
    ///
    /// # Errors
    ///
    /// It has ended, or the signal could not be sent.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        if !self.is_running()? {
            bail!("{} has already ended", self.name);
        }
        watcher::signal_group(&self.child, signal.name())
            .with_context(|| format!("send {signal:?} to {}", self.name))
    }

    /// Waits for something in its standard output. `pick` is given each line.
    ///
    /// # Errors
    ///
    /// It ended first, or the limit was reached; both messages show what it printed last.
    pub async fn line<T>(
        &mut self,
        what: &str,
        limit: Duration,
        pick: impl Fn(&str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let deadline = Deadline::after(limit);
        loop {
            // Asked before the output is read, so that the last line of an ended program is not missed.
            let ended = self.exit_status()?;
            if let Some(found) = self.output.stdout().lines().find_map(&pick) {
                return Ok(found);
            }
            if let Some(status) = ended {
                bail!(
                    "{} ended with {status} before {what}\n{}",
                    self.name,
                    self.last_words()
                );
            }
            if deadline.is_over() {
                bail!(
                    "{} did not come to {what} within {} s\n{}",
                    self.name,
                    limit.as_secs(),
                    self.last_words()
                );
            }
            deadline.pause().await;
        }
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    ///
    /// The limit was reached; then it is ended.
    pub async fn finish(mut self, limit: Duration) -> anyhow::Result<Finished> {
        let deadline = Deadline::after(limit);
        loop {
            if let Some(status) = self.exit_status()? {
                let (stdout, stderr) = self.output.complete().await;
                return Ok(Finished {
                    name: self.name.clone(),
                    status,
                    stdout,
                    stderr,
                });
            }
            if deadline.is_over() {
                bail!(
                    "{} was still running after {} s and has been ended\n{}",
                    self.name,
                    limit.as_secs(),
                    self.last_words()
                );
            }
            deadline.pause().await;
        }
    }

    /// Asks it to end and waits; kills it when it does not.
    ///
    /// # Errors
    ///
    /// The operating system refuses to signal it.
    pub async fn stop(mut self) -> anyhow::Result<Finished> {
        if self.is_running()? {
            self.signal(Signal::Terminate)?;
        }
        self.finish(POLITE).await
    }

    /// Ends it at once, as a crash would.
    ///
    /// # Errors
    ///
    /// It has already ended.
    pub async fn kill(mut self) -> anyhow::Result<Finished> {
        self.signal(Signal::Kill)?;
        self.finish(POLITE).await
    }

    /// The last lines that it printed, for messages.
    pub fn last_words(&self) -> String {
        let text = [self.output.stdout(), self.output.stderr()].concat();
        last_lines(&text, 15)
    }

    fn exit_status(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self
                .child
                .try_wait()
                .with_context(|| format!("ask for the state of {}", self.name))?;
            if self.status.is_some() {
                // What it left behind goes now, while its group's number cannot mean anything else.
                self.watcher = None;
            }
        }
        Ok(self.status)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let Some(watcher) = self.watcher.take() else {
            return;
        };
        let ended = watcher.begin_to_end();
        // Reaped here, or its group would never look empty to the watcher.
        let _ = self.child.wait();
        drop(ended);
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Finished {
    /// What it is called.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// All that it printed on standard output.
    pub stdout: String,
    /// All that it printed on standard error.
    pub stderr: String,
}

impl Finished {
    /// Its standard output, if it ended well.
    ///
    /// # Errors
    ///
    /// It ended with another exit code than 0; the message shows what it printed.
    pub fn ok(self) -> anyhow::Result<String> {
        self.expect_code(0).map(|finished| finished.stdout)
    }

    /// Checks the exit code.
    ///
    /// # Errors
    ///
    /// It was another, or a signal; the message shows what the program printed.
    pub fn expect_code(self, code: i32) -> anyhow::Result<Self> {
        if self.status.code() == Some(code) {
            return Ok(self);
        }
        bail!(
            "{} ended with {}, expected exit code {code}\n{}{}",
            self.name,
            self.status,
            self.stdout,
            self.stderr
        );
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
