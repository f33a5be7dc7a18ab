//! Ends a program together with everything it started: at its limit, and also when `xtask` itself goes away,
//! be it by Ctrl-C, a signal or a crash.
//!
//! On Unix the program leads a process group of its own. A tiny shell process holds the other end of a pipe:
//! told `done` it leaves; if the pipe closes without that word, it ends the group, first politely. No signal
//! handler is needed, and even SIGKILL of `xtask` leaves nothing running.

use std::{
    io::{self, Write as _},
    process::{Child, Command, Stdio},
};

/// Watches over one program. Dropping it ends the program, unless [`DeadMan::dismiss`] was called.
pub(crate) struct DeadMan {
    watcher: Child,
}

impl DeadMan {
    /// Lets the program be ended as a group. Call before it is started.
    pub(crate) fn prepare(command: &mut Command) {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        #[cfg(not(unix))]
        let _ = command;
    }

    /// Begins to watch over a program started from a prepared command.
    ///
    /// # Errors
    ///
    /// The watcher could not be started; the program runs on unwatched.
    pub(crate) fn watch(program: &Child) -> io::Result<Self> {
        let mut command = watcher_command(program.id());
        Self::prepare(&mut command);
        let watcher = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { watcher })
    }

    /// The program has ended by itself.
    pub(crate) fn dismiss(mut self) {
        if let Some(mut pipe) = self.watcher.stdin.take() {
            // A watcher that is gone already needs no word.
            let _ = pipe.write_all(b"done\n");
        }
    }
}

impl Drop for DeadMan {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

#[cfg(unix)]
fn watcher_command(leader: u32) -> Command {
    const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r word
[ "$word" = done ] && exit 0
kill -s TERM -- "-$1"
tenths=0
while [ "$tenths" -lt 50 ] && kill -s 0 -- "-$1"; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$1"
"#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "sh"]).arg(leader.to_string());
    command
}

#[cfg(not(unix))]
fn watcher_command(leader: u32) -> Command {
    const SCRIPT: &str =
        "if ([Console]::In.ReadLine() -ne 'done') { taskkill /T /F /PID $env:LEADER }";
    let mut command = Command::new("powershell");
    command.args(["-NoProfile", "-NonInteractive", "-Command", SCRIPT]);
    command.env("LEADER", leader.to_string());
    command
}
