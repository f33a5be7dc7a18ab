//! What devices are told about each other, for a week.

use rusqlite::{Connection, params};
use tegata_protocol::{
    UnixTime,
    device::management::{Notice, NoticeKind},
};

use super::rows::{self, Result};
use crate::domain::NOTICE_SECONDS;

/// Notices that a device is sent at most, the newest.
const MOST: i64 = 20;

/// Something that happened to a device.
pub(super) struct News<'a> {
    /// Whose device it is.
    pub(super) account_no: i64,
    /// What.
    pub(super) what: NoticeKind,
    /// The device's name.
    pub(super) device_name: &'a str,
    /// The device; `None` if it is only about to be stored.
    pub(super) about: Option<i64>,
    /// The device that did it and needs not be told.
    pub(super) by: Option<i64>,
    /// When.
    pub(super) at: UnixTime,
}

/// Keeps it for the devices that the account has now.
pub(super) fn add(c: &Connection, news: &News<'_>) -> Result<()> {
    c.prepare_cached(
        "INSERT INTO notice (account_no, at, what, device_name, about, by_device, newest)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ifnull(max(no), 0) FROM device",
    )?
    .execute(params![
        news.account_no,
        news.at.0,
        rows::to_json(&news.what)?,
        news.device_name,
        news.about,
        news.by,
    ])?;
    Ok(())
}

/// What one device has to be told, oldest first.
pub(super) fn of_device(
    c: &Connection,
    device_no: i64,
    account_no: i64,
    now: UnixTime,
) -> Result<Vec<Notice>> {
    let mut statement = c.prepare_cached(
        "SELECT no, at, what, device_name FROM notice
         WHERE account_no = ?1 AND at > ?2 AND newest >= ?3 AND about IS NOT ?3 AND by_device IS NOT ?3
         ORDER BY at DESC, no DESC LIMIT ?4",
    )?;
    let since = now.plus(-NOTICE_SECONDS).0;
    let mut found = statement.query([account_no, since, device_no, MOST])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(Notice {
            id: format!("notice-{}", row.get::<_, i64>(0)?),
            at: UnixTime(row.get(1)?),
            what: rows::from_json(&row.get::<_, String>(2)?, "a notice")?,
            device_name: row.get(3)?,
        });
    }
    all.reverse();
    Ok(all)
}

/// Drops what is told to nobody any more.
pub(super) fn sweep(c: &Connection, now: UnixTime) -> Result<usize> {
    let until = now.plus(-NOTICE_SECONDS).0;
    Ok(c.execute("DELETE FROM notice WHERE at <= ?1", [until])?)
}
