//! What a program prints: kept in memory, or appended to a log file.

use std::{
    fs::File,
    io::{Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;

use super::Deadline;

/// How long readers may take to see the end of a program's output after the program has ended. Longer only if something
/// that it started holds the pipe open.
const END_OF_OUTPUT: Duration = Duration::from_secs(2);

/// The output of one program.
#[derive(Debug)]
pub(super) enum Captured {
    /// Read from pipes.
    Memory { stdout: Stream, stderr: Stream },
    /// In this file, from this byte on.
    File { path: PathBuf, from: u64 },
}

/// One pipe, read by a thread of its own until it closes.
#[derive(Debug, Default, Clone)]
pub(super) struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Held by the reading thread.
    open: Arc<()>,
}

impl Captured {
    /// Directs the output of a program that is about to start.
    pub(super) fn prepare(command: &mut Command, log: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = log else {
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            return Ok(Self::Memory {
                stdout: Stream::default(),
                stderr: Stream::default(),
            });
        };
        let open = || File::options().append(true).create(true).open(path);
        let (out, err) = open()
            .and_then(|out| Ok((out, open()?)))
            .with_context(|| format!("open the log {}", path.display()))?;
        let from = out
            .metadata()
            .with_context(|| format!("measure the log {}", path.display()))?
            .len();
        command.stdout(out).stderr(err);
        Ok(Self::File {
            path: path.to_owned(),
            from,
        })
    }

    /// Begins to read the pipes of a program that has been started.
    pub(super) fn follow(self, child: &mut Child) -> Self {
        if let Self::Memory { stdout, stderr } = &self {
            if let Some(pipe) = child.stdout.take() {
                stdout.read(pipe);
            }
            if let Some(pipe) = child.stderr.take() {
                stderr.read(pipe);
            }
        }
        self
    }

    pub(super) fn stdout(&self) -> String {
        match self {
            Self::Memory { stdout, .. } => stdout.text(),
            Self::File { path, from } => read_from(path, *from).unwrap_or_default(),
        }
    }

    pub(super) fn stderr(&self) -> String {
        match self {
            Self::Memory { stderr, .. } => stderr.text(),
            Self::File { .. } => String::new(),
        }
    }

    /// Both outputs of a program that has ended.
    pub(super) async fn complete(&self) -> (String, String) {
        if let Self::Memory { stdout, stderr } = self {
            let deadline = Deadline::after(END_OF_OUTPUT);
            while (stdout.is_open() || stderr.is_open()) && !deadline.is_over() {
                deadline.pause().await;
            }
        }
        (self.stdout(), self.stderr())
    }
}

impl Stream {
    fn read(&self, mut pipe: impl Read + Send + 'static) {
        let stream = self.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(length) = pipe.read(&mut chunk)
                && length > 0
            {
                stream
                    .bytes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(chunk.get(..length).unwrap_or_default());
            }
            drop(stream.open);
        });
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn is_open(&self) -> bool {
        Arc::strong_count(&self.open) > 1
    }
}

fn read_from(path: &Path, from: u64) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
