//! What is good once or a few times: names, and tries of a user code.

use super::*;
use tegata_protocol::Sha256Digest;

fn name(jti: &str, expires: UnixTime) -> OneTimeName {
    OneTimeName::new(NameKind::RequestObject, "shop", jti, expires)
}

#[tokio::test]
async fn a_name_is_used_once_with_what_it_came_with_and_remembered_until_it_expires() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let ask = |names: Vec<OneTimeName>| {
        let (create, _) = bench.request("alice", "shop", &[&device], NOW);
        bench
            .store
            .apply(CreateBackchannelAuthentication { names, ..create })
    };
    let created = |outcome: CreateOutcome| matches!(outcome, CreateOutcome::Created { .. });
    assert!(created(ask(vec![name("a", later(60))]).await.unwrap()));
    // Also if it says now that it expires at another time, and without using up what came beside it.
    let again = vec![name("b", later(60)), name("a", later(90))];
    assert_eq!(ask(again).await.unwrap(), CreateOutcome::NameUsed);
    assert!(created(ask(vec![name("b", later(60))]).await.unwrap()));

    let bench = bench.reopen();
    let ask = |jti: &str| {
        let (create, _) = bench.request("alice", "bank", &[], NOW);
        bench.store.apply(CreateBackchannelAuthentication {
            names: vec![name(jti, later(60))],
            ..create
        })
    };
    bench.store.apply(Sweep { now: later(59) }).await.unwrap();
    assert_eq!(ask("a").await.unwrap(), CreateOutcome::NameUsed);
    bench.store.apply(Sweep { now: later(60) }).await.unwrap();
    assert!(created(ask("a").await.unwrap()));
}

#[tokio::test]
async fn what_is_refused_uses_up_no_name() {
    let bench = Bench::new().await;
    let (create, _) = bench.request("alice", "shop", &[], NOW);
    let stranger = CreateBackchannelAuthentication {
        facts: RequestFacts {
            account: AccountId::parse("nobody").unwrap(),
            ..create.facts.clone()
        },
        names: vec![name("a", later(60))],
        ..create.clone()
    };
    assert_eq!(
        bench.store.apply(stranger).await.unwrap(),
        CreateOutcome::Gone
    );
    let good = CreateBackchannelAuthentication {
        names: vec![name("a", later(60))],
        ..create
    };
    let outcome = bench.store.apply(good).await.unwrap();
    assert!(
        matches!(outcome, CreateOutcome::Created { .. }),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn wrong_user_codes_are_counted_across_a_restart_and_a_new_code_starts_afresh() {
    let bench = Bench::new().await;
    let account = AccountId::parse("id-alice").unwrap();
    let hash = Sha256Digest::of;
    let set = |code: Option<&[u8]>| SetUserCode {
        account: account.clone(),
        hash: code.map(hash),
    };
    let check = |code: &[u8], now| CheckUserCode {
        account: account.clone(),
        hash: hash(code),
        now,
    };
    let judged = CheckUserCodeOutcome::Judged;
    let outcome = bench.store.apply(check(b"right", NOW)).await.unwrap();
    assert_eq!(outcome, CheckUserCodeOutcome::NotSet);
    assert!(bench.store.apply(set(Some(b"right"))).await.unwrap());
    let stored = bench
        .store
        .account(AccountName::Login("alice".to_owned()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.user_code, Some(hash(b"right")));
    for _ in 0..4 {
        let outcome = bench.store.apply(check(b"wrong", NOW)).await.unwrap();
        assert_eq!(outcome, judged(UserCodeVerdict::Wrong));
    }

    let bench = bench.reopen();
    for (code, verdict) in [
        (b"wrong", UserCodeVerdict::Wrong),
        (b"right", UserCodeVerdict::Locked),
    ] {
        let outcome = bench.store.apply(check(code, later(1))).await.unwrap();
        assert_eq!(outcome, judged(verdict));
    }
    assert!(bench.store.apply(set(Some(b"fresh"))).await.unwrap());
    let outcome = bench.store.apply(check(b"fresh", later(2))).await.unwrap();
    assert_eq!(outcome, judged(UserCodeVerdict::Right));
    assert!(bench.store.apply(set(None)).await.unwrap());
    let outcome = bench.store.apply(check(b"fresh", later(2))).await.unwrap();
    assert_eq!(outcome, CheckUserCodeOutcome::NotSet);
    let nobody = SetUserCode {
        account: AccountId::parse("nobody").unwrap(),
        hash: None,
    };
    assert!(!bench.store.apply(nobody).await.unwrap());
}
