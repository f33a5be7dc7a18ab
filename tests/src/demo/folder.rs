//! The demo's data folder: private, marked as ours, used by one demo at a time.

use std::{
    fs::{self, File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::{folders::make_private_dir, processes::Deadline};

/// What tells a demo's folder from any other. Nothing is ever removed from a folder without it.
const MARKER: &str = "tegata-demo.json";

/// How long another demo in the same folder may take to end.
const ENDING: Duration = Duration::from_secs(2);

/// Who the folder is for. A person's pairing and history are never removed by a run that goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// A run without a person; starts afresh each time.
    Once,
    /// A person's demo; goes on where it was left.
    Person,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Marker {
    mode: Mode,
    /// The server's port. Devices pin the address with it, so it stays.
    port: Option<u16>,
}

/// An open data folder. Another demo cannot open it until this is dropped.
#[derive(Debug)]
pub(super) struct DemoFolder {
    root: PathBuf,
    /// Holds the lock.
    marker: File,
    port: Option<u16>,
    mode: Mode,
}

impl DemoFolder {
    /// Opens the folder, making it if there is none. With `reset`, and always for [`Mode::Once`], it is emptied first.
    pub(super) async fn open(root: &Path, mode: Mode, reset: bool) -> anyhow::Result<Self> {
        let marker_path = root.join(MARKER);
        if !marker_path.exists() && has_content(root)? {
            bail!(
                "{} is not empty and was not made by the demo; give another folder with --data-dir",
                root.display()
            );
        }
        make_private_dir(root)?;
        let mut marker = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&marker_path)
            .with_context(|| format!("open {}", marker_path.display()))?;
        lock(&marker, root).await?;
        let found = read_marker(&mut marker, &marker_path)?;
        if mode == Mode::Once && !reset && found.is_some_and(|found| found.mode == Mode::Person) {
            bail!(
                "{} holds the demo of a person; give another folder with --data-dir, or remove that demo with --reset",
                root.display()
            );
        }
        let keep = found.filter(|_| !reset && mode == Mode::Person);
        if keep.is_none() {
            empty(root)?;
        }
        let mut folder = Self {
            root: root.to_owned(),
            marker,
            port: keep.and_then(|found| found.port),
            mode,
        };
        folder.write_marker()?;
        for dir in [folder.logs(), folder.evidence()] {
            make_private_dir(&dir)?;
        }
        Ok(folder)
    }

    /// The port that devices of this folder know, if it has been used before.
    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    /// Remembers the port for the next start.
    pub(super) fn remember_port(&mut self, port: u16) -> anyhow::Result<()> {
        self.port = Some(port);
        self.write_marker()
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn server(&self) -> PathBuf {
        self.root.join("server")
    }

    pub(super) fn device(&self) -> PathBuf {
        self.root.join("device")
    }

    pub(super) fn terminal_device(&self) -> PathBuf {
        self.root.join("terminal-device")
    }

    pub(super) fn desktop(&self) -> PathBuf {
        self.root.join("desktop")
    }

    pub(super) fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    pub(super) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    pub(super) fn screens(&self) -> PathBuf {
        self.root.join("screens")
    }

    fn write_marker(&mut self) -> anyhow::Result<()> {
        let text = serde_json::to_string(&Marker {
            mode: self.mode,
            port: self.port,
        })?;
        self.marker
            .rewind()
            .and_then(|()| self.marker.set_len(0))
            .and_then(|()| self.marker.write_all(text.as_bytes()))
            .and_then(|()| self.marker.sync_all())
            .with_context(|| format!("write {}", self.root.join(MARKER).display()))
    }
}

/// Locks the folder for this demo. One that is just ending gets a moment to do so.
async fn lock(marker: &File, root: &Path) -> anyhow::Result<()> {
    let deadline = Deadline::after(ENDING);
    loop {
        match marker.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if !deadline.is_over() => deadline.pause().await,
            Err(TryLockError::WouldBlock) => bail!(
                "another demo is running in {}; end it first, or give another folder with --data-dir",
                root.display()
            ),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("lock {}", root.display()));
            }
        }
    }
}

fn has_content(dir: &Path) -> anyhow::Result<bool> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("look into {}", dir.display())),
    }
}

/// What the marker says; `None` when it has just been made.
fn read_marker(file: &mut File, path: &Path) -> anyhow::Result<Option<Marker>> {
    let mut text = String::new();
    file.read_to_string(&mut text)
        .with_context(|| format!("read {}", path.display()))?;
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text).map(Some).with_context(|| {
        format!(
            "{} is damaged; remove the folder, or give another with --data-dir",
            path.display()
        )
    })
}

/// Removes everything but the marker, which holds the lock.
fn empty(root: &Path) -> anyhow::Result<()> {
    let entries = fs::read_dir(root).with_context(|| format!("look into {}", root.display()))?;
    for entry in entries {
        let entry = entry?;
        if entry.file_name() == MARKER {
            continue;
        }
        let path = entry.path();
        // A link to a folder is removed, not followed.
        let removed = if entry.file_type()?.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open(root: &Path, mode: Mode, reset: bool) -> anyhow::Result<DemoFolder> {
        DemoFolder::open(root, mode, reset).await
    }

    async fn refusal(root: &Path, mode: Mode, reset: bool) -> String {
        open(root, mode, reset).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_persons_folder_keeps_its_port_and_content_until_it_is_reset() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("demo");
        let mut folder = open(&root, Mode::Person, false).await.unwrap();
        assert_eq!(folder.port(), None);
        folder.remember_port(4711).unwrap();
        fs::write(folder.evidence().join("mine"), "x").unwrap();
        drop(folder);

        let folder = open(&root, Mode::Person, false).await.unwrap();
        assert_eq!(folder.port(), Some(4711));
        assert!(folder.evidence().join("mine").exists());
        drop(folder);

        let folder = open(&root, Mode::Person, true).await.unwrap();
        assert_eq!(folder.port(), None);
        assert!(!folder.evidence().join("mine").exists());
    }

    #[tokio::test]
    async fn a_run_without_a_person_starts_afresh_but_never_over_a_persons_demo() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("demo");
        let folder = open(&root, Mode::Once, false).await.unwrap();
        fs::write(folder.logs().join("old"), "x").unwrap();
        drop(folder);
        assert!(
            !open(&root, Mode::Once, false)
                .await
                .unwrap()
                .logs()
                .join("old")
                .exists()
        );

        drop(open(&root, Mode::Person, false).await.unwrap());
        assert!(
            refusal(&root, Mode::Once, false)
                .await
                .contains("of a person")
        );
    }

    #[tokio::test]
    async fn a_folder_that_is_not_ours_is_left_alone_even_by_a_reset() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "x").unwrap();
        for reset in [false, true] {
            assert!(
                refusal(dir.path(), Mode::Person, reset)
                    .await
                    .contains("was not made by the demo")
            );
        }
        assert!(dir.path().join("thesis.txt").exists());
    }

    #[tokio::test]
    async fn two_demos_cannot_share_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let first = open(dir.path(), Mode::Person, false).await.unwrap();
        assert!(
            refusal(dir.path(), Mode::Person, true)
                .await
                .contains("another demo is running")
        );
        drop(first);
        open(dir.path(), Mode::Person, false).await.unwrap();
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_reset_removes_links_and_not_what_they_lead_to() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::write(elsewhere.join("kept"), "x").unwrap();
        let root = dir.path().join("demo");
        drop(open(&root, Mode::Person, false).await.unwrap());
        symlink(&elsewhere, root.join("link")).unwrap();
        drop(open(&root, Mode::Person, true).await.unwrap());
        assert!(!root.join("link").exists());
        assert!(elsewhere.join("kept").exists());
        let mode = fs::metadata(&root).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "nobody else may read it");
    }
}
