//! Rows to values. What does not read back as what was written is [`StoreError::Corrupt`].

use rusqlite::Row;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tegata_protocol::{AccountId, ClientId, DeviceId, Sha256Digest, UnixTime};

use crate::{
    domain::{
        Account, Approval, BackchannelAuthenticationState, Client, Decision, DenialReason,
        DeviceState, PairedDevice,
    },
    storage::StoreError,
};

pub(super) type Result<T> = std::result::Result<T, StoreError>;

pub(super) const PENDING: i64 = 0;
pub(super) const APPROVED: i64 = 1;
pub(super) const DENIED: i64 = 2;
pub(super) const TRANSFER_FAILED: i64 = 3;
pub(super) const WITHDRAWN: i64 = 4;
pub(super) const REDEEMED: i64 = 5;
/// Withdrawn because the person moved to another device.
pub(super) const MOVED: i64 = 6;

pub(super) const ACCOUNT: &str = "id, sub, login_name, display_name, test, created, user_code";
pub(super) const CLIENT: &str = "id, name, authentication, registered_by, since, host, binding_message, transfer_code, settings";
pub(super) const DEVICE: &str = "device.id, account.id, device_document.registration, device.grade, device.revoked_at, \
     device.suspect, device.paired_at, device.last_seen, device.possession_counter, device.approval_counter, \
     device_document.receipt, device_document.countersignature, device.waits_since";

/// The decision that a device made, kept beside the hot row.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Settlement {
    pub(super) device: DeviceId,
    pub(super) device_name: String,
    pub(super) at: UnixTime,
    pub(super) verdict: SettledVerdict,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SettledVerdict {
    Approved {
        acr: String,
        amr: Vec<String>,
        evidence: Sha256Digest,
    },
    Denied {
        reason: DenialReason,
    },
}

/// Why an approval was refused after its counter had been stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Refused {
    /// The transfer code was wrong.
    WrongCode { tries_left: u8 },
    /// The key is of too low a kind.
    AssuranceTooLow,
}

impl Settlement {
    pub(super) fn decision(&self) -> Decision {
        match self.verdict {
            SettledVerdict::Approved { .. } => Decision::Approve,
            SettledVerdict::Denied { .. } => Decision::Deny,
        }
    }
}

pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| corrupt("a value that is no JSON"))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|_| corrupt(what))
}

pub(super) fn digest(bytes: &[u8]) -> Result<Sha256Digest> {
    Ok(Sha256Digest(
        bytes
            .try_into()
            .map_err(|_| corrupt("a digest that is not 32 bytes"))?,
    ))
}

pub(super) fn account(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        id: AccountId::parse(
            row.get_ref(0)?
                .as_str()
                .map_err(|_| corrupt("account id"))?,
        )
        .map_err(|_| corrupt("account id"))?,
        sub: row.get(1)?,
        login_name: row.get(2)?,
        display_name: row.get(3)?,
        test: row.get(4)?,
        created: UnixTime(row.get(5)?),
        user_code: row
            .get::<_, Option<Vec<u8>>>(6)?
            .map(|hash| digest(&hash))
            .transpose()?,
    })
}

pub(super) fn client(row: &Row<'_>) -> Result<Client> {
    Ok(Client {
        id: ClientId::parse(&row.get::<_, String>(0)?).map_err(|_| corrupt("client id"))?,
        name: row.get(1)?,
        authentication: from_json(&row.get::<_, String>(2)?, "client authentication")?,
        registered_by: from_json(&row.get::<_, String>(3)?, "client registration")?,
        since: UnixTime(row.get(4)?),
        host: row.get(5)?,
        binding_message: from_json(&row.get::<_, String>(6)?, "client binding message")?,
        transfer_code: row.get(7)?,
        settings: from_json(&row.get::<_, String>(8)?, "client settings")?,
    })
}

pub(super) fn device(row: &Row<'_>) -> Result<PairedDevice> {
    Ok(PairedDevice {
        id: device_id(&row.get::<_, String>(0)?)?,
        account: AccountId::parse(&row.get::<_, String>(1)?).map_err(|_| corrupt("account id"))?,
        registration: from_json(&row.get::<_, String>(2)?, "device registration")?,
        grade: from_json(&row.get::<_, String>(3)?, "device grade")?,
        state: row
            .get::<_, Option<i64>>(4)?
            .map_or(DeviceState::Active, |at| DeviceState::Revoked {
                at: UnixTime(at),
            }),
        suspect: row.get(5)?,
        paired_at: UnixTime(row.get(6)?),
        waits_since: row.get::<_, Option<i64>>(12)?.map(UnixTime),
        last_seen: row.get::<_, Option<i64>>(7)?.map(UnixTime),
        possession_counter: row.get(8)?,
        approval_counter: row.get(9)?,
        pairing_receipt: row.get(10)?,
        countersignature: row.get(11)?,
    })
}

pub(super) fn device_id(text: &str) -> Result<DeviceId> {
    DeviceId::parse(text).map_err(|_| corrupt("device id"))
}

/// The state of a flow from its hot row and its settlement.
pub(super) fn state(
    code: i64,
    at: Option<i64>,
    settlement: Option<&Settlement>,
) -> Result<BackchannelAuthenticationState> {
    use BackchannelAuthenticationState as S;
    let at = || {
        at.map(UnixTime)
            .ok_or_else(|| corrupt("a settled request without its time"))
    };
    let settled = || settlement.ok_or_else(|| corrupt("a settled request without its settlement"));
    let approval = || {
        let settlement = settled()?;
        match &settlement.verdict {
            SettledVerdict::Approved { acr, amr, evidence } => Ok(Approval {
                device: settlement.device.clone(),
                at: settlement.at,
                acr: acr.clone(),
                amr: amr.clone(),
                evidence: *evidence,
            }),
            SettledVerdict::Denied { .. } => Err(corrupt("an approved request with a denial")),
        }
    };
    Ok(match code {
        PENDING => S::Pending,
        APPROVED => S::Approved(approval()?),
        DENIED => {
            let settlement = settled()?;
            match settlement.verdict {
                SettledVerdict::Denied { reason } => S::Denied {
                    device: settlement.device.clone(),
                    reason,
                    at: settlement.at,
                },
                SettledVerdict::Approved { .. } => {
                    return Err(corrupt("a denied request with an approval"));
                }
            }
        }
        TRANSFER_FAILED => S::TransferFailed { at: at()? },
        WITHDRAWN | MOVED => S::Withdrawn {
            at: at()?,
            moved: code == MOVED,
        },
        REDEEMED => S::Redeemed {
            approval: approval()?,
            at: at()?,
        },
        _ => return Err(corrupt("a request in an unknown state")),
    })
}

/// The code of a state in the hot row.
pub(super) fn state_code(state: &BackchannelAuthenticationState) -> i64 {
    use BackchannelAuthenticationState as S;
    match state {
        S::Pending => PENDING,
        S::Approved(_) => APPROVED,
        S::Denied { .. } => DENIED,
        S::TransferFailed { .. } => TRANSFER_FAILED,
        S::Withdrawn { moved: true, .. } => MOVED,
        S::Withdrawn { .. } => WITHDRAWN,
        S::Redeemed { .. } => REDEEMED,
    }
}
