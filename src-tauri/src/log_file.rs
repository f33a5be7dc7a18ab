//! The log on disk: a few files of a bounded size, readable by the person alone. What is written has no secrets in it by the
//! rules for log lines, not by filtering here.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tracing_subscriber::fmt::MakeWriter;

/// Most bytes of one file; a line goes whole into one.
const FILE: u64 = 256 * 1024;

/// Files beside the one that is written.
const OLDER: u32 = 3;

/// Appends to `tegata.log`; full, it becomes `tegata.1.log` and so on, and the oldest is removed.
#[derive(Clone)]
pub(crate) struct LogFile(Arc<Mutex<Open>>);

struct Open {
    folder: PathBuf,
    file: File,
    length: u64,
    most: u64,
}

impl LogFile {
    /// Opens or makes the log in `folder`, which is made if need be.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        Self::with_limit(folder, FILE)
    }

    fn with_limit(folder: &Path, most: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file = append_to(&path(folder, 0))?;
        let length = file.metadata()?.len();
        let folder = folder.to_owned();
        Ok(Self(Arc::new(Mutex::new(Open {
            folder,
            file,
            length,
            most,
        }))))
    }
}

impl Open {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let added = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.length > 0 && self.length.saturating_add(added) > self.most {
            for number in (0..OLDER).rev() {
                let older = path(&self.folder, number);
                if older.exists() {
                    fs::rename(older, path(&self.folder, number + 1))?;
                }
            }
            self.file = append_to(&path(&self.folder, 0))?;
            self.length = 0;
        }
        self.file.write_all(line)?;
        self.length += added;
        Ok(())
    }
}

/// One line: what is formatted is written in one piece.
impl Write for &LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.write(line)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogFile {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

fn path(folder: &Path, number: u32) -> PathBuf {
    match number {
        0 => folder.join("tegata.log"),
        number => folder.join(format!("tegata.{number}.log")),
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32) -> String {
        format!("line {number:03} of the log\n")
    }

    #[test]
    fn the_log_is_bounded_in_size_and_number_and_keeps_the_newest_lines_whole() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        let log = LogFile::with_limit(&logs, 100).unwrap();
        for number in 0..100 {
            (&log).write_all(line(number).as_bytes()).unwrap();
        }
        let mut kept = String::new();
        for number in (0..=OLDER).rev() {
            let text = fs::read_to_string(path(&logs, number)).unwrap();
            assert!(text.len() <= 100, "{number}: {}", text.len());
            kept.push_str(&text);
        }
        let files = fs::read_dir(&logs).unwrap().count();
        assert_eq!(files, usize::try_from(OLDER).unwrap() + 1);
        let first = 100 - u32::try_from(kept.lines().count()).unwrap();
        assert_eq!(kept, (first..100).map(line).collect::<String>());
    }

    #[test]
    fn a_second_start_goes_on_where_the_first_one_ended() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..2 {
            let log = LogFile::with_limit(folder.path(), 100).unwrap();
            (&log).write_all(line(number).as_bytes()).unwrap();
        }
        let text = fs::read_to_string(path(folder.path(), 0)).unwrap();
        assert_eq!(text, line(0) + &line(1));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_person_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        LogFile::open(folder.path()).unwrap();
        let mode = fs::metadata(path(folder.path(), 0)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
}
