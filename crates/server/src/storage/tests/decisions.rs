use super::*;

#[tokio::test]
async fn of_32_racing_decisions_one_wins_and_all_agree_on_it() {
    let bench = Bench::new().await;
    let mut devices = Vec::new();
    for _ in 0..8 {
        devices.push(bench.pair("alice").await);
    }
    let ids = bench
        .ask("alice", "shop", &devices.iter().collect::<Vec<_>>(), NOW)
        .await;
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..4 {
        for device in &devices {
            let op = if turn % 2 == 0 {
                approve(&ids, device, turn + 1, NOW)
            } else {
                deny(&ids, device, DenialReason::ChangedMind, turn + 1, NOW)
            };
            let store = bench.store.clone();
            tasks.spawn(async move { store.apply(op).await.unwrap() });
        }
    }
    let outcomes = tasks.join_all().await;
    let recorded = outcomes
        .iter()
        .filter(|o| matches!(o, DecideOutcome::Recorded { .. }))
        .count();
    assert_eq!(recorded, 1, "{outcomes:?}");
    let winners: std::collections::HashSet<_> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            DecideOutcome::Closed {
                reason:
                    CloseReason::Handled {
                        device, decision, ..
                    },
                ..
            }
            | DecideOutcome::Conflict {
                reason:
                    CloseReason::Handled {
                        device, decision, ..
                    },
                ..
            } => Some((device.clone(), *decision == Decision::Approve)),
            _ => None,
        })
        .collect();
    assert_eq!(winners.len(), 1, "everybody is told of the same decision");
    assert_eq!(
        bench
            .store
            .read(StoreReader::verify_evidence_chain)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn the_same_decision_twice_gets_the_same_receipt_and_another_is_a_conflict() {
    let bench = Bench::new().await;
    let (first, second) = (bench.pair("alice").await, bench.pair("alice").await);
    let ids = bench.ask("alice", "shop", &[&first, &second], NOW).await;
    let decide = approve(&ids, &first, 1, NOW);
    let outcome = bench.store.apply(decide.clone()).await.unwrap();
    let receipt = decide.receipt.clone();
    assert_eq!(
        outcome,
        DecideOutcome::Recorded {
            receipt: receipt.clone(),
            devices: vec![second.id.clone()],
            carried_out: None,
        }
    );
    let retry = Decide {
        receipt: "another receipt".to_owned(),
        now: later(500),
        ..decide
    };
    assert_eq!(
        bench.store.apply(retry).await.unwrap(),
        DecideOutcome::AlreadyRecorded { receipt }
    );

    let handled = CloseReason::Handled {
        device: first.id.clone(),
        device_name: "Laptop".to_owned(),
        decision: Decision::Approve,
        at: NOW,
    };
    let other = deny(&ids, &first, DenialReason::ChangedMind, 1, NOW);
    assert_eq!(
        bench.store.apply(other).await.unwrap(),
        DecideOutcome::Conflict {
            reason: handled.clone(),
            reported: None,
            devices: vec![]
        }
    );
    let late = deny(&ids, &second, DenialReason::ChangedMind, 1, NOW);
    assert_eq!(
        bench.store.apply(late).await.unwrap(),
        DecideOutcome::Closed {
            reason: handled,
            reported: None,
            devices: vec![]
        }
    );
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_protocol() {
    let bench = Bench::new().await;
    let (device, other) = (bench.pair("alice").await, bench.pair("alice").await);
    let stranger = bench.pair("tess").await;
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    let apply = |op| bench.store.apply(op);

    let foreign = approve(&ids, &stranger, 1, NOW);
    assert_eq!(
        apply(foreign).await.unwrap(),
        DecideOutcome::Unknown,
        "another account's device"
    );
    let unsent = approve(&ids, &other, 1, NOW);
    assert_eq!(
        apply(unsent).await.unwrap(),
        DecideOutcome::Unknown,
        "a device that was not sent the prompt"
    );
    let unknown = Decide {
        request: ConsentRequestId::make(&bench.rng),
        ..approve(&ids, &device, 1, NOW)
    };
    assert_eq!(apply(unknown).await.unwrap(), DecideOutcome::Unknown);

    let wrong_key = Decide {
        credential: other.registration.approval_thumbprint,
        ..approve(&ids, &device, 1, NOW)
    };
    assert_eq!(apply(wrong_key).await.unwrap(), DecideOutcome::ForeignKey);
    let regressed = apply(approve(&ids, &device, 0, NOW)).await.unwrap();
    assert_eq!(regressed, DecideOutcome::CounterRegressed);
    assert!(bench.device(&device.id).await.suspect);
    assert_eq!(
        redeem(&bench, &ids, NOW).await,
        "authorization_pending",
        "a regression leaves the request pending"
    );

    let expired = apply(approve(&ids, &device, 1, later(120))).await.unwrap();
    let closed = DecideOutcome::Closed {
        reason: CloseReason::Expired,
        reported: None,
        devices: vec![],
    };
    assert_eq!(expired, closed);

    let revoke = RevokeDevice {
        device: device.id.clone(),
        now: NOW,
    };
    assert_eq!(
        bench.store.apply(revoke).await.unwrap(),
        RevokeDeviceOutcome::Revoked
    );
    let revoked = apply(approve(&ids, &device, 1, NOW)).await.unwrap();
    assert_eq!(revoked, DecideOutcome::DeviceRevoked);
    assert_eq!(pending(&bench, &device, NOW).await, PendingSet::default());
}

#[tokio::test]
async fn three_wrong_transfer_codes_over_all_devices_end_a_request() {
    let bench = Bench::new().await;
    let (first, second) = (bench.pair("alice").await, bench.pair("alice").await);
    let (mut create, ids) = bench.request("alice", "shop", &[&first, &second], NOW);
    create.facts.transfer = Transfer::Code {
        source: TransferSource::Minted,
        hash: digest("right"),
        length: 6,
    };
    bench.store.apply(create).await.unwrap();
    let typed = |device, counter, code: Option<&str>| {
        let mut op = approve(&ids, device, counter, NOW);
        op.challenge = digest(&format!("{code:?} {counter}"));
        op.verdict = Verdict::Approve {
            transfer: code.map(digest),
            acr: "acr".to_owned(),
            amr: vec![],
        };
        bench.store.apply(op)
    };
    let mismatch = |tries_left| DecideOutcome::TransferMismatch { tries_left };
    assert_eq!(typed(&first, 1, Some("wrong")).await.unwrap(), mismatch(2));
    assert_eq!(
        typed(&first, 1, Some("right")).await.unwrap(),
        DecideOutcome::CounterRegressed
    );
    assert_eq!(typed(&second, 1, None).await.unwrap(), mismatch(1));
    let failed = typed(&first, 2, Some("wrong again")).await.unwrap();
    assert_eq!(
        failed,
        DecideOutcome::TransferFailed {
            devices: vec![first.id.clone(), second.id.clone()]
        }
    );
    let late = typed(&first, 3, Some("right")).await.unwrap();
    assert!(
        matches!(
            late,
            DecideOutcome::Closed {
                reason: CloseReason::TransferFailed,
                ..
            }
        ),
        "{late:?}"
    );
    assert_eq!(redeem(&bench, &ids, NOW).await, "access_denied");
}

async fn send_wrong_code(
    bench: &Bench,
    ids: &FlowIds,
    device: &PairedDevice,
    counter: u32,
) -> DecideOutcome {
    let mut op = approve(ids, device, counter, NOW);
    op.challenge = digest(&format!("wrong {counter}"));
    op.verdict = Verdict::Approve {
        transfer: Some(digest("wrong")),
        acr: "acr".to_owned(),
        amr: vec![],
    };
    bench.store.apply(op).await.unwrap()
}

#[tokio::test]
async fn a_wrong_code_sent_again_gets_the_same_answer_and_costs_no_try() {
    let bench = Bench::new().await;
    let (first, second) = (bench.pair("alice").await, bench.pair("alice").await);
    let (mut create, ids) = bench.request("alice", "shop", &[&first, &second], NOW);
    create.facts.transfer = Transfer::Code {
        source: TransferSource::Minted,
        hash: digest("right"),
        length: 6,
    };
    bench.store.apply(create).await.unwrap();
    let mismatch = |tries_left| DecideOutcome::TransferMismatch { tries_left };
    let failed = |devices| DecideOutcome::TransferFailed { devices };
    assert_eq!(send_wrong_code(&bench, &ids, &first, 1).await, mismatch(2));
    assert_eq!(send_wrong_code(&bench, &ids, &first, 1).await, mismatch(2));
    assert_eq!(send_wrong_code(&bench, &ids, &second, 1).await, mismatch(1));
    assert_eq!(
        send_wrong_code(&bench, &ids, &first, 1).await,
        mismatch(2),
        "as before"
    );

    let bench = bench.reopen();
    assert_eq!(
        send_wrong_code(&bench, &ids, &first, 1).await,
        mismatch(2),
        "kept"
    );
    let told = vec![first.id.clone(), second.id.clone()];
    assert_eq!(send_wrong_code(&bench, &ids, &first, 2).await, failed(told));
    assert_eq!(
        send_wrong_code(&bench, &ids, &first, 2).await,
        failed(vec![]),
        "nobody is told twice"
    );
    for device in [&first, &second] {
        assert!(!bench.device(&device.id).await.suspect);
    }
}

#[tokio::test]
async fn the_commit_chooses_the_receipt_of_a_not_me() {
    let bench = Bench::new().await;
    let device = bench.pair("tess").await;
    let (denied, approved) = (
        bench.ask("tess", "shop", &[&device], NOW).await,
        bench.ask("tess", "shop", &[&device], NOW).await,
    );
    let denial = deny(&denied, &device, DenialReason::NotMe, 1, NOW);
    let outcome = bench.store.apply(denial.clone()).await.unwrap();
    assert!(
        matches!(&outcome, DecideOutcome::Recorded { receipt, .. } if *receipt == denial.receipt)
    );
    // Prepared while the request was pending; the approval is committed first.
    let late = deny(&approved, &device, DenialReason::NotMe, 2, NOW);
    bench
        .store
        .apply(approve(&approved, &device, 1, NOW))
        .await
        .unwrap();
    let outcome = bench.store.apply(late.clone()).await.unwrap();
    let DecideOutcome::Conflict { reported, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(reported, late.report_receipt);
    let again = bench.store.apply(late.clone()).await.unwrap();
    assert!(
        matches!(&again, DecideOutcome::AlreadyRecorded { receipt } if Some(receipt) == late.report_receipt.as_ref())
    );
    let id = approved.consent_request_id.clone();
    let evidence = bench.store.read(move |r| r.evidence(&id)).await.unwrap();
    assert_eq!(Some(&evidence[1].receipt), late.report_receipt.as_ref());
}

#[tokio::test]
async fn what_people_were_told_and_typed_is_not_printed() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (mut create, ids) = bench.request("alice", "shop", &[&device], NOW);
    create.facts.binding_message = Some("SECRET".to_owned());
    create.facts.transfer = Transfer::Code {
        source: TransferSource::Minted,
        hash: digest("SECRET"),
        length: 6,
    };
    create.prompts[0].jws = "SECRET".to_owned();
    let mut op = approve(&ids, &device, 1, NOW);
    op.verdict = Verdict::Approve {
        transfer: Some(digest("SECRET")),
        acr: "acr".to_owned(),
        amr: vec![],
    };
    op.detail = "SECRET".to_owned();
    op.assertion = "SECRET".to_owned();
    op.receipt = "SECRET".to_owned();
    let mut printed = vec![format!("{create:?} {op:?} {:?}", create.clone().into_op())];
    bench.store.apply(create).await.unwrap();
    printed.push(format!("{:?}", pending(&bench, &device, NOW).await));
    let (request, id) = (ids.consent_request_id.clone(), device.id.clone());
    let known = bench
        .store
        .read(move |r| r.consent_request(&request, &id))
        .await
        .unwrap();
    printed.push(format!("{known:?}"));
    printed.push(format!("{:?}", bench.store.apply(op).await.unwrap()));
    let request = ids.consent_request_id.clone();
    let (evidence, history) = bench
        .store
        .read(move |r| {
            let alice = AccountId::parse("id-alice").unwrap();
            Ok((r.evidence(&request)?, r.history(&alice, 1)?))
        })
        .await
        .unwrap();
    assert_eq!((evidence.len(), history.len()), (1, 1));
    printed.push(format!("{evidence:?} {history:?}"));
    let printed = printed.concat();
    assert!(!printed.contains("SECRET"), "{printed}");
    assert!(!printed.contains(&digest("SECRET").to_b64u()), "{printed}");
    assert!(printed.contains(ids.consent_request_id.as_str()));
}

#[tokio::test]
async fn not_me_after_an_approval_revokes_what_was_granted_and_mutes_the_client() {
    let bench = Bench::new().await;
    let (first, second) = (bench.pair("alice").await, bench.pair("alice").await);
    let ids = bench.ask("alice", "shop", &[&first, &second], NOW).await;
    bench
        .store
        .apply(approve(&ids, &first, 1, NOW))
        .await
        .unwrap();
    let (token, hash) = bench
        .store
        .make_access_token(&ids.auth_req_id, &bench.rng)
        .unwrap();
    bench
        .store
        .apply(Redeem {
            access_token: new_token(hash, later(600)),
            ..bench.redeem(&ids, NOW)
        })
        .await
        .unwrap();
    let token = token.expose().clone();
    let works = |token: String| {
        bench
            .store
            .read(move |r| Ok(r.access_token(&token, later(1))?.is_some()))
    };
    assert!(works(token.clone()).await.unwrap());

    let report = deny(&ids, &second, DenialReason::NotMe, 1, later(1));
    let outcome = bench.store.apply(report.clone()).await.unwrap();
    assert!(
        matches!(
            outcome,
            DecideOutcome::Closed {
                reported: Some(_),
                ..
            }
        ),
        "{outcome:?}"
    );
    let again = bench.store.apply(report).await.unwrap();
    assert!(
        matches!(again, DecideOutcome::AlreadyRecorded { .. }),
        "{again:?}"
    );
    assert!(!works(token).await.unwrap());
    assert_eq!(redeem(&bench, &ids, later(2)).await, "invalid_grant");
    let id = ids.consent_request_id.clone();
    let evidence = bench.store.read(move |r| r.evidence(&id)).await.unwrap();
    assert_eq!(
        evidence.len(),
        2,
        "the report stands beside the decision, once"
    );

    let (create, _) = bench.request("alice", "shop", &[&first], later(80_000));
    let outcome = bench.store.apply(create).await.unwrap();
    let muted = CreateOutcome::Created {
        admission: Admission::Silent(SilenceReason::Muted),
        devices: vec![],
    };
    assert_eq!(outcome, muted);
}

#[tokio::test]
async fn a_withdrawn_request_is_denied_to_the_client_and_closed_for_devices() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    let withdraw = Withdraw {
        request: ids.consent_request_id.clone(),
        now: later(1),
    };
    let outcome = bench.store.apply(withdraw.clone()).await.unwrap();
    assert_eq!(
        outcome,
        WithdrawOutcome::Withdrawn {
            devices: vec![device.id.clone()]
        }
    );
    assert_eq!(
        bench.store.apply(withdraw).await.unwrap(),
        WithdrawOutcome::NotPending
    );
    assert_eq!(redeem(&bench, &ids, later(2)).await, "access_denied");
    assert_eq!(
        pending(&bench, &device, later(2)).await.closed[0].reason,
        CloseReason::Withdrawn
    );
}

#[tokio::test]
async fn deleting_an_account_ends_its_requests_and_keeps_the_evidence() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let decided = bench.ask("alice", "shop", &[&device], NOW).await;
    bench
        .store
        .apply(approve(&decided, &device, 1, NOW))
        .await
        .unwrap();
    let delete = DeleteAccount {
        account: AccountId::parse("id-alice").unwrap(),
        now: later(1),
    };
    assert!(bench.store.apply(delete).await.unwrap());
    assert_eq!(redeem(&bench, &decided, later(2)).await, "access_denied");
    assert_eq!(
        bench.store.read(StoreReader::devices).await.unwrap(),
        vec![]
    );
    assert_eq!(
        bench
            .store
            .read(StoreReader::verify_evidence_chain)
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn history_lists_decisions_newest_first() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let a = bench.ask("alice", "shop", &[&device], NOW).await;
    let b = bench.ask("alice", "bank", &[&device], NOW).await;
    bench
        .store
        .apply(approve(&a, &device, 1, later(1)))
        .await
        .unwrap();
    bench
        .store
        .apply(deny(&b, &device, DenialReason::WrongDetails, 1, later(2)))
        .await
        .unwrap();
    let history = bench
        .store
        .read(|r| r.history(&AccountId::parse("id-alice").unwrap(), 10))
        .await
        .unwrap();
    let summary: Vec<_> = history
        .iter()
        .map(|entry| (entry.client.as_str(), entry.decision))
        .collect();
    assert_eq!(
        summary,
        vec![("bank", Decision::Deny), ("shop", Decision::Approve)]
    );
}

#[tokio::test]
async fn a_changed_link_between_an_accounts_rows_of_evidence_is_found_and_not_followed() {
    let bench = Bench::new().await;
    let (alice, tess) = (bench.pair("alice").await, bench.pair("tess").await);
    // Rows 1 and 3 are alice's, 2 and 4 tess's; one of each for each client, so that budgets are no matter.
    for (counter, client) in [(1, "shop"), (2, "bank")] {
        for (name, device) in [("alice", &alice), ("tess", &tess)] {
            let ids = bench.ask(name, client, &[device], NOW).await;
            let op = approve(&ids, device, counter, NOW);
            bench.store.apply(op).await.unwrap();
        }
    }
    let verify = async || bench.store.read(StoreReader::verify_evidence_chain).await;
    let history = async || {
        let id = AccountId::parse("id-alice").unwrap();
        bench.store.read(move |r| r.history(&id, 10)).await
    };
    assert_eq!(verify().await, Ok(4));
    assert_eq!(history().await.unwrap().len(), 2);
    let file = rusqlite::Connection::open(bench.folder.path().join("tegata.sqlite")).unwrap();
    file.execute_batch("DROP TRIGGER evidence_is_not_changed")
        .unwrap();
    // What is changed, back again, what the check names, and whether alice's history is refused.
    for (change, back, named, refused) in [
        (
            "UPDATE evidence SET previous = 2 WHERE no = 3",
            "UPDATE evidence SET previous = 1 WHERE no = 3",
            "row 3",
            true,
        ),
        (
            "UPDATE evidence SET previous = NULL WHERE no = 3",
            "UPDATE evidence SET previous = 1 WHERE no = 3",
            "row 3",
            false,
        ),
        (
            "UPDATE evidence SET previous = 3 WHERE no = 1",
            "UPDATE evidence SET previous = NULL WHERE no = 1",
            "row 1",
            true,
        ),
        (
            "UPDATE account SET last_evidence = 4 WHERE id = 'id-alice'",
            "UPDATE account SET last_evidence = 3 WHERE id = 'id-alice'",
            "id-alice",
            true,
        ),
        (
            "UPDATE account SET last_evidence = 1 WHERE id = 'id-alice'",
            "UPDATE account SET last_evidence = 3 WHERE id = 'id-alice'",
            "id-alice",
            false,
        ),
        (
            "UPDATE account SET last_evidence = NULL WHERE id = 'id-alice'",
            "UPDATE account SET last_evidence = 3 WHERE id = 'id-alice'",
            "id-alice",
            false,
        ),
    ] {
        file.execute(change, []).unwrap();
        let error = verify().await.unwrap_err();
        assert!(
            matches!(&error, StoreError::Corrupt(what) if what.contains(named)),
            "{change}: {error}"
        );
        let read = history().await;
        assert_eq!(
            matches!(read, Err(StoreError::Corrupt(_))),
            refused,
            "{change}"
        );
        file.execute(back, []).unwrap();
    }
    assert_eq!(verify().await, Ok(4));
}

#[tokio::test]
async fn a_changed_row_of_evidence_breaks_the_chain_and_rows_resist_change() {
    let bench = Bench::new().await;
    let device = bench.pair("tess").await;
    for counter in 1..=3 {
        let ids = bench.ask("tess", "shop", &[&device], NOW).await;
        bench
            .store
            .apply(approve(&ids, &device, counter, NOW))
            .await
            .unwrap();
    }
    assert_eq!(
        bench
            .store
            .read(StoreReader::verify_evidence_chain)
            .await
            .unwrap(),
        3
    );
    let file = rusqlite::Connection::open(bench.folder.path().join("tegata.sqlite")).unwrap();
    let change = "UPDATE evidence SET detail = '{\"forged\":true}' WHERE no = 2";
    assert!(
        file.execute(change, []).is_err(),
        "the table refuses changes"
    );
    file.execute_batch("DROP TRIGGER evidence_is_not_changed")
        .unwrap();
    file.execute(change, []).unwrap();
    let error = bench
        .store
        .read(StoreReader::verify_evidence_chain)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::Corrupt(what) if what.contains("row 2")),
        "{error}"
    );
}
