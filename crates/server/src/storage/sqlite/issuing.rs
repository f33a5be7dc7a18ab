//! Issuing sessions and their invitations (device protocol, section 4.1).

use rusqlite::{Connection, OptionalExtension, params};
use tegata_protocol::{
    AccountId, PairingId, Sha256Digest, Thumbprint, UnixTime, bytes::constant_time_eq,
};

use super::{
    accounts::{account_no, is_taken},
    rows::{self, Result, corrupt},
};
use crate::{
    domain::{Invitation, InvitationState, IssuingSession, IssuingSessionId},
    storage::ops::{
        BindInvitation, BindInvitationOutcome, CreateInvitation, CreateInvitationOutcome,
        CreateIssuingSession, CreateIssuingSessionOutcome, OpenPairingPage, OpenPairingPageOutcome,
        RedeemInvitation, RedeemInvitationOutcome,
    },
};

pub(super) fn create_session(
    c: &Connection,
    op: &CreateIssuingSession,
) -> Result<CreateIssuingSessionOutcome> {
    let Some(account) = account_no(c, &op.account)? else {
        return Ok(CreateIssuingSessionOutcome::NoAccount);
    };
    c.execute(
        "INSERT INTO issuing_session (id, account_no, grade, secret_hash, page_secret_hash, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            op.id.as_str(),
            account,
            rows::to_json(&op.grade)?,
            op.secret_hash.0,
            op.page_secret_hash.map(|hash| hash.0),
            op.expires.0
        ],
    )?;
    Ok(CreateIssuingSessionOutcome::Created)
}

pub(super) fn open_page(c: &Connection, op: &OpenPairingPage) -> Result<OpenPairingPageOutcome> {
    let found = c
        .query_row(
            "SELECT s.no, a.id, s.page_secret_hash, s.page_used, s.expires
             FROM issuing_session s JOIN account a ON a.no = s.account_no WHERE s.id = ?1",
            [op.session.as_str()],
            |row| {
                let (no, account): (i64, String) = (row.get(0)?, row.get(1)?);
                let (secret, used): (Option<Vec<u8>>, bool) = (row.get(2)?, row.get(3)?);
                Ok((no, account, secret, used, row.get::<_, i64>(4)?))
            },
        )
        .optional()?;
    let Some((no, account, Some(secret), used, expires)) = found else {
        return Ok(OpenPairingPageOutcome::Unknown);
    };
    // 1. The secret first: the session's state is told only to who has it.
    if !constant_time_eq(&secret, &op.page_secret_hash.0) {
        return Ok(OpenPairingPageOutcome::Unknown);
    }
    // 2. Time, 3. use.
    if op.now.0 >= expires {
        return Ok(OpenPairingPageOutcome::Expired);
    }
    if used {
        return Ok(OpenPairingPageOutcome::Used);
    }
    c.execute(
        "UPDATE issuing_session SET page_used = 1, secret_hash = ?1 WHERE no = ?2 AND page_used = 0",
        params![op.new_secret_hash.0, no],
    )?;
    Ok(OpenPairingPageOutcome::Opened {
        account: AccountId::parse(&account).map_err(|_| corrupt("account id"))?,
    })
}

pub(super) fn create_invitation(
    c: &Connection,
    op: &CreateInvitation,
) -> Result<CreateInvitationOutcome> {
    let session: Option<i64> = c
        .query_row(
            "SELECT no FROM issuing_session WHERE id = ?1 AND expires > ?2",
            params![op.session.as_str(), op.now.0],
            |row| row.get(0),
        )
        .optional()?;
    let Some(session) = session else {
        return Ok(CreateInvitationOutcome::NoSession);
    };
    let inserted = c.execute(
        "INSERT INTO invitation (session_no, code_mac, expires) VALUES (?1, ?2, ?3)",
        params![session, op.code_mac.0, op.expires.0],
    );
    Ok(if is_taken(inserted)? {
        CreateInvitationOutcome::Taken
    } else {
        CreateInvitationOutcome::Created
    })
}

pub(super) fn bind_invitation(
    c: &Connection,
    op: &BindInvitation,
) -> Result<BindInvitationOutcome> {
    let found: Option<(i64, Vec<u8>, bool, i64)> = c
        .query_row(
            "SELECT s.no, s.secret_hash, i.used, min(s.expires, i.expires)
             FROM issuing_session s JOIN invitation i ON i.session_no = s.no WHERE s.id = ?1",
            [op.session.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    // 1. The secret first: the session's state is told only to who has it.
    let held = found.filter(|(_, secret, ..)| constant_time_eq(secret, &op.secret_hash.0));
    let Some((session, _, used, expires)) = held else {
        return Ok(BindInvitationOutcome::Unknown);
    };
    // 2. Use, 3. time.
    if used {
        return Ok(BindInvitationOutcome::Used);
    }
    if op.now.0 >= expires {
        return Ok(BindInvitationOutcome::Expired);
    }
    let bound = c.execute(
        "UPDATE invitation SET code_mac = ?1, bound = ?2 WHERE session_no = ?3 AND used = 0",
        params![op.code_mac.0, op.key.0.0, session],
    )?;
    Ok(if bound == 1 {
        BindInvitationOutcome::Bound
    } else {
        BindInvitationOutcome::Used
    })
}

pub(super) fn redeem_invitation(
    c: &Connection,
    op: &RedeemInvitation,
) -> Result<RedeemInvitationOutcome> {
    let found: Option<(i64, bool, i64)> = c
        .query_row(
            "SELECT session_no, used, expires FROM invitation WHERE code_mac = ?1",
            [op.code_mac.0],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((session, used, expires)) = found else {
        return Ok(RedeemInvitationOutcome::Unknown);
    };
    if used {
        return Ok(RedeemInvitationOutcome::Used);
    }
    if op.now.0 >= expires {
        return Ok(RedeemInvitationOutcome::Expired);
    }
    let consumed = c.execute(
        "UPDATE invitation SET used = 1 WHERE session_no = ?1 AND used = 0",
        [session],
    )?;
    if consumed != 1 {
        return Ok(RedeemInvitationOutcome::Used);
    }
    c.execute(
        "INSERT INTO pairing (session_no, id, offer, offer_hash, server_nonce, expires)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            session,
            op.pairing.as_str(),
            op.offer,
            op.offer_hash.0,
            op.server_nonce,
            op.expires.0
        ],
    )?;
    // The session must live long enough to confirm.
    c.execute(
        "UPDATE issuing_session SET expires = max(expires, ?1) WHERE no = ?2",
        params![op.expires.0, session],
    )?;
    Ok(RedeemInvitationOutcome::Redeemed)
}

pub(super) fn issuing_session(
    c: &Connection,
    id: &IssuingSessionId,
) -> Result<Option<IssuingSession>> {
    let mut statement = c.prepare_cached(
        "SELECT a.id, s.grade, s.secret_hash, s.expires, i.used, p.id, i.bound
         FROM issuing_session s JOIN account a ON a.no = s.account_no
         LEFT JOIN invitation i ON i.session_no = s.no LEFT JOIN pairing p ON p.session_no = s.no
         WHERE s.id = ?1",
    )?;
    let mut found = statement.query([id.as_str()])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    let pairing: Option<String> = row.get(5)?;
    Ok(Some(IssuingSession {
        id: id.clone(),
        account: AccountId::parse(&row.get::<_, String>(0)?).map_err(|_| corrupt("account id"))?,
        grade: rows::from_json(&row.get::<_, String>(1)?, "session grade")?,
        secret_hash: rows::digest(&row.get::<_, Vec<u8>>(2)?)?,
        expires: UnixTime(row.get(3)?),
        invitation: row.get::<_, Option<bool>>(4)?.map(invitation_state),
        bound: row
            .get::<_, Option<Vec<u8>>>(6)?
            .map(|key| rows::digest(&key).map(Thumbprint))
            .transpose()?,
        pairing: pairing
            .map(|id| PairingId::parse(&id))
            .transpose()
            .map_err(|_| corrupt("pairing id"))?,
    }))
}

pub(super) fn invitation(c: &Connection, code_mac: &Sha256Digest) -> Result<Option<Invitation>> {
    let mut statement = c.prepare_cached(
        "SELECT s.id, a.id, i.used, i.expires
         FROM invitation i JOIN issuing_session s ON s.no = i.session_no JOIN account a ON a.no = s.account_no
         WHERE i.code_mac = ?1",
    )?;
    let mut found = statement.query([code_mac.0])?;
    let Some(row) = found.next()? else {
        return Ok(None);
    };
    Ok(Some(Invitation {
        session: session_id(&row.get::<_, String>(0)?)?,
        account: AccountId::parse(&row.get::<_, String>(1)?).map_err(|_| corrupt("account id"))?,
        state: invitation_state(row.get(2)?),
        expires: UnixTime(row.get(3)?),
    }))
}

fn invitation_state(used: bool) -> InvitationState {
    if used {
        InvitationState::Used
    } else {
        InvitationState::Open
    }
}

/// A stored session id.
pub(super) fn session_id(text: &str) -> Result<IssuingSessionId> {
    IssuingSessionId::parse(text).ok_or_else(|| corrupt("issuing session id"))
}
