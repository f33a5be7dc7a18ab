//! The schema, as the list of steps that led to it. `user_version` counts the steps taken.

use rusqlite::{Connection, TransactionBehavior};

use crate::storage::StoreError;

/// Steps from the empty file to today's schema. Only ever appended to.
const MIGRATIONS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7, V8];

/// Low-traffic things have ordinary keys. What every request touches follows one layout: a narrow hot row `flow` whose
/// integer key grows with time, wide rows beside it that are written once, and no index on anything random. `flow` has
/// no foreign keys: evidence and history outlive the account and the client.
const V1: &str = "
CREATE TABLE value (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    sub TEXT NOT NULL UNIQUE,
    login_name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    test INTEGER NOT NULL,
    created INTEGER NOT NULL,
    budget TEXT NOT NULL
) STRICT;

CREATE TABLE client (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    authentication TEXT NOT NULL,
    registered_by TEXT NOT NULL,
    since INTEGER NOT NULL,
    host TEXT,
    binding_message TEXT NOT NULL,
    transfer_code INTEGER NOT NULL
) STRICT;

CREATE TABLE assertion (
    client_no INTEGER NOT NULL REFERENCES client ON DELETE CASCADE,
    jti TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (client_no, jti)
) STRICT, WITHOUT ROWID;

CREATE TABLE issuing_session (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account_no INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    grade TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    page_secret_hash BLOB,
    page_used INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX issuing_session_account ON issuing_session (account_no);

CREATE TABLE invitation (
    session_no INTEGER PRIMARY KEY REFERENCES issuing_session ON DELETE CASCADE,
    code_mac BLOB NOT NULL UNIQUE,
    used INTEGER NOT NULL DEFAULT 0,
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE pairing (
    session_no INTEGER PRIMARY KEY REFERENCES issuing_session ON DELETE CASCADE,
    id TEXT NOT NULL UNIQUE,
    offer TEXT NOT NULL,
    offer_hash BLOB NOT NULL UNIQUE,
    server_nonce BLOB NOT NULL,
    expires INTEGER NOT NULL,
    state INTEGER NOT NULL DEFAULT 0, -- 0 offered, 1 submitted, 2 confirmed, 3 failed
    tries INTEGER NOT NULL DEFAULT 0,
    device_id TEXT UNIQUE,
    registration TEXT,
    possession BLOB UNIQUE,
    approval BLOB UNIQUE,
    reveal TEXT,
    code TEXT,
    receipt TEXT
) STRICT;

CREATE TABLE device (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    account_no INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    grade TEXT NOT NULL,
    registration TEXT NOT NULL,
    possession BLOB NOT NULL UNIQUE,
    approval BLOB NOT NULL UNIQUE,
    revoked_at INTEGER,
    suspect INTEGER NOT NULL DEFAULT 0,
    paired_at INTEGER NOT NULL,
    last_seen INTEGER,
    possession_counter INTEGER NOT NULL DEFAULT 0,
    approval_counter INTEGER NOT NULL DEFAULT 0,
    receipt TEXT NOT NULL,
    countersignature TEXT
) STRICT;
CREATE INDEX device_account ON device (account_no);

CREATE TABLE flow (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tag_hash BLOB NOT NULL,
    account_no INTEGER NOT NULL,
    client_no INTEGER NOT NULL,
    state INTEGER NOT NULL, -- 0 pending, 1 approved, 2 denied, 3 transfer failed, 4 withdrawn, 5 redeemed
    expires INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    at INTEGER -- when it got this state, unless pending
) STRICT;
CREATE INDEX flow_pending ON flow (account_no) WHERE state = 0;

CREATE TABLE body (
    seq INTEGER PRIMARY KEY,
    facts TEXT NOT NULL
) STRICT;

CREATE TABLE settlement (
    seq INTEGER PRIMARY KEY,
    settled TEXT NOT NULL
) STRICT;

CREATE TABLE prompt (
    no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    jws TEXT NOT NULL,
    seen INTEGER,
    UNIQUE (device_no, seq)
) STRICT;
CREATE INDEX prompt_flow ON prompt (seq);

CREATE TABLE transfer_code (
    account_no INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    hash BLOB NOT NULL,
    taken_until INTEGER NOT NULL,
    PRIMARY KEY (account_no, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE access_token (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE evidence (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    account_no INTEGER NOT NULL,
    kind INTEGER NOT NULL, -- 0 decision, 1 report
    device TEXT NOT NULL,
    decision TEXT NOT NULL,
    challenge BLOB NOT NULL,
    prompt TEXT NOT NULL,
    detail TEXT NOT NULL,
    assertion TEXT NOT NULL,
    receipt TEXT NOT NULL,
    at INTEGER NOT NULL,
    chain BLOB NOT NULL
) STRICT;
CREATE INDEX evidence_flow ON evidence (seq);
CREATE INDEX evidence_account ON evidence (account_no);
CREATE TRIGGER evidence_is_not_changed BEFORE UPDATE ON evidence
    BEGIN SELECT raise(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_is_not_deleted BEFORE DELETE ON evidence
    BEGIN SELECT raise(ABORT, 'evidence is append-only'); END;

-- Callbacks that are due: poll mode has none, ping and push commit theirs with the decision.
CREATE TABLE job (
    no INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
";

/// The last approval of a device that was refused after its counter had been stored, so that the same bytes sent again get
/// the same answer.
const V2: &str = "
CREATE TABLE refusal (
    device_no INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
    counter INTEGER NOT NULL,
    challenge BLOB NOT NULL,
    refused TEXT NOT NULL
) STRICT;
";

/// Prompts of a request are found by the devices of its account; an index of their own was written with every prompt.
const V3: &str = "
DROP INDEX prompt_flow;
";

/// Every decision rewrites its device's row: the documents that never change are kept beside it. Assertions lie in the order
/// in which they expire, so that new ones share pages and old ones are dropped as a run.
const V4: &str = "
CREATE TABLE device_document (
    device_no INTEGER PRIMARY KEY REFERENCES device ON DELETE CASCADE,
    registration TEXT NOT NULL,
    receipt TEXT NOT NULL,
    countersignature TEXT
) STRICT;
INSERT INTO device_document SELECT no, registration, receipt, countersignature FROM device;
ALTER TABLE device DROP COLUMN registration;
ALTER TABLE device DROP COLUMN receipt;
ALTER TABLE device DROP COLUMN countersignature;

CREATE TABLE used_assertion (
    expires INTEGER NOT NULL,
    client_no INTEGER NOT NULL REFERENCES client ON DELETE CASCADE,
    jti TEXT NOT NULL,
    PRIMARY KEY (expires, client_no, jti)
) STRICT, WITHOUT ROWID;
INSERT INTO used_assertion SELECT expires, client_no, jti FROM assertion;
DROP TABLE assertion;
";

/// An index by account or device is touched at another page by every flow, the more the more flows there are. What belongs
/// to an account is chained instead, newest first: its row, which every flow writes anyway, names the last one, and each
/// names the one before. Which clients an account has decided on is a table of its own, written the first time only.
const V5: &str = "
ALTER TABLE account ADD COLUMN last_flow INTEGER;
ALTER TABLE account ADD COLUMN last_evidence INTEGER;

ALTER TABLE flow ADD COLUMN previous INTEGER;
UPDATE flow SET previous = chained.previous
    FROM (SELECT seq, lag(seq) OVER (PARTITION BY account_no ORDER BY seq) AS previous FROM flow) AS chained
    WHERE chained.seq = flow.seq;
UPDATE account SET last_flow = newest.seq
    FROM (SELECT account_no, max(seq) AS seq FROM flow GROUP BY account_no) AS newest
    WHERE newest.account_no = account.no;

CREATE TABLE asked (
    account_no INTEGER NOT NULL,
    client_no INTEGER NOT NULL,
    PRIMARY KEY (account_no, client_no)
) STRICT, WITHOUT ROWID;
INSERT INTO asked SELECT DISTINCT e.account_no, f.client_no FROM evidence e JOIN flow f ON f.seq = e.seq;

DROP TRIGGER evidence_is_not_changed;
ALTER TABLE evidence ADD COLUMN previous INTEGER;
UPDATE evidence SET previous = chained.previous
    FROM (SELECT no, lag(no) OVER (PARTITION BY account_no ORDER BY no) AS previous FROM evidence) AS chained
    WHERE chained.no = evidence.no;
UPDATE account SET last_evidence = newest.no
    FROM (SELECT account_no, max(no) AS no FROM evidence GROUP BY account_no) AS newest
    WHERE newest.account_no = account.no;
CREATE TRIGGER evidence_is_not_changed BEFORE UPDATE ON evidence
    BEGIN SELECT raise(ABORT, 'evidence is append-only'); END;
DROP INDEX evidence_account;

CREATE TABLE sent_prompt (
    no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    nonce BLOB NOT NULL,
    jws TEXT NOT NULL,
    seen INTEGER,
    UNIQUE (seq, device_no)
) STRICT;
INSERT INTO sent_prompt SELECT no, device_no, seq, nonce, jws, seen FROM prompt;
DROP TABLE prompt;
ALTER TABLE sent_prompt RENAME TO prompt;
";

/// The whole provider: what clients are registered for, callbacks, and more than one token for a request. Sealed columns
/// hold what must be known again after a restart (ids and tokens that are otherwise kept as hashes), encrypted by a key of
/// the key file. What a token stands for is the request that it came from. Tokens of one kind live equally long, so the index
/// by their end grows at its own end as they are issued and is swept from the other: no flow touches a page that others do not.
const V6: &str = "
ALTER TABLE client ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
UPDATE client SET settings = json_object('keys', json_object('jwks', json_extract(authentication, '$.jwks'))),
                  authentication = json_remove(authentication, '$.jwks')
    WHERE json_extract(authentication, '$.method') = 'private_key_jwt';

ALTER TABLE account ADD COLUMN user_code BLOB;
ALTER TABLE account ADD COLUMN user_code_tries TEXT;
CREATE INDEX account_test ON account (no) WHERE test = 1;

CREATE TABLE notification (
    seq INTEGER PRIMARY KEY,
    endpoint TEXT NOT NULL,
    sealed BLOB NOT NULL
) STRICT;
ALTER TABLE job ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN response BLOB;
CREATE INDEX job_due ON job (next_at);
CREATE UNIQUE INDEX job_of ON job (seq);

CREATE TABLE token (
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    kind INTEGER NOT NULL, -- 0 access, 1 refresh, 2 refresh that was used just now
    expires INTEGER NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (seq, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_expires ON token (expires);
INSERT INTO token SELECT seq, hash, 0, expires, '{}' FROM access_token;
DROP TABLE access_token;

CREATE TABLE used_name (
    name BLOB PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_name_expires ON used_name (expires);

CREATE TABLE operator (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    credential TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT;

CREATE TABLE operator_invitation (
    hash BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Devices that manage devices: sessions that an approval of a device opened, when a device was tested, and what the devices
/// of an account are told about each other.
const V7: &str = "
ALTER TABLE issuing_session ADD COLUMN device_no INTEGER;
ALTER TABLE issuing_session ADD COLUMN flow INTEGER;
ALTER TABLE issuing_session ADD COLUMN moving INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX issuing_session_flow ON issuing_session (flow) WHERE flow IS NOT NULL;
CREATE INDEX issuing_session_device ON issuing_session (device_no) WHERE device_no IS NOT NULL;

ALTER TABLE device ADD COLUMN tested_at INTEGER;

CREATE TABLE notice (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    account_no INTEGER NOT NULL REFERENCES account ON DELETE CASCADE,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    device_name TEXT NOT NULL,
    about INTEGER,
    by_device INTEGER,
    newest INTEGER NOT NULL -- the newest device then: later ones are not told
) STRICT;
CREATE INDEX notice_account ON notice (account_no, at);
";

/// Who waits before it manages other devices is settled when it is confirmed (until now it was found out each time: what came when
/// the account had no other; whatever a device confirmed waits from now on as well, but for what was moved to, which came in the
/// second in which another ended). Keys that were replaced, with what decisions by them are verified with; the possession key that
/// an invitation is bound to; how often a device asked for questions of the server's own lately.
const V8: &str = r#"
ALTER TABLE device ADD COLUMN waits_since INTEGER;
UPDATE device SET waits_since = paired_at WHERE grade <> '"simulated"' AND (
    NOT EXISTS (SELECT 1 FROM device AS other
        WHERE other.account_no = device.account_no AND other.no < device.no AND other.grade <> '"simulated"'
            AND (other.revoked_at IS NULL OR other.revoked_at >= device.paired_at))
    OR (grade = '"device"' AND NOT EXISTS (SELECT 1 FROM device AS other
        WHERE other.account_no = device.account_no AND other.no < device.no AND other.grade <> '"simulated"'
            AND other.revoked_at = device.paired_at)));

CREATE TABLE former_key (
    thumbprint BLOB PRIMARY KEY,
    device_no INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    receipt TEXT NOT NULL,
    countersignature TEXT,
    replaced_at INTEGER NOT NULL
) STRICT;
CREATE INDEX former_key_device ON former_key (device_no);

ALTER TABLE invitation ADD COLUMN bound BLOB;

CREATE TABLE asked_itself (
    device_no INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    is_test INTEGER NOT NULL,
    since INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (device_no, is_test)
) STRICT, WITHOUT ROWID;
"#;

/// Takes the steps that are missing, all in one commit.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let supported = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > supported {
        return Err(StoreError::NewerSchema { found, supported });
    }
    let taken = usize::try_from(found)
        .map_err(|_| StoreError::Corrupt(format!("schema version {found}")))?;
    for step in MIGRATIONS.iter().skip(taken) {
        transaction.execute_batch(step)?;
    }
    if found < supported {
        transaction.pragma_update(None, "user_version", supported)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests;
