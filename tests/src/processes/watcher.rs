//! Ends a process group when we no longer say that we are there.
//!
//! A tiny shell process holds the other end of a pipe. When the pipe closes, because the program is dropped or because
//! we are gone ourselves, it ends the group: first politely, after five seconds without mercy.

use std::{
    io,
    process::{Child, Command, Stdio},
};

/// Watches over one process group.
#[derive(Debug)]
pub(super) struct Watcher {
    shell: Child,
}

impl Watcher {
    /// Begins to watch over the group that `leader` leads.
    pub(super) fn watch(leader: &Child) -> io::Result<Self> {
        const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r word
kill -s TERM -- "-$1" || exit 0
kill -s CONT -- "-$1"
tenths=0
while [ "$tenths" -lt 50 ] && kill -s 0 -- "-$1"; do sleep 0.1; tenths=$((tenths + 1)); done
kill -s KILL -- "-$1"
"#;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(leader.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        lead_a_group(&mut command);
        Ok(Self {
            shell: command.spawn()?,
        })
    }

    /// Closes the pipe. The group is gone when the answer has been dropped, provided that its leader is waited for.
    pub(super) fn begin_to_end(mut self) -> Self {
        drop(self.shell.stdin.take());
        self
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Lets the program lead a process group, so that it can be ended with all that it starts, and so that Ctrl-C in the
/// terminal reaches us alone.
pub(super) fn lead_a_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// Sends a signal to the group of a program that has not been waited for.
pub(super) fn signal_group(leader: &Child, signal: &str) -> io::Result<()> {
    let status = Command::new("/bin/sh")
        .args(["-c", r#"kill -s "$1" -- "-$2""#, "sh", signal])
        .arg(leader.id().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other("there is no such process group"))
    }
}
