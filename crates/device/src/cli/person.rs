//! The person at the terminal, and secrets from files and descriptors.

use super::{failure::Failure, screen};
use futures_util::future::BoxFuture;
use std::{
    fs::File,
    io::{self, BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};
use tegata_device::{
    Pin,
    ports::{PersonCheck, PersonCheckError, PinReason},
};
use tegata_protocol::Secret;

/// Longest secret line, in bytes.
const MAX_LINE: u64 = 1024;

/// Asks at the terminal without echo, or reads a descriptor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TerminalPerson {
    pub(crate) pin_fd: Option<u32>,
}

impl TerminalPerson {
    fn read(self, prompt: &str) -> Result<Secret<String>, PersonCheckError> {
        match self.pin_fd {
            Some(descriptor) => read_secret_descriptor(descriptor)
                .map_err(|failure| PersonCheckError::Unreachable(failure.to_string())),
            None if io::stdin().is_terminal() || Path::new("/dev/tty").exists() => {
                rpassword::prompt_password(prompt)
                    .map(Secret::new)
                    .map_err(|error| PersonCheckError::Unreachable(error.to_string()))
            }
            None => Err(PersonCheckError::Unreachable(
                "no terminal; use --pin-fd".into(),
            )),
        }
    }

    /// Asks for a new PIN: twice at a terminal, until it is acceptable; once from a descriptor.
    pub(crate) fn choose(self) -> Result<Pin, Failure> {
        loop {
            let locked = |error: PersonCheckError| Failure::locked(error.to_string());
            let text = self
                .read("Choose a PIN of at least six digits: ")
                .map_err(locked)?;
            // EXPOSE: the policy reads the PIN.
            let pin = match Pin::choose(text.expose()) {
                Ok(pin) => pin,
                Err(weakness) if self.pin_fd.is_some() => {
                    return Err(Failure::locked(weakness.to_string()));
                }
                Err(weakness) => {
                    screen::complain(&weakness.to_string());
                    continue;
                }
            };
            if self.pin_fd.is_some() {
                return Ok(pin);
            }
            // EXPOSE: the same again.
            let again = self.read("The same PIN again: ").map_err(locked)?;
            if Pin::typed(again.expose()).is_ok_and(|again| again == pin) {
                return Ok(pin);
            }
            screen::complain("the two were not the same");
        }
    }
}

impl PersonCheck for TerminalPerson {
    fn ask_pin(&self, reason: PinReason) -> BoxFuture<'_, Result<Pin, PersonCheckError>> {
        let person = *self;
        Box::pin(async move {
            let prompt = match reason {
                PinReason::Approve { failures: 0, .. } => "PIN: ".to_owned(),
                PinReason::Approve { failures, .. } => format!("PIN ({failures} wrong so far): "),
                PinReason::Change => "The PIN until now: ".to_owned(),
                PinReason::Replace => "The PIN, to make the new key: ".to_owned(),
                _ => "New PIN: ".to_owned(),
            };
            let read = tokio::task::spawn_blocking(move || person.read(&prompt)).await;
            let text = read.map_err(|error| PersonCheckError::Unreachable(error.to_string()))??;
            // EXPOSE: read as digits.
            Pin::typed(text.expose())
                .map_err(|weakness| PersonCheckError::Unreachable(weakness.to_string()))
        })
    }
}

/// Goes on only if the person says yes, or `yes` says so for them.
pub(crate) fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    match screen::confirms(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::usage("not confirmed")),
        None => Err(Failure::usage("there is no terminal to ask at; add --yes")),
    }
}

/// Says so if others than the owner can read a file that holds a secret.
pub(crate) fn warn_if_shared(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let shared = std::fs::metadata(path)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o044 != 0);
        if shared {
            let name = path.display();
            screen::complain(&format!(
                "warning: others can read {name}; run `chmod 600 {name}`"
            ));
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// The first line of a file.
pub(crate) fn read_secret_file(path: &Path) -> Result<Secret<String>, Failure> {
    let failed =
        |error: io::Error| Failure::locked(format!("{} cannot be read: {error}", path.display()));
    read_line(File::open(path).map_err(failed)?).map_err(failed)
}

/// One line from an inherited file descriptor.
pub(crate) fn read_secret_descriptor(descriptor: u32) -> Result<Secret<String>, Failure> {
    if descriptor == 0 {
        let failed = |error: io::Error| Failure::locked(format!("standard input: {error}"));
        return read_line(io::stdin().lock()).map_err(failed);
    }
    let path: PathBuf = ["/proc/self/fd", "/dev/fd"]
        .iter()
        .map(|dir| Path::new(dir).join(descriptor.to_string()))
        .find(|path| path.exists())
        .ok_or_else(|| Failure::usage(format!("file descriptor {descriptor} is not open")))?;
    read_secret_file(&path)
}

fn read_line(source: impl io::Read) -> io::Result<Secret<String>> {
    let mut line = String::new();
    io::BufReader::new(source.take(MAX_LINE)).read_line(&mut line)?;
    let text = line.trim_end_matches(['\r', '\n']).to_owned();
    drop(Secret::new(line));
    if text.is_empty() {
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty"))
    } else {
        Ok(Secret::new(text))
    }
}
