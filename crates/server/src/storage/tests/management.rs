//! Questions of the server's own and bound invitations, in the order of commits (device protocol, section 12).

use super::*;
use tegata_protocol::{PublicKey, SigningKey, Thumbprint, device::pairing::KeyKind};

/// A device that may manage others at [`NOW`], and one that waits.
async fn standing_and_waiting(bench: &Bench) -> (PairedDevice, PairedDevice) {
    let waiting = bench.pair("alice").await;
    (bench.pair("alice").await, waiting)
}

fn new_key(bench: &Bench, device: &PairedDevice) -> (Subject, Thumbprint, PublicKey) {
    let (key, _) = SigningKey::make(&bench.rng);
    let subject = Subject::ReplaceKey(Box::new(KeyReplacement {
        old: device.registration.approval_thumbprint,
        new: key.thumbprint(),
        key: *key.public(),
        credential: "new credential".to_owned(),
        kind: KeyKind::SoftwarePin,
    }));
    (subject, key.thumbprint(), *key.public())
}

fn grading(device: &PairedDevice) -> Subject {
    Subject::GradeDevice {
        device: device.id.clone(),
        name: "Laptop".to_owned(),
        platform: "linux".to_owned(),
        paired_at: NOW,
    }
}

/// Puts a question of the server's own to `device`.
async fn ask(
    bench: &Bench,
    device: &PairedDevice,
    subject: Subject,
    now: UnixTime,
) -> (AskDeviceOutcome, FlowIds) {
    let (mut create, ids) = bench.request("alice", "shop", &[device], now);
    create.facts.client_id = own_client_id();
    create.facts.kind = match subject {
        Subject::AddDevice { .. } => Kind::DeviceAdd,
        Subject::RemoveDevice { .. } => Kind::DeviceRemove,
        Subject::GradeDevice { .. } => Kind::DeviceGrade,
        Subject::ReplaceKey(_) => Kind::DeviceKey,
    };
    create.facts.terms.subject = Some(subject);
    let operation = AskDevice {
        seq: create.seq,
        tag_hash: create.tag_hash,
        facts: create.facts,
        prompt: create.prompts.remove(0),
    };
    (bench.store.apply(operation).await.unwrap(), ids)
}

async fn asked(bench: &Bench, device: &PairedDevice, subject: Subject) -> FlowIds {
    let (outcome, ids) = ask(bench, device, subject, NOW).await;
    assert_eq!(outcome, AskDeviceOutcome::Asked);
    ids
}

/// An approval that brings the pairing receipt for a new key.
fn approve_key(ids: &FlowIds, device: &PairedDevice, counter: u32) -> Decide {
    Decide {
        pairing_receipt: Some(format!("receipt of {}", ids.consent_request_id)),
        ..approve(ids, device, counter, NOW)
    }
}

fn carried_out(outcome: DecideOutcome) -> CarriedOut {
    let DecideOutcome::Recorded {
        carried_out: Some(done),
        ..
    } = outcome
    else {
        panic!("{outcome:?}");
    };
    done
}

fn is_recorded(outcome: &DecideOutcome) -> bool {
    matches!(outcome, DecideOutcome::Recorded { .. })
}

#[tokio::test]
async fn a_decision_by_a_key_that_was_replaced_meanwhile_is_none() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (subject, new, key) = new_key(&bench, &device);
    let question = asked(&bench, &device, subject).await;
    let before = bench.ask("alice", "shop", &[&device], NOW).await;
    let after = bench.ask("alice", "bank", &[&device], NOW).await;
    // Decided first: it stands.
    let first = bench.store.apply(approve(&before, &device, 7, NOW)).await;
    assert!(is_recorded(&first.unwrap()));
    let replace = approve_key(&question, &device, 8);
    let done = carried_out(bench.store.apply(replace.clone()).await.unwrap());
    assert!(done.changed);
    assert_eq!(done.told, std::slice::from_ref(&device.id));
    assert_eq!(redeem(&bench, &before, NOW).await, "redeemed");
    // Replaced first: its signature was good when it was looked at, and is not any more.
    let late = approve(&after, &device, 9, NOW);
    let refused = bench.store.apply(late).await.unwrap();
    assert_eq!(refused, DecideOutcome::ForeignKey);
    let counted = CountApproval {
        device: device.id.clone(),
        credential: device.registration.approval_thumbprint,
        counter: 10,
        challenge: digest("too low"),
    };
    assert_eq!(
        bench.store.apply(counted).await.unwrap(),
        CountPossessionOutcome::ForeignKey
    );
    // The very approval that replaced it, sent again after a lost answer.
    let again = bench.store.apply(replace.clone()).await.unwrap();
    let receipt = replace.receipt.clone();
    assert_eq!(again, DecideOutcome::AlreadyRecorded { receipt });

    let bench = bench.reopen();
    let stored = bench.device(&device.id).await;
    assert_eq!(stored.registration.approval_thumbprint, new);
    assert_eq!(stored.registration.approval_key, key);
    assert_eq!(stored.registration.approval_credential, "new credential");
    assert_eq!(stored.approval_counter, 0);
    assert_eq!(
        Some(stored.pairing_receipt.clone()),
        replace.pairing_receipt
    );
    assert!(!stored.suspect);
    let good = bench.store.apply(approve(&after, &stored, 1, NOW)).await;
    assert!(is_recorded(&good.unwrap()));
    bench
        .store
        .read(StoreReader::verify_evidence_chain)
        .await
        .unwrap();
}

#[tokio::test]
async fn of_two_new_keys_the_one_approved_first_takes_the_old_ones_place() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (first, winner, _) = new_key(&bench, &device);
    let (second, loser, _) = new_key(&bench, &device);
    let (one, other) = (
        asked(&bench, &device, first).await,
        asked(&bench, &device, second).await,
    );
    carried_out(
        bench
            .store
            .apply(approve_key(&one, &device, 1))
            .await
            .unwrap(),
    );
    let refused = bench.store.apply(approve_key(&other, &device, 2)).await;
    assert_eq!(refused.unwrap(), DecideOutcome::ForeignKey);
    // By the key that took the place: it stands, and does nothing.
    let stored = bench.device(&device.id).await;
    let done = carried_out(
        bench
            .store
            .apply(approve_key(&other, &stored, 1))
            .await
            .unwrap(),
    );
    assert_eq!(done, CarriedOut::default());
    let stored = bench.device(&device.id).await;
    assert_eq!(stored.registration.approval_thumbprint, winner);
    assert_ne!(stored.registration.approval_thumbprint, loser);
}

#[tokio::test]
async fn of_32_racing_approvals_of_new_keys_one_replaces_the_key() {
    let bench = Bench::new().await;
    for _ in 0..10 {
        let device = bench.pair("alice").await;
        let mut questions = Vec::new();
        for _ in 0..2 {
            let (subject, new, _) = new_key(&bench, &device);
            questions.push((asked(&bench, &device, subject).await, new));
        }
        let mut tasks = tokio::task::JoinSet::new();
        for counter in 1..=32_u32 {
            let turn = usize::from(counter % 2 == 0);
            let (ids, new) = &questions[turn];
            let (op, new) = (approve_key(ids, &device, counter), *new);
            let store = bench.store.clone();
            tasks.spawn(async move { (store.apply(op).await.unwrap(), new) });
        }
        let outcomes = tasks.join_all().await;
        let won: Vec<_> = outcomes
            .iter()
            .filter(|(outcome, _)| is_recorded(outcome))
            .collect();
        assert_eq!(won.len(), 1, "{outcomes:?}");
        let stored = bench.device(&device.id).await;
        assert_eq!(stored.registration.approval_thumbprint, won[0].1);
        assert_eq!(stored.approval_counter, 0);
    }
}

#[tokio::test]
async fn a_key_that_somebody_registered_meanwhile_replaces_none() {
    let bench = Bench::new().await;
    let (device, other) = (bench.pair("alice").await, bench.pair("alice").await);
    let (subject, new, _) = new_key(&bench, &device);
    let Subject::ReplaceKey(replacement) = subject.clone() else {
        unreachable!("it was made so");
    };
    let mut twin = replacement.clone();
    twin.old = other.registration.approval_thumbprint;
    let question = asked(&bench, &device, subject.clone()).await;
    let twins = asked(&bench, &other, Subject::ReplaceKey(twin)).await;
    carried_out(
        bench
            .store
            .apply(approve_key(&question, &device, 1))
            .await
            .unwrap(),
    );
    let done = carried_out(
        bench
            .store
            .apply(approve_key(&twins, &other, 1))
            .await
            .unwrap(),
    );
    assert_eq!(done, CarriedOut::default());
    let stored = bench.device(&other.id).await;
    assert_ne!(stored.registration.approval_thumbprint, new);
    // Asked again about a key that is not the device's any more, or is somebody's.
    let (outcome, _) = ask(&bench, &device, subject, NOW).await;
    assert_eq!(outcome, AskDeviceOutcome::KeyRefused);
}

#[tokio::test]
async fn a_grading_and_the_end_of_either_device_are_in_the_order_of_their_commits() {
    let bench = Bench::new().await;
    let (standing, waiting) = standing_and_waiting(&bench).await;
    assert_eq!(
        (waiting.waits_since, standing.waits_since),
        (Some(NOW), None)
    );
    let revoke = |device: &PairedDevice| RevokeDevice {
        device: device.id.clone(),
        now: NOW,
    };
    // Ended first: nothing is done.
    let third = bench.pair("alice").await;
    let question = asked(&bench, &standing, grading(&waiting)).await;
    bench.store.apply(revoke(&waiting)).await.unwrap();
    let done = bench.store.apply(approve(&question, &standing, 1, NOW));
    assert_eq!(carried_out(done.await.unwrap()), CarriedOut::default());
    assert_eq!(bench.device(&waiting.id).await.waits_since, Some(NOW));
    // The asking one ended first: it decides nothing.
    bench.store.apply(revoke(&standing)).await.unwrap();
    bench.store.apply(revoke(&third)).await.unwrap();
    let (standing, waiting) = standing_and_waiting(&bench).await;
    let question = asked(&bench, &standing, grading(&waiting)).await;
    bench.store.apply(revoke(&standing)).await.unwrap();
    let late = bench.store.apply(approve(&question, &standing, 1, NOW));
    assert_eq!(late.await.unwrap(), DecideOutcome::DeviceRevoked);
    // Approved first: it stands.
    let standing = bench.pair("alice").await;
    let question = asked(&bench, &standing, grading(&waiting)).await;
    let done = bench.store.apply(approve(&question, &standing, 1, NOW));
    assert!(carried_out(done.await.unwrap()).changed);
    bench.store.apply(revoke(&standing)).await.unwrap();
    assert_eq!(bench.device(&waiting.id).await.waits_since, None);
}

#[tokio::test]
async fn who_may_grade_is_looked_at_when_it_is_asked_and_when_it_is_approved() {
    let bench = Bench::new().await;
    let (standing, waiting) = standing_and_waiting(&bench).await;
    let (outcome, _) = ask(&bench, &waiting, grading(&standing), NOW).await;
    assert_eq!(
        outcome,
        AskDeviceOutcome::NoSuchDevice,
        "it waits for nothing"
    );
    let (outcome, _) = ask(&bench, &standing, grading(&waiting), later(86_400)).await;
    assert_eq!(outcome, AskDeviceOutcome::NoSuchDevice, "it has waited");
    let (one, other) = (
        asked(&bench, &standing, grading(&waiting)).await,
        asked(&bench, &standing, grading(&waiting)).await,
    );
    let first = bench.store.apply(approve(&one, &standing, 1, NOW));
    assert!(carried_out(first.await.unwrap()).changed);
    let second = bench.store.apply(approve(&other, &standing, 2, NOW));
    assert_eq!(carried_out(second.await.unwrap()), CarriedOut::default());
}

#[tokio::test]
async fn a_countersignature_of_an_earlier_receipt_is_not_kept() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let sign = |receipt: &str| Countersign {
        device: device.id.clone(),
        receipt: receipt.to_owned(),
        jws: format!("over {receipt}"),
    };
    assert!(bench.store.apply(sign("pairing receipt")).await.unwrap());
    let (subject, _, _) = new_key(&bench, &device);
    let question = asked(&bench, &device, subject).await;
    let replace = approve_key(&question, &device, 1);
    carried_out(bench.store.apply(replace.clone()).await.unwrap());
    assert_eq!(bench.device(&device.id).await.countersignature, None);
    // It was under way when the key was replaced.
    assert!(!bench.store.apply(sign("pairing receipt")).await.unwrap());
    let receipt = replace.pairing_receipt.unwrap();
    assert!(bench.store.apply(sign(&receipt)).await.unwrap());
}

fn bind(bench: &Bench, session: &IssuingSessionId, code: &str) -> BindInvitation {
    BindInvitation {
        session: session.clone(),
        secret_hash: digest("secret"),
        key: SigningKey::make(&bench.rng).0.thumbprint(),
        code_mac: digest(code),
        now: NOW,
    }
}

#[tokio::test]
async fn an_invitation_is_bound_as_long_as_it_is_open_and_by_who_has_the_secret() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let stranger = BindInvitation {
        secret_hash: digest("guess"),
        ..bind(&bench, &session, "stolen")
    };
    assert_eq!(
        bench.store.apply(stranger).await.unwrap(),
        BindInvitationOutcome::Unknown
    );
    let late = BindInvitation {
        now: later(300),
        ..bind(&bench, &session, "late")
    };
    assert_eq!(
        bench.store.apply(late).await.unwrap(),
        BindInvitationOutcome::Expired
    );
    let good = bind(&bench, &session, "bound");
    assert_eq!(
        bench.store.apply(good.clone()).await.unwrap(),
        BindInvitationOutcome::Bound
    );
    let id = session.clone();
    let stored = bench.store.read(move |r| r.issuing_session(&id)).await;
    assert_eq!(stored.unwrap().unwrap().bound, Some(good.key));
    for (code, expected) in [
        ("code", RedeemInvitationOutcome::Unknown),
        ("bound", RedeemInvitationOutcome::Redeemed),
    ] {
        let redeem = bench.redeem_invitation(code, NOW);
        assert_eq!(bench.store.apply(redeem).await.unwrap(), expected);
    }
    let used = bench.store.apply(bind(&bench, &session, "again")).await;
    assert_eq!(used.unwrap(), BindInvitationOutcome::Used);
}

#[tokio::test]
async fn of_racing_bindings_and_redemptions_one_code_is_good_and_is_used_once() {
    let bench = Bench::new().await;
    for round in 0..20 {
        let code = |number: u32| format!("{round} {number}");
        let session = bench.invite("alice", &code(0)).await;
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..16 {
            let redeem = bench.redeem_invitation(&code(number), NOW);
            let bind = bind(&bench, &session, &code(number + 1));
            let store = bench.store.clone();
            tasks.spawn(async move {
                if number % 2 == 0 {
                    store.apply(bind).await.unwrap();
                    false
                } else {
                    let outcome = store.apply(redeem).await.unwrap();
                    outcome == RedeemInvitationOutcome::Redeemed
                }
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won);
        let won = won.count();
        assert!(won <= 1);
        let late = bench.store.apply(bind(&bench, &session, &code(99))).await;
        let expected = if won == 1 {
            BindInvitationOutcome::Used
        } else {
            BindInvitationOutcome::Bound
        };
        assert_eq!(late.unwrap(), expected);
    }
}

#[tokio::test]
async fn another_key_ends_the_pairing_of_a_bound_invitation() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let bound = bind(&bench, &session, "bound");
    bench.store.apply(bound.clone()).await.unwrap();
    let redeem = bench.redeem_invitation("bound", NOW);
    let pairing = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    let foreign = bench.submit(&pairing, NOW);
    let mut right = bench.submit(&pairing, NOW);
    right.registration.possession_thumbprint = bound.key;
    assert_eq!(
        bench.store.apply(foreign).await.unwrap(),
        SubmitRegistrationOutcome::ForeignKey
    );
    assert_eq!(
        bench.store.apply(right).await.unwrap(),
        SubmitRegistrationOutcome::NotOffered
    );
    let ended = bench.store.read(move |r| r.pairing(&pairing)).await;
    assert_eq!(
        ended.unwrap().unwrap().state,
        PairingState::Failed { tries: 0 }
    );
    let confirmed = bench.store.apply(Bench::confirm(&session, "123456", NOW));
    assert_eq!(confirmed.await.unwrap(), ConfirmPairingOutcome::Failed);
}
