use super::*;

#[tokio::test]
async fn an_approved_request_is_redeemed_once_also_after_a_restart() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    assert_eq!(redeem(&bench, &ids, NOW).await, "authorization_pending");
    let decide = approve(&ids, &device, 1, later(5));
    let outcome = bench.store.apply(decide.clone()).await.unwrap();
    assert_eq!(
        outcome,
        DecideOutcome::Recorded {
            receipt: decide.receipt.clone(),
            devices: vec![],
            carried_out: None,
        }
    );

    let bench = bench.reopen();
    let outcome = bench
        .store
        .apply(bench.redeem(&ids, later(6)))
        .await
        .unwrap();
    let RedeemOutcome::Redeemed { flow, approval } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(flow.facts.sub, "sub-alice");
    assert_eq!((approval.at, approval.acr.as_str()), (later(5), "acr"));
    assert_eq!(
        approval.evidence,
        digest(&decide.receipt),
        "the hash a client gets is that of the receipt"
    );
    assert_eq!(redeem(&bench, &ids, later(6)).await, "invalid_grant");
    assert_eq!(redeem(&bench, &ids, later(600)).await, "invalid_grant");
}

#[tokio::test]
async fn of_32_racing_redemptions_one_wins() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    bench
        .store
        .apply(approve(&ids, &device, 1, NOW))
        .await
        .unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (store, op) = (bench.store.clone(), bench.redeem(&ids, later(1)));
        tasks.spawn(async move { name_of(&store.apply(op).await.unwrap()) });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| **o == "redeemed").count(), 1);
    assert_eq!(
        outcomes.iter().filter(|o| **o == "invalid_grant").count(),
        31
    );
}

#[tokio::test]
async fn a_transfer_code_is_unique_among_an_accounts_open_requests() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let with_code = |client, source, now| {
        let (mut create, _) = bench.request("alice", client, &[&device], now);
        create.facts.transfer = Transfer::Code {
            source,
            hash: digest("same"),
            length: 6,
        };
        bench.store.apply(create)
    };
    let is_taken = |outcome| outcome == CreateOutcome::TransferCodeTaken;
    assert!(!is_taken(
        with_code("shop", TransferSource::Minted, NOW)
            .await
            .unwrap()
    ));
    assert!(is_taken(
        with_code("bank", TransferSource::Minted, later(119))
            .await
            .unwrap()
    ));
    assert!(!is_taken(
        with_code("bank", TransferSource::BindingMessage, later(120))
            .await
            .unwrap()
    ));
    assert!(is_taken(
        with_code("bank", TransferSource::BindingMessage, later(120 + 3599))
            .await
            .unwrap()
    ));
    assert!(!is_taken(
        with_code("bank", TransferSource::BindingMessage, later(120 + 3600))
            .await
            .unwrap()
    ));
}

#[tokio::test]
async fn a_device_is_sent_its_whole_pending_set_and_what_closed() {
    let bench = Bench::new().await;
    let (first, second) = (bench.pair("alice").await, bench.pair("alice").await);
    let a = bench.ask("alice", "shop", &[&first, &second], NOW).await;
    let b = bench
        .ask("alice", "bank", &[&first, &second], later(1))
        .await;
    let set = pending(&bench, &first, later(2)).await;
    let order: Vec<_> = set
        .prompts
        .iter()
        .map(|prompt| prompt.request.clone())
        .collect();
    assert_eq!(
        order,
        vec![a.consent_request_id.clone(), b.consent_request_id.clone()],
        "oldest first"
    );
    assert_eq!(
        set.prompts[0].prompt,
        format!("prompt of {} for {}", a.consent_request_id, first.id)
    );
    assert_eq!(
        set,
        pending(&bench, &first, later(3)).await,
        "byte-identical each time"
    );

    bench
        .store
        .apply(approve(&a, &first, 1, later(3)))
        .await
        .unwrap();
    let set = pending(&bench, &second, later(4)).await;
    assert_eq!(set.prompts.len(), 1);
    assert!(
        matches!(&set.closed[..], [Closure { request, reason: CloseReason::Handled { device, .. }, .. }]
        if *request == a.consent_request_id && *device == first.id)
    );

    let set = pending(&bench, &second, later(121)).await;
    assert_eq!(set.closed.last().unwrap().reason, CloseReason::Expired);
    let set = pending(&bench, &second, later(121 + 600)).await;
    assert_eq!(
        set,
        PendingSet::default(),
        "old closures are not repeated for ever"
    );
}

#[tokio::test]
async fn over_budget_requests_are_accepted_and_nobody_is_asked() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    bench.ask("alice", "shop", &[&device], NOW).await;
    bench.ask("alice", "shop", &[&device], NOW).await;
    let (create, ids) = bench.request("alice", "shop", &[&device], NOW);
    let outcome = bench.store.apply(create).await.unwrap();
    let silent = CreateOutcome::Created {
        admission: Admission::Silent(SilenceReason::OverBudget),
        devices: vec![],
    };
    assert_eq!(outcome, silent);
    assert_eq!(pending(&bench, &device, NOW).await.prompts.len(), 2);
    assert_eq!(
        redeem(&bench, &ids, later(1)).await,
        "authorization_pending"
    );
    assert_eq!(redeem(&bench, &ids, later(120)).await, "expired_token");
}

#[tokio::test]
async fn requests_that_nobody_sees_take_no_minted_codes_and_answer_as_others_do() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let with_code = |code: &str, source| {
        let (mut create, _) = bench.request("alice", "shop", &[&device], NOW);
        create.facts.transfer = Transfer::Code {
            source,
            hash: digest(code),
            length: 6,
        };
        bench.store.apply(create)
    };
    let prompted = Admission::Prompted;
    let silent = Admission::Silent(SilenceReason::OverBudget);
    let admitted = |outcome, as_is| matches!(outcome, CreateOutcome::Created { admission, .. } if admission == as_is);
    for code in ["1", "2"] {
        assert!(admitted(
            with_code(code, TransferSource::Minted).await.unwrap(),
            prompted
        ));
    }
    for _ in 0..2 {
        assert!(admitted(
            with_code("3", TransferSource::Minted).await.unwrap(),
            silent
        ));
    }
    assert_eq!(
        with_code("1", TransferSource::Minted).await.unwrap(),
        CreateOutcome::TransferCodeTaken
    );
    // A client sees that its binding message is refused the second time, asked or not.
    assert!(admitted(
        with_code("4", TransferSource::BindingMessage)
            .await
            .unwrap(),
        silent
    ));
    assert_eq!(
        with_code("4", TransferSource::BindingMessage)
            .await
            .unwrap(),
        CreateOutcome::TransferCodeTaken
    );
}

#[tokio::test]
async fn one_run_of_the_sweep_drops_more_than_one_sweep() {
    let bench = Bench::new().await;
    let device = bench.pair("tess").await;
    for _ in 0..1000 {
        bench.ask("tess", "shop", &[&device], NOW).await;
    }
    let last = bench.ask("tess", "shop", &[&device], NOW).await;
    let is_kept = || {
        let id = last.auth_req_id.clone();
        let found = bench.store.read(move |r| r.backchannel_authentication(&id));
        async { found.await.unwrap().is_some() }
    };
    let end = later(120 + 86_400);
    assert!(bench.store.apply(Sweep { now: end }).await.unwrap().is_full);
    assert!(is_kept().await);
    assert_eq!(
        bench.store.sweep(end).await.unwrap(),
        2 * 501,
        "prompts and requests"
    );
    assert!(!is_kept().await);
    let left = bench.store.apply(Sweep { now: end }).await.unwrap();
    assert_eq!((left.dropped, left.is_full), (0, false));
}

#[tokio::test]
async fn an_account_without_devices_looks_like_one_that_does_not_answer() {
    let bench = Bench::new().await;
    let (create, ids) = bench.request("alice", "shop", &[], NOW);
    let outcome = bench.store.apply(create).await.unwrap();
    let silent = CreateOutcome::Created {
        admission: Admission::Silent(SilenceReason::NoDevice),
        devices: vec![],
    };
    assert_eq!(outcome, silent);
    assert_eq!(
        redeem(&bench, &ids, later(1)).await,
        "authorization_pending"
    );
}

#[tokio::test]
async fn test_accounts_have_no_budget() {
    let bench = Bench::new().await;
    let device = bench.pair("tess").await;
    for _ in 0..40 {
        bench.ask("tess", "shop", &[&device], NOW).await;
    }
    assert_eq!(pending(&bench, &device, NOW).await.prompts.len(), 40);
}

#[tokio::test]
async fn expired_requests_are_remembered_until_their_retention_is_over() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    let end = 120 + 86_400;
    bench
        .store
        .apply(Sweep {
            now: later(end - 1),
        })
        .await
        .unwrap();
    assert_eq!(redeem(&bench, &ids, later(end - 1)).await, "expired_token");
    assert!(
        bench
            .store
            .apply(Sweep { now: later(end) })
            .await
            .unwrap()
            .dropped
            > 0
    );
    assert_eq!(redeem(&bench, &ids, later(end)).await, "invalid_grant");

    let bench = bench.reopen();
    let next = bench.store.make_flow_ids(&bench.rng);
    assert!(
        next.seq > ids.seq,
        "row numbers are not used twice, even after a sweep"
    );
}

#[tokio::test]
async fn a_client_has_asked_once_something_of_it_is_pending_or_decided() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let has_asked = |client: &'static str| {
        let account = AccountId::parse("id-alice").unwrap();
        bench
            .store
            .read(move |r| r.has_asked(&account, &client_id(client)))
    };
    assert!(!has_asked("shop").await.unwrap());
    let ids = bench.ask("alice", "shop", &[&device], NOW).await;
    assert!(has_asked("shop").await.unwrap());
    bench
        .store
        .apply(approve(&ids, &device, 1, NOW))
        .await
        .unwrap();
    assert!(has_asked("shop").await.unwrap());
    assert!(!has_asked("bank").await.unwrap());
}

#[tokio::test]
async fn a_prompt_whose_request_is_gone_does_not_keep_others_from_being_swept() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (first, _) = bench.request("alice", "shop", &[&device], NOW);
    let (second, _) = bench.request("alice", "shop", &[&device], NOW);
    let gone = first.seq.0;
    bench.store.apply(first).await.unwrap();
    bench.store.apply(second).await.unwrap();
    let path = bench.folder.path().join("tegata.sqlite");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute("DELETE FROM flow WHERE seq = ?1", [gone])
        .unwrap();
    let prompts = || -> i64 {
        connection
            .query_row("SELECT count(*) FROM prompt", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(prompts(), 2);
    bench.store.apply(Sweep { now: later(120) }).await.unwrap();
    assert_eq!(prompts(), 1, "the orphan");
    let over = later(120 + 86_400);
    bench.store.apply(Sweep { now: over }).await.unwrap();
    assert_eq!(prompts(), 0);
}
