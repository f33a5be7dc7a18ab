//! What a server tells about the account's devices beside requests: each becomes a line once, whoever is told first and
//! however often it is said.

use super::{Record, log};
use crate::{device::Device, error::AccessError, live::Session};
use tegata_protocol::{
    device::management::{Notice, NoticeKind},
    text,
};

/// Most notices that are taken from one delivery.
const MOST: usize = 20;
/// Most code points of a device's name.
const MAX_NAME: usize = 64;

impl Device {
    /// Writes the notices that are news.
    pub(crate) fn record_notices(
        &self,
        session: &Session,
        notices: &[Notice],
    ) -> Result<(), AccessError> {
        let known = |notice: &&Notice| {
            notice.what != NoticeKind::Unknown && !notice.id.is_empty() && notice.id.len() <= 128
        };
        let notices: Vec<&Notice> = notices.iter().filter(known).take(MOST).collect();
        let told = session.read_state()?.told;
        if notices.iter().all(|notice| told.contains(&notice.id)) {
            return Ok(());
        }
        let path = session.folder().history_path(&session.id);
        let now = self.ports().clock.now();
        let news = session.update(|_, state| {
            let mut news = 0;
            for notice in notices {
                // Another process of this device may have told it meanwhile.
                if state.told.contains(&notice.id) {
                    continue;
                }
                let record = Record::Device {
                    // Its own time, so that it stands where it happened; never in the future.
                    at: notice.at.min(now),
                    id: notice.id.clone(),
                    what: notice.what,
                    device_name: showable(&notice.device_name),
                };
                state.history_lines = log::append(&path, session, state.history_lines, &record)?;
                state.remember_notice(notice.id.clone());
                news += 1;
            }
            Ok::<_, AccessError>(news)
        })??;
        self.changed(|changes| {
            changes.history += news;
            changes.notices += news;
            changes.devices += news;
        });
        Ok(())
    }
}

/// A device's name with what could hide or reorder anything replaced. It is told, not signed for, so it may be altered.
fn showable(name: &str) -> String {
    let visible = |c: char| {
        let alone = text::inspect(c.encode_utf8(&mut [0; 4]));
        if alone.defects.is_empty() {
            c
        } else {
            '\u{fffd}'
        }
    };
    name.chars().take(MAX_NAME).map(visible).collect()
}
