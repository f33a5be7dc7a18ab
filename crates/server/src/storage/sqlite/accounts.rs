//! Accounts, clients, used assertions, kept values.

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tegata_protocol::{AccountId, ClientId, UnixTime, bytes::constant_time_eq};

use super::rows::{self, Result};
use crate::{
    domain::{Account, Budget, Client, ClientAssertion, OneTimeName, UserCodeTries, own_client_id},
    storage::ops::{
        CheckUserCode, CheckUserCodeOutcome, CreateAccount, CreateAccountOutcome, CreateClient,
        CreateClientOutcome, DeleteAccount, DeleteClient, ReplaceClient, SetUserCode, SetValue,
    },
};

/// Whether an insert met a `UNIQUE` constraint.
pub(super) fn is_taken(inserted: std::result::Result<usize, rusqlite::Error>) -> Result<bool> {
    match inserted {
        Ok(_) => Ok(false),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.code == ErrorCode::ConstraintViolation =>
        {
            Ok(true)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn account_no(c: &Connection, id: &AccountId) -> Result<Option<i64>> {
    Ok(c.prepare_cached("SELECT no FROM account WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?)
}

pub(super) fn client_no(c: &Connection, id: &ClientId) -> Result<Option<i64>> {
    Ok(c.prepare_cached("SELECT no FROM client WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?)
}

pub(super) fn create_account(c: &Connection, op: &CreateAccount) -> Result<CreateAccountOutcome> {
    let a = &op.0;
    let inserted = c.execute(
        "INSERT INTO account (id, sub, login_name, display_name, test, created, budget, user_code)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            a.id.as_str(),
            a.sub,
            a.login_name,
            a.display_name,
            a.test,
            a.created.0,
            rows::to_json(&Budget::default())?,
            a.user_code.map(|hash| hash.0),
        ],
    );
    Ok(if is_taken(inserted)? {
        CreateAccountOutcome::Taken
    } else {
        CreateAccountOutcome::Created
    })
}

pub(super) fn delete_account(c: &Connection, op: &DeleteAccount) -> Result<bool> {
    let Some(no) = account_no(c, &op.account)? else {
        return Ok(false);
    };
    // Requests that could still become tokens end here; evidence and history stay.
    c.execute(
        "UPDATE flow SET state = ?1, at = ?2 WHERE account_no = ?3 AND state IN (?4, ?5)",
        params![rows::WITHDRAWN, op.now.0, no, rows::PENDING, rows::APPROVED],
    )?;
    c.execute(
        "DELETE FROM token WHERE seq IN (SELECT seq FROM flow WHERE account_no = ?1)",
        [no],
    )?;
    // Nor are they pushed any more: whoever waits for them is told that there is nothing.
    c.execute(
        "UPDATE job SET response = NULL
         WHERE response IS NOT NULL AND seq IN (SELECT seq FROM flow WHERE account_no = ?1)",
        [no],
    )?;
    c.execute(
        "DELETE FROM prompt WHERE seq IN (
             WITH RECURSIVE chained(seq) AS (
                 SELECT last_flow FROM account WHERE no = ?1
                 UNION ALL SELECT f.previous FROM chained JOIN flow f ON f.seq = chained.seq)
             SELECT seq FROM chained WHERE seq IS NOT NULL)",
        [no],
    )?;
    c.execute("DELETE FROM account WHERE no = ?1", [no])?;
    Ok(true)
}

pub(super) fn set_user_code(c: &Connection, op: &SetUserCode) -> Result<bool> {
    let changed = c.execute(
        "UPDATE account SET user_code = ?1, user_code_tries = NULL WHERE id = ?2",
        params![op.hash.map(|hash| hash.0), op.account.as_str()],
    )?;
    Ok(changed == 1)
}

pub(super) fn check_user_code(c: &Connection, op: &CheckUserCode) -> Result<CheckUserCodeOutcome> {
    let stored: Option<(Option<Vec<u8>>, Option<String>)> = c
        .prepare_cached("SELECT user_code, user_code_tries FROM account WHERE id = ?1")?
        .query_row([op.account.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((Some(code), tries)) = stored else {
        return Ok(CheckUserCodeOutcome::NotSet);
    };
    let before: UserCodeTries = tries
        .as_deref()
        .map_or(Ok(UserCodeTries::default()), |text| {
            rows::from_json(text, "tries of a user code")
        })?;
    let mut tries = before.clone();
    let verdict = tries.judge(constant_time_eq(&code, &op.hash.0), op.now);
    if tries != before {
        c.prepare_cached("UPDATE account SET user_code_tries = ?1 WHERE id = ?2")?
            .execute(params![rows::to_json(&tries)?, op.account.as_str()])?;
    }
    Ok(CheckUserCodeOutcome::Judged(verdict))
}

pub(super) fn create_client(c: &Connection, op: &CreateClient) -> Result<CreateClientOutcome> {
    let client = &op.0;
    if client.id == own_client_id() {
        return Ok(CreateClientOutcome::Taken);
    }
    let inserted = c.execute(
        "INSERT INTO client (id, name, authentication, registered_by, since, host, binding_message, transfer_code, settings)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            client.id.as_str(),
            client.name,
            rows::to_json(&client.authentication)?,
            rows::to_json(&client.registered_by)?,
            client.since.0,
            client.host,
            rows::to_json(&client.binding_message)?,
            client.transfer_code,
            rows::to_json(&client.settings)?,
        ],
    );
    Ok(if is_taken(inserted)? {
        CreateClientOutcome::Taken
    } else {
        CreateClientOutcome::Created
    })
}

/// A suspension stays, whatever the new settings say: it may have been committed after they were read.
pub(super) fn replace_client(c: &Connection, op: &ReplaceClient) -> Result<bool> {
    let client = &op.0;
    let replaced = c.execute(
        "UPDATE client SET name = ?2, authentication = ?3, registered_by = ?4, since = ?5, host = ?6,
                           binding_message = ?7, transfer_code = ?8,
                           settings = CASE WHEN json_extract(settings, '$.suspended') = 1
                               THEN json_set(?9, '$.suspended', json('true')) ELSE ?9 END
         WHERE id = ?1",
        params![
            client.id.as_str(),
            client.name,
            rows::to_json(&client.authentication)?,
            rows::to_json(&client.registered_by)?,
            client.since.0,
            client.host,
            rows::to_json(&client.binding_message)?,
            client.transfer_code,
            rows::to_json(&client.settings)?,
        ],
    )?;
    Ok(replaced > 0)
}

pub(super) fn delete_client(c: &Connection, op: &DeleteClient) -> Result<bool> {
    let Some(no) = client_no(c, &op.client)? else {
        return Ok(false);
    };
    c.execute(
        "UPDATE flow SET state = ?1, at = ?2 WHERE client_no = ?3 AND state IN (?4, ?5)",
        params![rows::WITHDRAWN, op.now.0, no, rows::PENDING, rows::APPROVED],
    )?;
    c.execute(
        "DELETE FROM token WHERE seq IN (SELECT seq FROM flow WHERE client_no = ?1)",
        [no],
    )?;
    c.execute("DELETE FROM client WHERE no = ?1", [no])?;
    Ok(true)
}

/// Whether the operator has suspended this client.
pub(super) fn is_suspended(c: &Connection, id: &ClientId) -> Result<bool> {
    Ok(c.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM client WHERE id = ?1 AND json_extract(settings, '$.suspended') = 1)",
    )?
    .query_row([id.as_str()], |row| row.get(0))?)
}

/// Uses up a client assertion (RFC 7523 section 3, point 7); `false` if it was used before. It is remembered until it
/// expires. There is none to use up for clients that authenticate otherwise.
pub(super) fn use_assertion(
    c: &Connection,
    client_no: i64,
    assertion: Option<&ClientAssertion>,
) -> Result<bool> {
    let Some(assertion) = assertion else {
        return Ok(true);
    };
    let inserted = c
        .prepare_cached("INSERT INTO used_assertion (client_no, jti, expires) VALUES (?1, ?2, ?3)")?
        .execute(params![client_no, assertion.jti, assertion.expires.0]);
    Ok(!is_taken(inserted)?)
}

/// Whether one of these names was used before.
pub(super) fn is_name_used(c: &Connection, names: &[OneTimeName]) -> Result<bool> {
    for name in names {
        let used: bool = c
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM used_name WHERE name = ?1)")?
            .query_row([name.hash.0], |row| row.get(0))?;
        if used {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Uses up names, none of which was used before. They are remembered until they expire.
pub(super) fn use_names(c: &Connection, names: &[OneTimeName]) -> Result<()> {
    for name in names {
        c.prepare_cached("INSERT INTO used_name (name, expires) VALUES (?1, ?2)")?
            .execute(params![name.hash.0, name.expires.0])?;
    }
    Ok(())
}

pub(super) fn set_value(c: &Connection, op: &SetValue) -> Result<()> {
    c.execute(
        "INSERT INTO value (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![op.name, op.value],
    )?;
    Ok(())
}

pub(super) fn value(c: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(c.prepare_cached("SELECT value FROM value WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

/// Number of the account `id` and whether it was made for tests.
pub(super) fn numbered(c: &Connection, id: &AccountId) -> Result<Option<(i64, bool)>> {
    Ok(
        c.prepare_cached("SELECT no, test FROM account WHERE id = ?1")?
            .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?,
    )
}

/// The one account where `column` (a name of ours) equals `value`.
pub(super) fn account_where(c: &Connection, column: &str, value: &str) -> Result<Option<Account>> {
    let sql = format!("SELECT {} FROM account WHERE {column} = ?1", rows::ACCOUNT);
    let mut statement = c.prepare_cached(&sql)?;
    let mut found = statement.query([value])?;
    found.next()?.map(rows::account).transpose()
}

pub(super) fn accounts(c: &Connection) -> Result<Vec<Account>> {
    let mut statement = c.prepare(&format!(
        "SELECT {} FROM account ORDER BY login_name",
        rows::ACCOUNT
    ))?;
    let mut found = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::account(row)?);
    }
    Ok(all)
}

pub(super) fn client(c: &Connection, id: &ClientId) -> Result<Option<Client>> {
    let mut statement = c.prepare_cached(&format!(
        "SELECT {} FROM client WHERE id = ?1",
        rows::CLIENT
    ))?;
    let mut found = statement.query([id.as_str()])?;
    found.next()?.map(rows::client).transpose()
}

pub(super) fn clients(c: &Connection) -> Result<Vec<Client>> {
    let mut statement = c.prepare(&format!("SELECT {} FROM client ORDER BY id", rows::CLIENT))?;
    let mut found = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(rows::client(row)?);
    }
    Ok(all)
}

/// Changes an account's budget inside the running commit.
pub(super) fn with_budget<T>(
    c: &Connection,
    account_no: i64,
    change: impl FnOnce(&mut Budget) -> T,
) -> Result<T> {
    let stored: Option<String> = c
        .prepare_cached("SELECT budget FROM account WHERE no = ?1")?
        .query_row([account_no], |row| row.get(0))
        .optional()?;
    let mut budget: Budget = stored.as_deref().map_or(Ok(Budget::default()), |text| {
        rows::from_json(text, "budget")
    })?;
    let result = change(&mut budget);
    c.prepare_cached("UPDATE account SET budget = ?1 WHERE no = ?2")?
        .execute(params![rows::to_json(&budget)?, account_no])?;
    Ok(result)
}

/// Drops assertions and names that have expired by themselves.
pub(super) fn sweep_assertions(c: &Connection, now: UnixTime) -> Result<usize> {
    let assertions = c.execute("DELETE FROM used_assertion WHERE expires <= ?1", [now.0])?;
    let names = c.execute("DELETE FROM used_name WHERE expires <= ?1", [now.0])?;
    Ok(assertions + names)
}
