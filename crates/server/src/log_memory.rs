//! The last lines of the log, for the operator's page. They are the very lines that go to standard error, and hold no
//! secrets because logs hold none.

use std::{
    collections::VecDeque,
    io,
    sync::{LazyLock, Mutex, PoisonError},
};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that are kept at most.
pub const MOST: usize = 1000;

/// Bytes of one line that are kept at most.
const LONGEST: usize = 2048;

/// What is kept. Logging is a matter of the whole process, and so is this.
static RECENT: LazyLock<Mutex<VecDeque<Line>>> = LazyLock::new(Mutex::default);

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How bad it is.
    pub level: Level,
    /// As written, without the line's end.
    pub text: String,
}

/// The kept lines of at least this level, newest first. Part of a page shows them, so `offset` lines are left out and at
/// most `limit` are returned.
pub fn recent(level: Level, offset: usize, limit: usize) -> Vec<Line> {
    let lines = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    let wanted = lines.iter().rev().filter(|line| line.level <= level);
    wanted.skip(offset).take(limit).cloned().collect()
}

/// Gives out a writer for each event.
#[derive(Debug, Clone, Copy)]
pub struct Remember;

/// Keeps one line when it is dropped.
#[derive(Debug)]
pub struct Remembering {
    level: Level,
    bytes: Vec<u8>,
}

impl MakeWriter<'_> for Remember {
    type Writer = Remembering;

    fn make_writer(&self) -> Remembering {
        Remembering {
            level: Level::INFO,
            bytes: Vec::new(),
        }
    }

    fn make_writer_for(&self, event: &Metadata<'_>) -> Remembering {
        Remembering {
            level: *event.level(),
            bytes: Vec::new(),
        }
    }
}

impl io::Write for Remembering {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Remembering {
    fn drop(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&self.bytes).trim_end().to_owned();
        let mut lines = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= MOST {
            lines.pop_front();
        }
        lines.push_back(Line {
            level: self.level,
            text,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn keeps_the_newest_lines_with_their_level() {
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(Remember);
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..MOST {
                tracing::info!(number, "routine");
            }
            tracing::warn!("{}", "long ".repeat(LONGEST));
            tracing::error!("trouble");
        });
        let worst = recent(Level::ERROR, 0, 10);
        assert_eq!(worst.len(), 1);
        assert!(worst[0].text.ends_with("trouble"), "{worst:?}");
        let bad = recent(Level::WARN, 1, 1);
        assert!(bad[0].level == Level::WARN && bad[0].text.len() <= LONGEST);
        let all = recent(Level::TRACE, 0, usize::MAX);
        assert_eq!(all.len(), MOST);
        assert!(
            all[2].text.contains(&format!("number={}", MOST - 1)),
            "{}",
            all[2].text
        );
    }
}
