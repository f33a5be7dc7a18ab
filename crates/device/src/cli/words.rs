//! Words for values that the protocol names, for people who do not know the protocol.

use tegata_device::{BlockReason, Connection, Health};
use tegata_protocol::{
    device::{
        decision::{DenyReason, Verdict},
        management::NoticeKind,
        problem::ProblemCode,
        prompt::{DenyOnlyReason, PromptKind},
    },
    text::CodeAlphabet,
};

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Deny => "denied",
    }
}

pub(super) fn deny_reason(reason: DenyReason) -> &'static str {
    match reason {
        DenyReason::ChangedMind => "not wanted any more",
        DenyReason::NotMe => "not started by this person",
        DenyReason::WrongDetails => "the details were wrong",
    }
}

pub(super) fn deny_only(reason: DenyOnlyReason) -> &'static str {
    match reason {
        DenyOnlyReason::AssuranceTooLow => "it asks for a stronger key than this device has",
        DenyOnlyReason::CriticalMember | DenyOnlyReason::UnknownMember => {
            "it holds something that this version does not know"
        }
        DenyOnlyReason::Kind => "this version does not know this kind of request",
        DenyOnlyReason::Text => "some of its text cannot be shown as it is",
        _ => "this version cannot show all of it",
    }
}

pub(super) fn block_reason(reason: BlockReason) -> &'static str {
    match reason {
        BlockReason::BadSignature => "the signature is not the server's",
        BlockReason::Malformed => "it has a form that this version does not accept",
        BlockReason::NotForThisDevice => "it is for another device, account or server",
        BlockReason::OutOfTime => "it was over already",
        BlockReason::Replayed => "an earlier request came again with other content",
        _ => "it is not what it should be",
    }
}

pub(super) fn kind(kind: PromptKind) -> &'static str {
    match kind {
        PromptKind::DeviceAdd => "adding a device to this account",
        PromptKind::DeviceGrade => "counting another device for as much as this one",
        PromptKind::DeviceKey => "replacing this device's approval key",
        PromptKind::DeviceRemove => "removing a device from this account",
        PromptKind::Grant => "access",
        PromptKind::SignIn => "sign-in",
        PromptKind::Test => "test of delivery, grants nothing",
        _ => "not known to this version",
    }
}

/// What a code consists of.
pub(super) fn characters(alphabet: CodeAlphabet) -> &'static str {
    match alphabet {
        CodeAlphabet::Digits => "digits",
        _ => "characters",
    }
}

/// `1 try is left`, `2 tries are left`.
pub(super) fn tries_left(tries: u32) -> String {
    if tries == 1 {
        "1 try is left".into()
    } else {
        format!("{tries} tries are left")
    }
}

/// Why the server refused; `None` for what only a defect explains.
pub(super) fn problem(code: ProblemCode) -> Option<&'static str> {
    Some(match code {
        ProblemCode::AssuranceTooLow => {
            "the request asks for a stronger key than this device has; answer on another device"
        }
        ProblemCode::DecisionConflict => "this device has answered this request otherwise already",
        ProblemCode::DeviceRevoked => "the server revoked this device; pair it again",
        ProblemCode::DeviceSuspended => "the server put this device on hold; ask who runs it",
        ProblemCode::Internal => "the server failed and did nothing; try again",
        ProblemCode::NotFound => "the server does not know this request",
        ProblemCode::TemporarilyUnavailable => "the server is busy and did nothing; try again",
        ProblemCode::TooManyRequests => "the server was asked too often; try again later",
        _ => return None,
    })
}

/// What happened to a device of an account.
pub(super) fn notice(what: NoticeKind) -> &'static str {
    match what {
        NoticeKind::DeviceAdded => "device added",
        NoticeKind::DeviceRemoved => "device removed",
        NoticeKind::DeviceGraded => "device may manage others now",
        NoticeKind::KeyReplaced => "approval key replaced by",
        NoticeKind::Reported => "an approval was reported as not this person's own by",
        _ => "something that this version does not know, about",
    }
}

pub(super) fn connection(connection: Connection) -> &'static str {
    match connection {
        Connection::Connecting => "connecting",
        Connection::Offline { .. } => "server out of reach",
        Connection::Online => "connected",
    }
}

pub(super) fn health(health: Health) -> &'static str {
    match health {
        Health::Ok => "everything works",
        Health::Unknown => "keys not used yet",
        Health::PinLocked => "approval key destroyed",
        _ => "not working, see `tegata doctor`",
    }
}
