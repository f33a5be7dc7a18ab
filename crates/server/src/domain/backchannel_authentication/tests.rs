use super::*;
use crate::domain::{RedemptionError, Sender, check_redemption};
use proptest::prelude::*;

const RETENTION: i64 = 86_400;

fn flow() -> BackchannelAuthentication {
    BackchannelAuthentication {
        seq: FlowSeq(1),
        facts: RequestFacts {
            consent_request_id: ConsentRequestId::parse("request").unwrap(),
            client_id: ClientId::parse("client").unwrap(),
            client_name: "Client".to_owned(),
            account: AccountId::parse("account").unwrap(),
            sub: "sub".to_owned(),
            kind: Kind::SignIn,
            scopes: vec!["openid".to_owned()],
            acr_values: vec![],
            binding_message: None,
            transfer: Transfer::None,
            created: UnixTime(0),
            expires: UnixTime(120),
            interval: 5,
            terms: Terms::default(),
        },
        transfer_tries: 0,
        state: BackchannelAuthenticationState::Pending,
    }
}

fn approval(at: i64) -> Approval {
    Approval {
        device: DeviceId::parse("device").unwrap(),
        at: UnixTime(at),
        acr: "acr".to_owned(),
        amr: vec!["pin".to_owned()],
        evidence: Sha256Digest([0; 32]),
    }
}

fn after(
    flow: &BackchannelAuthentication,
    transition: Result<Transition, InvalidTransition>,
) -> BackchannelAuthentication {
    BackchannelAuthentication {
        state: transition.unwrap().state,
        ..flow.clone()
    }
}

fn redemption(
    flow: &BackchannelAuthentication,
    client: &str,
    now: i64,
) -> Result<(), RedemptionError> {
    let client = ClientId::parse(client).unwrap();
    check_redemption(
        Some(flow),
        &client,
        &Sender::default(),
        UnixTime(now),
        RETENTION,
    )
    .map(|_| ())
}

#[derive(Debug, Clone, Copy)]
enum Command {
    Approve,
    Deny,
    FailTransfer,
    Redeem,
    Report,
    Withdraw,
}

fn commands() -> impl Strategy<Value = Vec<(Command, i64)>> {
    let command = prop_oneof![
        Just(Command::Approve),
        Just(Command::Deny),
        Just(Command::FailTransfer),
        Just(Command::Redeem),
        Just(Command::Report),
        Just(Command::Withdraw),
    ];
    prop::collection::vec((command, 0..40_i64), 0..24)
}

proptest! {
    /// Whatever is tried in whatever order and at whatever pace.
    #[test]
    fn no_sequence_redeems_twice_or_approves_after_a_denial_or_expiry(commands in commands()) {
        let mut flow = flow();
        let (mut now, mut redeemed, mut approved, mut closed) = (0, 0, 0, false);
        for (command, pause) in commands {
            now += pause;
            let at = UnixTime(now);
            let device = DeviceId::parse("device").unwrap();
            let transition = match command {
                Command::Approve => flow.approve(approval(now)),
                Command::Deny => flow.deny(device, DenialReason::ChangedMind, at),
                Command::FailTransfer => flow.fail_transfer(at),
                Command::Redeem => flow.redeem(at),
                Command::Report => flow.report_not_me(at),
                Command::Withdraw => flow.withdraw(at),
            };
            let Ok(transition) = transition else { continue };
            match command {
                Command::Approve => {
                    prop_assert!(!closed, "nothing is approved after it was closed");
                    prop_assert!(now < 120, "nothing is approved after its time");
                    approved += 1;
                }
                Command::Redeem => {
                    prop_assert_eq!(approved, 1, "only what was approved is redeemed");
                    redeemed += 1;
                }
                Command::Deny | Command::FailTransfer | Command::Withdraw => {
                    prop_assert!(!closed && approved == 0, "a decision is final");
                }
                Command::Report => prop_assert_eq!(approved, 1),
            }
            closed = true;
            flow.state = transition.state;
        }
        prop_assert!(redeemed <= 1 && approved <= 1);
    }
}

#[test]
fn a_denied_request_can_neither_be_approved_nor_redeemed() {
    let pending = flow();
    let device = DeviceId::parse("device").unwrap();
    let denied = after(
        &pending,
        pending.deny(device.clone(), DenialReason::NotMe, UnixTime(1)),
    );
    assert_eq!(denied.approve(approval(2)), Err(InvalidTransition));
    assert_eq!(
        denied.deny(device, DenialReason::NotMe, UnixTime(2)),
        Err(InvalidTransition)
    );
    assert_eq!(denied.redeem(UnixTime(2)), Err(InvalidTransition));
    assert_eq!(denied.withdraw(UnixTime(2)), Err(InvalidTransition));
    assert_eq!(denied.fail_transfer(UnixTime(2)), Err(InvalidTransition));
    assert_eq!(denied.report_not_me(UnixTime(2)), Err(InvalidTransition));
}

#[test]
fn the_wrong_client_learns_nothing_in_any_state() {
    let pending = flow();
    let approved = after(&pending, pending.approve(approval(1)));
    let redeemed = after(&approved, approved.redeem(UnixTime(2)));
    for (flow, now) in [
        (&pending, 1),
        (&pending, 500),
        (&approved, 2),
        (&redeemed, 3),
    ] {
        assert_eq!(
            redemption(flow, "other", now),
            Err(RedemptionError::InvalidGrant)
        );
    }
}

#[test]
fn answers_follow_the_request_through_its_life() {
    let pending = flow();
    assert_eq!(
        redemption(&pending, "client", 119),
        Err(RedemptionError::AuthorizationPending)
    );
    assert_eq!(
        redemption(&pending, "client", 120),
        Err(RedemptionError::ExpiredToken)
    );
    assert_eq!(
        redemption(&pending, "client", 120 + RETENTION - 1),
        Err(RedemptionError::ExpiredToken)
    );
    assert_eq!(
        redemption(&pending, "client", 120 + RETENTION),
        Err(RedemptionError::InvalidGrant)
    );

    let device = DeviceId::parse("device").unwrap();
    let denied = after(
        &pending,
        pending.deny(device, DenialReason::ChangedMind, UnixTime(1)),
    );
    assert_eq!(
        redemption(&denied, "client", 119),
        Err(RedemptionError::AccessDenied)
    );

    let approved = after(&pending, pending.approve(approval(119)));
    assert_eq!(
        redemption(&approved, "client", 119 + COLLECTION_GRACE_SECONDS - 1),
        Ok(())
    );
    assert_eq!(
        redemption(&approved, "client", 119 + COLLECTION_GRACE_SECONDS),
        Err(RedemptionError::ExpiredToken),
        "what nobody collects in time expires"
    );
    assert_eq!(approved.redeem(UnixTime(500)), Err(InvalidTransition));

    let redeemed = after(&approved, approved.redeem(UnixTime(121)));
    for now in [121, 1000] {
        assert_eq!(
            redemption(&redeemed, "client", now),
            Err(RedemptionError::InvalidGrant)
        );
    }
}

#[test]
fn a_report_takes_an_approval_back_and_revokes_tokens_of_a_redeemed_one() {
    let pending = flow();
    let approved = after(&pending, pending.approve(approval(1)));
    let withdrawn = after(&approved, approved.report_not_me(UnixTime(2)));
    assert_eq!(
        redemption(&withdrawn, "client", 3),
        Err(RedemptionError::AccessDenied)
    );

    let redeemed = after(&approved, approved.redeem(UnixTime(2)));
    let report = redeemed.report_not_me(UnixTime(3)).unwrap();
    assert!(report.effects.contains(&Effect::RevokeTokens));
    assert_eq!(report.state, redeemed.state);
}
