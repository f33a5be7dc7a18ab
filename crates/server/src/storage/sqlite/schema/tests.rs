//! Files of every earlier version, brought up to date.

use super::*;

/// Account 5 asked twice by client 8, with another account's request between.
const ROWS_BEFORE_V5: &str = "
    INSERT INTO account VALUES (5, 'a5', 's5', 'l5', 'd', 0, 0, '{}');
    INSERT INTO flow (seq, tag_hash, account_no, client_no, state, expires)
        VALUES (1, x'01', 5, 8, 1, 60), (2, x'02', 6, 8, 0, 60), (3, x'03', 5, 8, 2, 60);
    INSERT INTO evidence VALUES (1, 1, 5, 0, 'd', 'a', x'01', 'p', 'd', 'a', 'r', 7, x'01'),
                                (2, 3, 5, 0, 'd', 'a', x'02', 'p', 'd', 'a', 'r', 8, x'02');
    PRAGMA foreign_keys = OFF;
    INSERT INTO prompt VALUES (4, 9, 1, x'01', 'p', NULL), (5, 9, 3, x'02', 'p', NULL);";

const ROWS_BEFORE_V4: &str = r#"
    INSERT INTO account VALUES (1, 'a', 's', 'l', 'd', 0, 0, '{}');
    INSERT INTO client VALUES (1, 'c', 'n', '{"method":"private_key_jwt","jwks":"{}"}', 'o', 0, NULL, 'show', 0);
    INSERT INTO assertion VALUES (1, 'j', 60);
    INSERT INTO device (no, id, account_no, grade, registration, possession, approval, paired_at, approval_counter,
                        receipt)
        VALUES (1, 'd', 1, 'g', '{}', x'01', x'02', 0, 7, 'jws');"#;

/// An administrator's session and a device, as version 6 knew them.
const ROWS_BEFORE_V7: &str = r#"
    INSERT INTO account (no, id, sub, login_name, display_name, test, created, budget)
        VALUES (7, 'a7', 's7', 'l7', 'd', 0, 0, '{}');
    INSERT INTO issuing_session (no, id, account_no, grade, secret_hash, expires)
        VALUES (7, 'session', 7, '"administrator"', x'01', 60);
    INSERT INTO device (no, id, account_no, grade, possession, approval, paired_at)
        VALUES (7, 'd7', 7, '"administrator"', x'71', x'72', 9);"#;

#[test]
fn a_database_of_version_6_keeps_its_sessions_and_devices() {
    let mut connection = Connection::open_in_memory().unwrap();
    for step in &MIGRATIONS[..6] {
        connection.execute_batch(step).unwrap();
    }
    connection.pragma_update(None, "user_version", 6).unwrap();
    connection.execute_batch(ROWS_BEFORE_V7).unwrap();
    migrate(&mut connection).unwrap();
    let kept: (String, bool, Option<i64>, i64, Option<i64>) = connection
        .query_row(
            "SELECT s.id, s.moving, s.device_no, d.paired_at, d.tested_at
             FROM issuing_session s JOIN device d ON d.account_no = s.account_no",
            [],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            },
        )
        .unwrap();
    assert_eq!(kept, ("session".to_owned(), false, None, 9, None));
}

#[test]
fn a_database_of_each_earlier_version_is_brought_up_to_date_and_keeps_its_rows() {
    let newest = i64::try_from(MIGRATIONS.len()).unwrap();
    for (steps, version) in (1..=MIGRATIONS.len()).zip(1_i64..) {
        let mut connection = Connection::open_in_memory().unwrap();
        for step in &MIGRATIONS[..steps] {
            connection.execute_batch(step).unwrap();
        }
        connection
            .pragma_update(None, "user_version", version)
            .unwrap();
        connection
            .execute("INSERT INTO value (name, value) VALUES ('kept', x'01')", [])
            .unwrap();
        if version < 4 {
            connection.execute_batch(ROWS_BEFORE_V4).unwrap();
        }
        if version < 5 {
            connection.execute_batch(ROWS_BEFORE_V5).unwrap();
        }
        migrate(&mut connection).unwrap();
        if version < 4 {
            let kept: (String, String, Option<String>, i64, String) = connection
                .query_row(
                    "SELECT registration, receipt, countersignature, approval_counter, jti
                     FROM device JOIN device_document ON device_no = device.no, used_assertion",
                    [],
                    |row| {
                        Ok((
                            row.get(0)?,
                            row.get(1)?,
                            row.get(2)?,
                            row.get(3)?,
                            row.get(4)?,
                        ))
                    },
                )
                .unwrap();
            let expected = ("{}".to_owned(), "jws".to_owned(), None, 7, "j".to_owned());
            assert_eq!(kept, expected);
            let client: (String, String) = connection
                .query_row("SELECT authentication, settings FROM client", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .unwrap();
            let expected = (
                r#"{"method":"private_key_jwt"}"#,
                r#"{"keys":{"jwks":"{}"}}"#,
            );
            assert_eq!((client.0.as_str(), client.1.as_str()), expected);
        }
        if version < 5 {
            let chains: String = connection
                .query_row(
                    "SELECT (SELECT group_concat(seq || '<' || ifnull(previous, '-')) FROM flow) || ' '
                         || (SELECT group_concat(no || '<' || ifnull(previous, '-')) FROM evidence) || ' '
                         || (SELECT last_flow || ' ' || last_evidence FROM account WHERE no = 5) || ' '
                         || (SELECT group_concat(account_no || ':' || client_no) FROM asked) || ' '
                         || (SELECT group_concat(no || '@' || seq) FROM prompt)",
                    [],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(chains, "1<-,2<-,3<1 1<-,2<1 3 2 5:8 4@1,5@3");
            let changed = connection.execute("UPDATE evidence SET at = 9", []);
            assert!(changed.is_err(), "append-only again");
        }
        let (version, kept, refusals): (i64, i64, i64) = connection
            .query_row(
                "SELECT (SELECT user_version FROM pragma_user_version),
                        (SELECT count(*) FROM value), (SELECT count(*) FROM refusal)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!((version, kept, refusals), (newest, 1, 0));
    }
}

/// Devices of three accounts, as version 7 knew them: a first one and one beside it that it added later; one that was moved from,
/// with its successor; and one that came after all were gone.
const ROWS_BEFORE_V8: &str = r#"
    INSERT INTO account (no, id, sub, login_name, display_name, test, created, budget)
        VALUES (1, 'a1', 's1', 'l1', 'd', 0, 0, '{}'), (2, 'a2', 's2', 'l2', 'd', 0, 0, '{}'),
               (3, 'a3', 's3', 'l3', 'd', 0, 0, '{}');
    INSERT INTO device (no, id, account_no, grade, possession, approval, paired_at, revoked_at)
        VALUES (1, 'first', 1, '"administrator"', x'01', x'02', 10, NULL),
               (2, 'beside', 1, '"administrator"', x'03', x'04', 11, NULL),
               (3, 'added', 1, '"device"', x'05', x'06', 12, NULL),
               (4, 'old', 2, '"administrator"', x'07', x'08', 20, 25),
               (5, 'moved', 2, '"device"', x'09', x'0a', 25, NULL),
               (6, 'simulated', 3, '"simulated"', x'0b', x'0c', 1, NULL),
               (7, 'gone', 3, '"administrator"', x'0d', x'0e', 30, 31),
               (8, 'late', 3, '"administrator"', x'0f', x'10', 32, NULL);
    INSERT INTO issuing_session (no, id, account_no, grade, secret_hash, expires)
        VALUES (7, 'session', 1, '"administrator"', x'01', 60);
    INSERT INTO invitation (session_no, code_mac, expires) VALUES (7, x'01', 60);"#;

#[test]
fn a_database_of_version_7_says_who_waits_and_keeps_its_invitations() {
    let mut connection = Connection::open_in_memory().unwrap();
    for step in &MIGRATIONS[..7] {
        connection.execute_batch(step).unwrap();
    }
    connection.pragma_update(None, "user_version", 7).unwrap();
    connection.execute_batch(ROWS_BEFORE_V8).unwrap();
    migrate(&mut connection).unwrap();
    let (waiting, bound): (String, Option<Vec<u8>>) = connection
        .query_row(
            "SELECT (SELECT group_concat(id || '@' || waits_since, ' ' ORDER BY no) FROM device), bound
             FROM invitation",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(waiting, "first@10 added@12 old@20 gone@30 late@32");
    assert_eq!(bound, None);
}
