use super::*;

/// A redeemed request of alice by `shop` with a refresh token that lives an hour; that token, opened.
async fn granted(bench: &Bench, device: &PairedDevice, counter: u32) -> (FlowIds, Located) {
    let (mut create, ids) = bench.request("alice", "shop", &[device], NOW);
    create.facts.terms.refresh_until = Some(later(3600));
    bench.store.apply(create).await.unwrap();
    let approval = approve(&ids, device, counter, NOW);
    bench.store.apply(approval).await.unwrap();
    let (token, refresh_token) = new_refresh_token(bench, ids.seq);
    let redeem = Redeem {
        refresh_token: Some(refresh_token),
        ..bench.redeem(&ids, NOW)
    };
    let outcome = bench.store.apply(redeem).await.unwrap();
    assert_eq!(name_of(&outcome), "redeemed");
    (ids, token)
}

fn new_refresh_token(bench: &Bench, seq: FlowSeq) -> (Located, NewToken) {
    let locator = options().locator;
    let (text, hash) = locator.make_refresh_token(seq, &bench.rng);
    // EXPOSE: opened by the test.
    let token = locator.open_refresh_token(text.expose()).unwrap();
    (token, new_token(hash, later(3600)))
}

/// The exchange of `token` by `shop`, and what it would give.
fn refresh(bench: &Bench, token: Located, now: UnixTime) -> (Refresh, Located) {
    let (next, refresh_token) = new_refresh_token(bench, token.seq);
    let (_, hash) = options().locator.make_access_token(token.seq, &bench.rng);
    let refresh = Refresh {
        token,
        client: client_id("shop"),
        sender: Sender::default(),
        access_token: new_token(hash, now.plus(600)),
        refresh_token,
        assertion: None,
        now,
    };
    (refresh, next)
}

fn is_refreshed(outcome: &RefreshOutcome) -> bool {
    matches!(outcome, RefreshOutcome::Refreshed { .. })
}

fn count(bench: &Bench) -> i64 {
    let path = bench.folder.path().join("tegata.sqlite");
    rusqlite::Connection::open(path)
        .unwrap()
        .query_row("SELECT count(*) FROM token", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_family_keeps_no_more_rows_the_more_often_it_is_refreshed() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (_, mut token) = granted(&bench, &device, 1).await;
    for minute in 1..=40 {
        let (exchange, next) = refresh(&bench, token, later(minute * 60));
        let outcome = bench.store.apply(exchange).await.unwrap();
        assert!(is_refreshed(&outcome), "{outcome:?}");
        let now = later(minute * 60);
        bench.store.apply(Sweep { now }).await.unwrap();
        token = next;
    }
    // Ten minutes of access tokens, the refresh token, and the one before.
    assert_eq!(count(&bench), 10 + 2);
}

#[tokio::test]
async fn a_refresh_uses_up_a_fresh_assertion_only() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (_, token) = granted(&bench, &device, 1).await;
    let with = |token, jti: &str| {
        let (exchange, next) = refresh(&bench, token, later(1));
        let assertion = Some(assertion(jti));
        (
            Refresh {
                assertion,
                ..exchange
            },
            next,
        )
    };
    let (first, next) = with(token, "one");
    assert!(is_refreshed(&bench.store.apply(first).await.unwrap()));
    let (replayed, _) = with(next, "one");
    let outcome = bench.store.apply(replayed).await.unwrap();
    assert_eq!(outcome, RefreshOutcome::AssertionReplayed);
    let (fresh, _) = with(next, "two");
    assert!(is_refreshed(&bench.store.apply(fresh).await.unwrap()));
}

#[tokio::test]
async fn a_second_use_after_a_restart_ends_the_family() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (_, token) = granted(&bench, &device, 1).await;
    let (first, next) = refresh(&bench, token, later(1));
    assert!(is_refreshed(&bench.store.apply(first).await.unwrap()));
    let bench = bench.reopen();
    let (again, _) = refresh(&bench, token, later(60));
    let outcome = bench.store.apply(again).await.unwrap();
    assert!(
        matches!(outcome, RefreshOutcome::Reused { ended: 4, .. }),
        "two access tokens, the refresh token and the one that was used: {outcome:?}"
    );
    let (with_next, _) = refresh(&bench, next, later(61));
    let outcome = bench.store.apply(with_next).await.unwrap();
    assert!(matches!(outcome, RefreshOutcome::Reused { ended: 0, .. }));
    assert_eq!(count(&bench), 0);
}

#[tokio::test]
async fn one_sweep_drops_so_many_tokens_and_looks_at_no_others() {
    let bench = Bench::new().await;
    let path = bench.folder.path().join("tegata.sqlite");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO token SELECT i, randomblob(32), 0, ?1 + iif(i % 2, 60, 0), '{}' FROM n",
            [NOW.0],
        )
        .unwrap();
    let sweep = || bench.store.apply(Sweep { now: NOW });
    let first = sweep().await.unwrap();
    assert_eq!((first.dropped, first.is_full), (500, true));
    assert_eq!(bench.store.sweep(NOW).await.unwrap(), 500);
    assert_eq!(count(&bench), 1000);
    let mut plan = connection
        .prepare("EXPLAIN QUERY PLAN SELECT seq, hash FROM token WHERE expires <= 1 ORDER BY expires LIMIT 500")
        .unwrap();
    let plan: String = plan.query_row([], |row| row.get(3)).unwrap();
    assert!(plan.contains("token_expires (expires<?)"), "{plan}");
}

#[tokio::test]
async fn tokens_of_a_suspended_client_wait_until_that_is_lifted() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (_, token) = granted(&bench, &device, 1).await;
    let approved = bench.ask("alice", "shop", &[&device], NOW).await;
    let approval = approve(&approved, &device, 2, NOW);
    bench.store.apply(approval).await.unwrap();
    let suspend = |suspended| {
        bench.store.apply(SuspendClient {
            client: client_id("shop"),
            suspended,
        })
    };
    let works = async || {
        let found = bench
            .store
            .read(move |r| r.token(TokenKind::Refresh, &token, later(1)));
        found.await.unwrap().is_some()
    };
    assert!(suspend(true).await.unwrap());
    assert!(!works().await);
    let exchange = || refresh(&bench, token, later(1)).0;
    let outcome = bench.store.apply(exchange()).await.unwrap();
    assert_eq!(outcome, RefreshOutcome::Refused);
    let collect = || bench.store.apply(bench.redeem(&approved, later(1)));
    assert_eq!(
        collect().await.unwrap(),
        RedeemOutcome::Refused(RedemptionError::AuthorizationPending)
    );
    assert!(suspend(false).await.unwrap());
    assert!(works().await);
    assert_eq!(name_of(&collect().await.unwrap()), "redeemed");
    assert!(is_refreshed(&bench.store.apply(exchange()).await.unwrap()));
}

#[tokio::test]
async fn a_suspension_outlives_a_change_that_was_read_before_it() {
    let bench = Bench::new().await;
    let suspend = SuspendClient {
        client: client_id("shop"),
        suspended: true,
    };
    bench.store.apply(suspend).await.unwrap();
    let changed = Client {
        name: "Another name".to_owned(),
        ..client("shop")
    };
    bench.store.apply(ReplaceClient(changed)).await.unwrap();
    let found = bench.store.client(&client_id("shop")).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.name, "Another name");
    assert!(found.settings.suspended);
}
