use super::*;

#[tokio::test]
async fn pairing_goes_from_code_to_active_device_in_four_steps() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let redeem = bench.redeem_invitation("code", NOW);
    let id = redeem.pairing.clone();
    assert_eq!(
        bench.store.apply(redeem.clone()).await.unwrap(),
        RedeemInvitationOutcome::Redeemed
    );
    let read = |id: PairingId| bench.store.read(move |r| r.pairing(&id));
    let offered = read(id.clone()).await.unwrap().unwrap();
    assert_eq!(
        (offered.state, offered.server_nonce),
        (PairingState::Offered, [9; 32])
    );

    let early = bench
        .store
        .apply(Bench::confirm(&session, "123456", NOW))
        .await
        .unwrap();
    assert_eq!(early, ConfirmPairingOutcome::NotReady);

    let submit = bench.submit(&id, NOW);
    assert_eq!(
        bench.store.apply(submit.clone()).await.unwrap(),
        SubmitRegistrationOutcome::Submitted
    );
    assert_eq!(
        bench.store.apply(submit.clone()).await.unwrap(),
        SubmitRegistrationOutcome::NotOffered
    );
    let device = submit.device.clone();
    let found = bench.store.read(move |r| r.device(&device)).await.unwrap();
    assert_eq!(found, None, "before confirmation there is no device");

    let bench = bench.reopen();
    let outcome = bench
        .store
        .apply(Bench::confirm(&session, "123456", later(1)))
        .await
        .unwrap();
    let expected = ConfirmPairingOutcome::Confirmed {
        device: submit.device.clone(),
        device_name: "Laptop".to_owned(),
        others: vec![],
        moved: None,
    };
    assert_eq!(outcome, expected);
    let device = bench.device(&submit.device).await;
    assert!(device.is_active());
    assert_eq!(device.registration, submit.registration);
    assert_eq!(
        (device.paired_at, device.pairing_receipt.as_str()),
        (later(1), "pairing receipt")
    );
    let key = submit.registration.possession_thumbprint;
    assert_eq!(
        bench
            .store
            .read(move |r| r.device_by_possession(&key))
            .await
            .unwrap(),
        Some(device)
    );

    let again = bench
        .store
        .apply(Bench::confirm(&session, "123456", later(2)))
        .await
        .unwrap();
    assert_eq!(
        again,
        ConfirmPairingOutcome::Unknown,
        "a session confirms once"
    );
    let sign = Countersign {
        device: submit.device,
        receipt: "pairing receipt".to_owned(),
        jws: "jws".to_owned(),
    };
    assert!(bench.store.apply(sign.clone()).await.unwrap());
    assert!(!bench.store.apply(sign).await.unwrap());
}

#[tokio::test]
async fn unknown_used_and_expired_codes_are_told_apart() {
    let bench = Bench::new().await;
    bench.invite("alice", "code").await;
    bench.invite("alice", "late").await;
    let try_code = |code, now| bench.store.apply(bench.redeem_invitation(code, now));
    assert_eq!(
        try_code("guess", NOW).await.unwrap(),
        RedeemInvitationOutcome::Unknown
    );
    assert_eq!(
        try_code("late", later(300)).await.unwrap(),
        RedeemInvitationOutcome::Expired
    );
    assert_eq!(
        try_code("code", later(299)).await.unwrap(),
        RedeemInvitationOutcome::Redeemed
    );
    assert_eq!(
        try_code("code", later(299)).await.unwrap(),
        RedeemInvitationOutcome::Used
    );
}

#[tokio::test]
async fn two_devices_that_race_for_one_code_get_one_pairing() {
    let bench = Bench::new().await;
    bench.invite("alice", "code").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (store, op) = (bench.store.clone(), bench.redeem_invitation("code", NOW));
        tasks.spawn(async move { store.apply(op).await.unwrap() });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| **o == RedeemInvitationOutcome::Redeemed)
            .count(),
        1
    );
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| **o == RedeemInvitationOutcome::Used)
            .count(),
        31
    );
}

#[tokio::test]
async fn the_third_wrong_code_ends_a_pairing_even_across_a_restart() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let redeem = bench.redeem_invitation("code", NOW);
    let id = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    bench.store.apply(bench.submit(&id, NOW)).await.unwrap();
    let wrong = |code| Bench::confirm(&session, code, NOW);
    assert_eq!(
        bench.store.apply(wrong("000000")).await.unwrap(),
        ConfirmPairingOutcome::WrongCode { tries_left: 2 }
    );
    assert_eq!(
        bench.store.apply(wrong("12345")).await.unwrap(),
        ConfirmPairingOutcome::WrongCode { tries_left: 1 }
    );
    let bench = bench.reopen();
    assert_eq!(
        bench.store.apply(wrong("654321")).await.unwrap(),
        ConfirmPairingOutcome::Failed
    );
    assert_eq!(
        bench.store.apply(wrong("123456")).await.unwrap(),
        ConfirmPairingOutcome::Failed,
        "the right code comes too late"
    );
    assert_eq!(
        bench.store.read(StoreReader::devices).await.unwrap(),
        vec![]
    );
}

#[tokio::test]
async fn a_pairing_ends_with_its_time() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let redeem = bench.redeem_invitation("code", NOW);
    let id = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    let late = bench
        .store
        .apply(bench.submit(&id, later(300)))
        .await
        .unwrap();
    assert_eq!(late, SubmitRegistrationOutcome::Expired);
    bench.store.apply(bench.submit(&id, NOW)).await.unwrap();
    let outcome = bench
        .store
        .apply(Bench::confirm(&session, "123456", later(300)))
        .await
        .unwrap();
    assert_eq!(outcome, ConfirmPairingOutcome::Expired);
}

#[tokio::test]
async fn a_key_belongs_to_one_device_for_ever() {
    let bench = Bench::new().await;
    let first = bench.pair("alice").await;
    bench
        .store
        .apply(RevokeDevice {
            device: first.id.clone(),
            now: NOW,
        })
        .await
        .unwrap();
    bench.invite("alice", "other").await;
    let redeem = bench.redeem_invitation("other", NOW);
    let id = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    let submit = SubmitRegistration {
        registration: first.registration,
        ..bench.submit(&id, NOW)
    };
    assert_eq!(
        bench.store.apply(submit).await.unwrap(),
        SubmitRegistrationOutcome::KeyInUse
    );
}

#[tokio::test]
async fn the_other_devices_of_an_account_are_named_when_one_joins() {
    let bench = Bench::new().await;
    let first = bench.pair("alice").await;
    let session = bench.invite("alice", "second").await;
    let redeem = bench.redeem_invitation("second", NOW);
    let id = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    bench.store.apply(bench.submit(&id, NOW)).await.unwrap();
    let outcome = bench
        .store
        .apply(Bench::confirm(&session, "123456", NOW))
        .await
        .unwrap();
    assert!(
        matches!(outcome, ConfirmPairingOutcome::Confirmed { others, .. } if others == vec![first.id])
    );
}

#[tokio::test]
async fn a_pairing_page_opens_once_and_gets_its_own_secret() {
    let bench = Bench::new().await;
    let session = IssuingSessionId::make(&bench.rng);
    let create = CreateIssuingSession {
        id: session.clone(),
        account: AccountId::parse("id-alice").unwrap(),
        grade: Grade::Administrator,
        secret_hash: digest("unused"),
        page_secret_hash: Some(digest("page")),
        expires: later(300),
    };
    bench.store.apply(create).await.unwrap();
    let open = |secret, now| OpenPairingPage {
        session: session.clone(),
        page_secret_hash: digest(secret),
        new_secret_hash: digest("new"),
        now,
    };
    assert_eq!(
        bench.store.apply(open("guess", NOW)).await.unwrap(),
        OpenPairingPageOutcome::Unknown
    );
    assert_eq!(
        bench.store.apply(open("page", later(300))).await.unwrap(),
        OpenPairingPageOutcome::Expired
    );
    let opened = bench.store.apply(open("page", NOW)).await.unwrap();
    assert_eq!(
        opened,
        OpenPairingPageOutcome::Opened {
            account: AccountId::parse("id-alice").unwrap()
        }
    );
    assert_eq!(
        bench.store.apply(open("page", NOW)).await.unwrap(),
        OpenPairingPageOutcome::Used
    );
    let id = session.clone();
    let stored = bench
        .store
        .read(move |r| r.issuing_session(&id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (stored.secret_hash, stored.invitation),
        (digest("new"), None)
    );
}

#[tokio::test]
async fn counters_only_grow_and_a_regression_marks_the_device() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let count = |counter| {
        bench.store.apply(CountPossession {
            device: device.id.clone(),
            counter,
        })
    };
    assert_eq!(count(3).await.unwrap(), CountPossessionOutcome::Counted);
    assert_eq!(count(3).await.unwrap(), CountPossessionOutcome::Regressed);
    let stored = bench.device(&device.id).await;
    assert_eq!((stored.possession_counter, stored.suspect), (3, true));
}

#[tokio::test]
async fn sightings_are_stored_at_most_once_a_minute() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let touch = |now| {
        bench.store.apply(TouchDevice {
            device: device.id.clone(),
            now,
        })
    };
    assert!(touch(NOW).await.unwrap());
    assert!(!touch(later(59)).await.unwrap());
    assert!(touch(later(60)).await.unwrap());
    assert_eq!(bench.device(&device.id).await.last_seen, Some(later(60)));
}

#[tokio::test]
async fn approval_counters_grow_on_their_own() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let count = |counter, challenge| {
        bench.store.apply(CountApproval {
            credential: device.registration.approval_thumbprint,
            device: device.id.clone(),
            counter,
            challenge: digest(challenge),
        })
    };
    for _ in 0..2 {
        assert_eq!(
            count(2, "a").await.unwrap(),
            CountPossessionOutcome::Counted,
            "the same refused approval again is no copy of the key"
        );
    }
    assert!(!bench.device(&device.id).await.suspect);
    assert_eq!(
        count(2, "b").await.unwrap(),
        CountPossessionOutcome::Regressed
    );
    assert_eq!(
        count(1, "a").await.unwrap(),
        CountPossessionOutcome::Regressed
    );
    let stored = bench.device(&device.id).await;
    assert_eq!(
        (
            stored.approval_counter,
            stored.possession_counter,
            stored.suspect
        ),
        (2, 0, true)
    );
}

#[tokio::test]
async fn a_pairing_is_found_by_its_possession_key_before_and_after_confirmation() {
    let bench = Bench::new().await;
    let session = bench.invite("alice", "code").await;
    let redeem = bench.redeem_invitation("code", NOW);
    let id = redeem.pairing.clone();
    bench.store.apply(redeem).await.unwrap();
    let submit = bench.submit(&id, NOW);
    bench.store.apply(submit.clone()).await.unwrap();
    let find = || {
        let key = submit.registration.possession_thumbprint;
        bench.store.read(move |r| r.pairing_by_possession(&key))
    };
    let before = find().await.unwrap().unwrap();
    assert_eq!(
        (before.device, before.registration),
        (submit.device.clone(), submit.registration.clone())
    );
    bench
        .store
        .apply(Bench::confirm(&session, "123456", NOW))
        .await
        .unwrap();
    let after = find().await.unwrap().unwrap();
    assert_eq!(
        after.pairing.state,
        PairingState::Confirmed {
            device: submit.device
        }
    );
}
