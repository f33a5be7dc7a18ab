//! The suite that every store must pass, written against the traits, and SQLite's own cases.
//!
//! To run it over another store as well: implement `StoreUnderTest` for that store, and include the suite's files a second
//! time (`#[path]`) under a module whose `Opened` is it.

mod bench;
mod decisions;
mod flows;
mod management;
mod once;
mod pairings;
mod tokens;

use super::{ops::*, sqlite::SqliteStore, *};
use crate::domain::*;
use bench::*;

/// The store that this suite is run over.
type Opened = SqliteStore;

#[tokio::test]
async fn accounts_are_unique_by_login_name_and_found_by_all_their_names() {
    let bench = Bench::new().await;
    let mut twin = Bench::account("alice", false);
    twin.id = AccountId::parse("another").unwrap();
    twin.sub = "another".to_owned();
    assert_eq!(
        bench.store.apply(CreateAccount(twin)).await.unwrap(),
        CreateAccountOutcome::Taken
    );
    let (by_login, by_sub, by_id) = bench
        .store
        .read(|r| {
            Ok((
                r.account_by_login("alice")?,
                r.account_by_sub("sub-alice")?,
                r.account(&AccountId::parse("id-alice").unwrap())?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(by_login, Some(Bench::account("alice", false)));
    assert_eq!(by_sub, by_login);
    assert_eq!(by_id, by_login);
    assert_eq!(
        bench
            .store
            .read(|r| r.account_by_login("nobody"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        bench.store.read(StoreReader::accounts).await.unwrap().len(),
        2
    );
}

#[tokio::test]
async fn clients_come_back_as_registered() {
    let bench = Bench::new().await;
    let found = bench
        .store
        .read(|r| r.client(&client_id("shop")))
        .await
        .unwrap();
    assert_eq!(found, Some(client("shop")));
    assert_eq!(
        bench
            .store
            .apply(CreateClient(client("shop")))
            .await
            .unwrap(),
        CreateClientOutcome::Taken
    );
    assert!(
        bench
            .store
            .apply(DeleteClient {
                client: client_id("shop"),
                now: NOW
            })
            .await
            .unwrap()
    );
    assert!(
        !bench
            .store
            .apply(DeleteClient {
                client: client_id("shop"),
                now: NOW
            })
            .await
            .unwrap()
    );
    assert_eq!(
        bench.store.read(StoreReader::clients).await.unwrap(),
        vec![client("bank")]
    );
}

#[tokio::test]
async fn a_client_is_replaced_whole_and_what_it_asked_stays() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let asked = bench.request("alice", "shop", &[&device], NOW).0;
    bench.store.apply(asked).await.unwrap();
    let kept = bench.store.client(&client_id("shop")).await.unwrap();
    assert_eq!(kept.as_deref(), Some(&client("shop")));
    let changed = Client {
        name: "Another name".to_owned(),
        authentication: ClientAuthentication::PrivateKeyJwt,
        registered_by: RegisteredBy::SelfRegistered,
        host: Some("shop.example".to_owned()),
        binding_message: BindingMessageUse::Refuse,
        transfer_code: true,
        settings: ClientSettings::with_jwks("{}".to_owned()),
        ..client("shop")
    };
    assert!(
        bench
            .store
            .apply(ReplaceClient(changed.clone()))
            .await
            .unwrap()
    );
    let found = bench.store.client(&client_id("shop")).await.unwrap();
    assert_eq!(
        found.as_deref(),
        Some(&changed),
        "no older copy is given out"
    );
    let id = device.id.clone();
    let pending = bench
        .store
        .read(move |r| r.pending(&id, NOW))
        .await
        .unwrap();
    assert_eq!(pending.unwrap().prompts.len(), 1);
    let unknown = ReplaceClient(client("nobody"));
    assert!(!bench.store.apply(unknown).await.unwrap());
}

#[tokio::test]
async fn an_assertion_is_used_once_per_client_until_it_expires() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let asking = |client: &str| CreateBackchannelAuthentication {
        assertion: Some(assertion("j")),
        ..bench.request("alice", client, &[&device], NOW).0
    };
    let ask = |client: &'static str| {
        let asked = bench.store.apply(asking(client));
        async { matches!(asked.await.unwrap(), CreateOutcome::Created { .. }) }
    };
    assert!(ask("shop").await);
    assert_eq!(
        bench.store.apply(asking("shop")).await.unwrap(),
        CreateOutcome::AssertionReplayed
    );
    let pending = bench
        .store
        .read({
            let device = device.id.clone();
            move |r| r.pending(&device, NOW)
        })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(pending.prompts.len(), 1, "the second was not stored");
    assert!(ask("bank").await, "another client's names are its own");
    bench.store.apply(Sweep { now: later(59) }).await.unwrap();
    assert!(!ask("shop").await);
    bench.store.apply(Sweep { now: later(60) }).await.unwrap();
    assert!(ask("shop").await);
}

#[tokio::test]
async fn a_result_is_collected_with_a_fresh_assertion_only() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (create, ids) = bench.request("alice", "shop", &[&device], NOW);
    let create = CreateBackchannelAuthentication {
        assertion: Some(assertion("asked")),
        ..create
    };
    bench.store.apply(create).await.unwrap();
    let approval = approve(&ids, &device, 1, NOW);
    bench.store.apply(approval).await.unwrap();
    let redeem = |jti: &str| Redeem {
        assertion: Some(assertion(jti)),
        ..bench.redeem(&ids, NOW)
    };
    assert_eq!(
        bench.store.apply(redeem("asked")).await.unwrap(),
        RedeemOutcome::AssertionReplayed
    );
    let fresh = bench.store.apply(redeem("fresh")).await.unwrap();
    assert!(matches!(fresh, RedeemOutcome::Redeemed { .. }), "{fresh:?}");
    assert_eq!(
        name_of(&bench.store.apply(redeem("fresh")).await.unwrap()),
        "invalid_grant",
        "what is consumed is said first"
    );
}

#[tokio::test]
async fn what_is_kept_in_memory_is_never_older_than_what_was_acknowledged() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let device = bench.pair("alice").await;
    let login = || AccountName::Login("alice".to_owned());
    // From the disk and from memory.
    for _ in 0..2 {
        assert!(store.device(&device.id).await.unwrap().unwrap().is_active());
        assert_eq!(store.devices_of(&device.account).await.unwrap().len(), 1);
        assert!(store.client(&client_id("shop")).await.unwrap().is_some());
        let account = store.account(login()).await.unwrap().unwrap();
        let by_sub = AccountName::Sub(account.sub.clone());
        assert_eq!(store.account(by_sub).await.unwrap(), Some(account));
    }
    let revoke = RevokeDevice {
        device: device.id.clone(),
        now: NOW,
    };
    store.apply(revoke).await.unwrap();
    assert!(!store.device(&device.id).await.unwrap().unwrap().is_active());
    assert!(!store.devices_of(&device.account).await.unwrap()[0].is_active());
    let delete = DeleteClient {
        client: client_id("shop"),
        now: NOW,
    };
    store.apply(delete).await.unwrap();
    assert_eq!(store.client(&client_id("shop")).await.unwrap(), None);
    store.apply(CreateClient(client("shop"))).await.unwrap();
    assert!(store.client(&client_id("shop")).await.unwrap().is_some());
    let account = store.account(login()).await.unwrap().unwrap();
    let delete = DeleteAccount {
        account: account.id.clone(),
        now: NOW,
    };
    store.apply(delete).await.unwrap();
    assert_eq!(store.account(login()).await.unwrap(), None);
    assert_eq!(store.device(&device.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_backup_is_a_store_of_its_own() {
    let bench = Bench::new().await;
    let target = bench.folder.path().join("copy.sqlite");
    let copy = target.clone();
    bench
        .store
        .read_long(move |r| r.backup(&copy))
        .await
        .unwrap();
    let restored = SqliteStore::open(&target, options()).unwrap();
    assert_eq!(restored.reader().unwrap().accounts().unwrap().len(), 2);
    assert!(
        bench
            .store
            .read_long(move |r| r.backup(&target))
            .await
            .is_err(),
        "a backup never overwrites"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone_and_follows_no_links() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new().await;
    let folder = bench.folder.path();
    let (target, link, nowhere) = (
        folder.join("copy.sqlite"),
        folder.join("link.sqlite"),
        folder.join("nowhere.sqlite"),
    );
    let (copy, through) = (target.clone(), link.clone());
    bench
        .store
        .read_long(move |r| r.backup(&copy))
        .await
        .unwrap();
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::os::unix::fs::symlink(&nowhere, &link).unwrap();
    let error = bench
        .store
        .read_long(move |r| r.backup(&through))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("exists already"), "{error}");
    assert!(!nowhere.exists());
}

#[test]
fn a_backup_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("broken.sqlite");
    std::fs::write(&source, "this is no database, whatever its name says").unwrap();
    let target = folder.path().join("copy.sqlite");
    let reader = sqlite::SqliteReader::open(&source, &options()).unwrap();
    assert!(matches!(reader.backup(&target), Err(StoreError::Engine(_))));
    assert!(!target.exists());
}

#[tokio::test]
async fn values_are_kept_across_a_reopen() {
    let bench = Bench::new().await;
    for value in [b"1".to_vec(), b"2".to_vec()] {
        bench
            .store
            .apply(SetValue {
                name: "seq".to_owned(),
                value,
            })
            .await
            .unwrap();
    }
    let bench = bench.reopen();
    assert_eq!(
        bench.store.read(|r| r.value("seq")).await.unwrap(),
        Some(b"2".to_vec())
    );
    assert_eq!(bench.store.read(|r| r.value("other")).await.unwrap(), None);
}

#[test]
fn a_newer_schema_is_refused_and_both_versions_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tegata.sqlite");
    drop(SqliteStore::open(&path, options()).unwrap());
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let error = SqliteStore::open(&path, options()).unwrap_err();
    assert_eq!(
        error,
        StoreError::NewerSchema {
            found: 99,
            supported: 8
        }
    );
    assert!(
        error.to_string().contains("99") && error.to_string().contains("up to 8"),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named_in_the_error() {
    // /proc refuses new files even to root.
    let error = SqliteStore::open(Path::new("/proc/tegata.sqlite"), options()).unwrap_err();
    assert!(
        matches!(&error, StoreError::Engine(what) if what.contains("/proc/tegata.sqlite")),
        "{error}"
    );
}

#[test]
fn a_full_disk_fails_the_whole_batch_and_stores_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    let value = |name: &str, size| {
        SetValue {
            name: name.to_owned(),
            value: vec![1; size],
        }
        .into_op()
    };
    assert!(store.apply(vec![value("before", 1)])[0].is_ok());
    store.limit_pages(60);
    let answers = store.apply(vec![
        value("small", 1),
        value("large", 1_000_000),
        value("after", 1),
    ]);
    assert_eq!(answers.len(), 3);
    assert!(
        answers
            .iter()
            .any(|answer| matches!(answer, Err(StoreError::Engine(what)) if what.contains("full")))
    );
    let acknowledged: Vec<_> = ["small", "large", "after"]
        .into_iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(name, _)| name)
        .collect();
    let reader = store.reader().unwrap();
    for name in ["small", "large", "after"] {
        let stored = reader.value(name).unwrap().is_some();
        assert_eq!(
            stored,
            acknowledged.contains(&name),
            "{name}: stored if and only if acknowledged"
        );
    }
    assert!(reader.value("before").unwrap().is_some());
}

#[test]
fn an_operation_that_fails_undoes_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    let value = |name: &str| {
        SetValue {
            name: name.to_owned(),
            value: vec![1],
        }
        .into_op()
    };
    let session = CreateIssuingSession {
        id: IssuingSessionId::make(&tegata_protocol::SystemRng::new()),
        account: Bench::account("alice", false).id,
        grade: Grade::Administrator,
        secret_hash: digest("secret"),
        page_secret_hash: None,
        expires: later(300),
    };
    let account = CreateAccount(Bench::account("alice", false));
    let prepared = store.apply(vec![account.into_op(), session.clone().into_op()]);
    assert!(prepared.iter().all(Result::is_ok), "{prepared:?}");
    let second = session.into_op();
    let answers = store.apply(vec![value("a"), second, value("b")]);
    assert!(answers[0].is_ok() && answers[1].is_err() && answers[2].is_ok());
    let reader = store.reader().unwrap();
    assert!(reader.value("a").unwrap().is_some() && reader.value("b").unwrap().is_some());
}

#[tokio::test]
async fn an_operation_that_panics_fails_alone_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut inner = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    inner.call_after_each(|op| {
        if let Op::SetValue(value) = op {
            assert_ne!(
                value.name, "cursed",
                "a panic after the operation has written"
            );
        }
    });
    let (opener, gate) = std::sync::mpsc::channel();
    let handle = StoreHandle::start(Stubborn { inner, gate }, &options()).unwrap();
    let names = ["before", "cursed", "after"];
    let mut tasks = tokio::task::JoinSet::new();
    for name in names {
        let handle = handle.clone();
        let value = SetValue {
            name: name.to_owned(),
            value: vec![1],
        };
        tasks.spawn(async move { (name, handle.apply(value).await) });
    }
    // Whether they came into one batch or more, each has an answer of its own.
    for _ in names {
        opener.send(()).unwrap();
    }
    while let Some(done) = tasks.join_next().await {
        let (name, answer) = done.unwrap();
        let expected = if name == "cursed" {
            Err(StoreError::Panicked)
        } else {
            Ok(())
        };
        assert_eq!(answer, expected, "{name}");
        let stored = handle.read(move |r| r.value(name)).await.unwrap();
        assert_eq!(stored.is_some(), name != "cursed", "{name}");
    }
}

#[test]
fn of_a_batch_with_a_panic_everything_else_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    store.call_after_each(|op| {
        if let Op::SetValue(value) = op {
            assert_ne!(
                value.name, "cursed",
                "a panic after the operation has written"
            );
        }
    });
    let value = |name: &str| {
        SetValue {
            name: name.to_owned(),
            value: vec![1],
        }
        .into_op()
    };
    let answers = store.apply(vec![value("a"), value("cursed"), value("b")]);
    assert!(answers[0].is_ok() && answers[2].is_ok(), "{answers:?}");
    assert!(
        matches!(answers[1], Err(StoreError::Panicked)),
        "{answers:?}"
    );
    let reader = store.reader().unwrap();
    for (name, stored) in [("a", true), ("cursed", false), ("b", true)] {
        assert_eq!(reader.value(name).unwrap().is_some(), stored, "{name}");
    }
    assert_eq!(store.counters().read().operations, 2);
}

/// A store whose writer panics, or waits until it is let go.
struct Stubborn {
    inner: SqliteStore,
    gate: std::sync::mpsc::Receiver<()>,
}

impl Store for Stubborn {
    type Reader = sqlite::SqliteReader;

    fn apply(&mut self, ops: Vec<Op>) -> Vec<Result<Outcome, StoreError>> {
        self.gate
            .recv()
            .expect("the gate is opened before it is dropped");
        self.inner.apply(ops)
    }

    fn reader(&self) -> Result<Self::Reader, StoreError> {
        self.inner.reader()
    }

    fn last_seq(&self) -> Result<FlowSeq, StoreError> {
        self.inner.last_seq()
    }

    fn counters(&self) -> Arc<Counters> {
        self.inner.counters()
    }
}

fn stubborn(queue: usize) -> (tempfile::TempDir, StoreHandle, std::sync::mpsc::Sender<()>) {
    let folder = tempfile::tempdir().unwrap();
    let inner = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    let (opener, gate) = std::sync::mpsc::channel();
    let options = StoreOptions { queue, ..options() };
    let handle = StoreHandle::start(Stubborn { inner, gate }, &options).unwrap();
    (folder, handle, opener)
}

#[tokio::test]
async fn a_panic_in_the_writer_is_an_error_for_the_caller() {
    let (_folder, handle, opener) = stubborn(8);
    drop(opener);
    let answer = handle
        .apply(SetValue {
            name: "a".to_owned(),
            value: vec![],
        })
        .await;
    assert_eq!(answer, Err(StoreError::Panicked));
    assert_eq!(handle.read(|r| r.value("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once_and_what_waits_is_stored() {
    let (_folder, handle, opener) = stubborn(4);
    let set = |name: String| SetValue {
        name,
        value: vec![1],
    };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let handle = handle.clone();
        tasks.spawn(async move { (number, handle.apply(set(number.to_string())).await) });
    }
    // The writer holds one batch, which it fills as long as something comes, and four wait: all others are turned away
    // without waiting, which takes each task one turn.
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    let mut busy = 0;
    while let Some(result) = tasks.try_join_next() {
        let (_, answer) = result.unwrap();
        assert_eq!(answer, Err(StoreError::Busy));
        busy += 1;
    }
    assert!(busy > 0, "nobody is turned away");
    assert!(tasks.len() >= 4, "nobody waits: {busy} were turned away");
    for _ in 0..32 {
        opener.send(()).unwrap();
    }
    while let Some(result) = tasks.join_next().await {
        let (number, answer): (i32, _) = result.unwrap();
        let stored = handle
            .read(move |r| r.value(&number.to_string()))
            .await
            .unwrap()
            .is_some();
        assert_eq!(stored, answer.is_ok());
    }
}

#[tokio::test]
async fn a_panic_in_a_read_is_an_error_and_costs_no_connection() {
    let bench = Bench::new().await;
    for _ in 0..8 {
        let short = bench.store.read::<(), _>(|_| panic!("short")).await;
        let long = bench.store.read_long::<(), _>(|_| panic!("long")).await;
        assert_eq!(
            (short, long),
            (Err(StoreError::Panicked), Err(StoreError::Panicked))
        );
    }
    assert_eq!(
        bench.store.read(|r| r.value("none")).await.unwrap(),
        None,
        "all connections are back"
    );
}

#[tokio::test]
async fn what_is_committed_is_counted_and_what_fails_is_not() {
    let bench = Bench::new().await;
    let device = bench.pair("alice").await;
    let (create, _) = bench.request("alice", "shop", &[&device], NOW);
    bench.store.apply(create.clone()).await.unwrap();
    let before = bench.store.statistics();
    let second = bench.store.apply(create).await;
    assert!(second.is_err(), "the row is there");
    assert_eq!(bench.store.statistics(), before);
    let value = SetValue {
        name: "a".to_owned(),
        value: vec![],
    };
    bench.store.apply(value).await.unwrap();
    let done = bench.store.statistics().since(&before);
    assert_eq!((done.operations, done.commits), (1, 1));
}
