//! The suite that every store must pass, written against the traits, and SQLite's own cases.

mod flows;
mod pairings;

use super::{ops::*, sqlite::SqliteStore, *};
use crate::domain::*;
use std::sync::atomic::{AtomicU32, Ordering};
use tegata_protocol::{Secret, SigningKey, SystemRng};

/// A scratch folder with a store, and values to put into it.
struct Bench {
    folder: tempfile::TempDir,
    store: StoreHandle,
    rng: SystemRng,
    made: AtomicU32,
}

const NOW: UnixTime = UnixTime(1_000_000);

fn options() -> StoreOptions {
    StoreOptions::new(Locator::new(&[7; 32]))
}

fn later(seconds: i64) -> UnixTime {
    NOW.plus(seconds)
}

fn digest(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

fn client_id(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

impl Bench {
    /// With an account `alice`, a test account `tess`, and clients `shop` and `bank`.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
        let store = StoreHandle::start(store, &options()).unwrap();
        let bench = Self { folder, store, rng: SystemRng::new(), made: AtomicU32::new(0) };
        for (name, test) in [("alice", false), ("tess", true)] {
            let outcome = bench.store.apply(CreateAccount(bench.account(name, test))).await.unwrap();
            assert_eq!(outcome, CreateAccountOutcome::Created);
        }
        for name in ["shop", "bank"] {
            assert_eq!(bench.store.apply(CreateClient(client(name))).await.unwrap(), CreateClientOutcome::Created);
        }
        bench
    }

    /// Closes the store as a stopped process would and opens it again.
    fn reopen(self) -> Self {
        let Self { folder, store, rng, made } = self;
        drop(store);
        let store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
        Self { folder, store: StoreHandle::start(store, &options()).unwrap(), rng, made }
    }

    fn account(&self, name: &str, test: bool) -> Account {
        Account {
            id: AccountId::parse(&format!("id-{name}")).unwrap(),
            sub: format!("sub-{name}"),
            login_name: name.to_owned(),
            display_name: name.to_uppercase(),
            test,
            created: NOW,
        }
    }

    fn registration(&self) -> Registration {
        let (possession, _) = SigningKey::make(&self.rng);
        let (approval, _) = SigningKey::make(&self.rng);
        Registration {
            device_name: "Laptop".to_owned(),
            device_info: "{}".to_owned(),
            possession_thumbprint: possession.thumbprint(),
            possession_key: *possession.public(),
            possession_credential: "{}".to_owned(),
            approval_thumbprint: approval.thumbprint(),
            approval_key: *approval.public(),
            approval_credential: "{}".to_owned(),
        }
    }

    /// A session with its invitation under `code`.
    async fn invite(&self, name: &str, code: &str) -> IssuingSessionId {
        let session = IssuingSessionId::make(&self.rng);
        let created = CreateIssuingSession {
            id: session.clone(),
            account: AccountId::parse(&format!("id-{name}")).unwrap(),
            grade: Grade::Administrator,
            secret_hash: digest("secret"),
            page_secret_hash: None,
            expires: later(300),
        };
        assert_eq!(self.store.apply(created).await.unwrap(), CreateIssuingSessionOutcome::Created);
        let invitation =
            CreateInvitation { code_mac: digest(code), session: session.clone(), expires: later(300), now: NOW };
        assert_eq!(self.store.apply(invitation).await.unwrap(), CreateInvitationOutcome::Created);
        session
    }

    fn redeem_invitation(&self, code: &str, now: UnixTime) -> RedeemInvitation {
        let pairing = PairingId::make(&self.rng);
        RedeemInvitation {
            code_mac: digest(code),
            offer: format!("offer of {pairing}"),
            offer_hash: digest(pairing.as_str()),
            pairing,
            server_nonce: [9; 32],
            expires: now.plus(300),
            now,
        }
    }

    fn submit(&self, pairing: &PairingId, now: UnixTime) -> SubmitRegistration {
        SubmitRegistration {
            pairing: pairing.clone(),
            device: DeviceId::make(&self.rng),
            registration: self.registration(),
            reveal: "reveal".to_owned(),
            confirmation_code: Secret::new("123456".to_owned()),
            pairing_receipt: "pairing receipt".to_owned(),
            now,
        }
    }

    fn confirm(session: &IssuingSessionId, code: &str, now: UnixTime) -> ConfirmPairing {
        ConfirmPairing { session: session.clone(), code: Secret::new(code.to_owned()), now }
    }

    /// A paired, active device of `name`.
    async fn pair(&self, name: &str) -> PairedDevice {
        let code = format!("code {}", self.made.fetch_add(1, Ordering::Relaxed));
        let session = self.invite(name, &code).await;
        let redeem = self.redeem_invitation(&code, NOW);
        let pairing = redeem.pairing.clone();
        assert_eq!(self.store.apply(redeem).await.unwrap(), RedeemInvitationOutcome::Redeemed);
        let submit = self.submit(&pairing, NOW);
        let device = submit.device.clone();
        assert_eq!(self.store.apply(submit).await.unwrap(), SubmitRegistrationOutcome::Submitted);
        let outcome = self.store.apply(Self::confirm(&session, "123456", NOW)).await.unwrap();
        assert!(matches!(outcome, ConfirmPairingOutcome::Confirmed { .. }), "{outcome:?}");
        self.device(&device).await
    }

    async fn device(&self, id: &DeviceId) -> PairedDevice {
        let id = id.clone();
        self.store.read(move |r| r.device(&id)).await.unwrap().unwrap()
    }

    fn request(&self, name: &str, client: &str, devices: &[&PairedDevice], now: UnixTime) -> (CreateBackchannelAuthentication, FlowIds) {
        let ids = self.store.make_flow_ids(&self.rng);
        let facts = RequestFacts {
            consent_request_id: ids.consent_request_id.clone(),
            client_id: client_id(client),
            client_name: client.to_owned(),
            account: AccountId::parse(&format!("id-{name}")).unwrap(),
            sub: format!("sub-{name}"),
            kind: Kind::SignIn,
            scopes: vec!["openid".to_owned()],
            acr_values: vec![],
            binding_message: None,
            transfer: Transfer::None,
            created: now,
            expires: now.plus(120),
            interval: 5,
        };
        let prompts = devices
            .iter()
            .map(|device| NewPrompt {
                device: device.id.clone(),
                jws: format!("prompt of {} for {}", ids.consent_request_id, device.id),
                nonce: [3; 32],
            })
            .collect();
        (CreateBackchannelAuthentication { seq: ids.seq, tag_hash: ids.tag_hash, facts, prompts }, ids)
    }

    /// A pending request; asserts that it went out.
    async fn ask(&self, name: &str, client: &str, devices: &[&PairedDevice], now: UnixTime) -> FlowIds {
        let (create, ids) = self.request(name, client, devices, now);
        let outcome = self.store.apply(create).await.unwrap();
        let expected: Vec<_> = devices.iter().map(|device| device.id.clone()).collect();
        assert_eq!(outcome, CreateOutcome::Created { admission: Admission::Prompted, devices: expected });
        ids
    }

    fn redeem(&self, ids: &FlowIds, now: UnixTime) -> Redeem {
        let (_, hash) = self.store.make_access_token(&ids.auth_req_id, &self.rng).unwrap();
        Redeem {
            auth_req_id: ids.auth_req_id.clone(),
            client: client_id("shop"),
            access_token_hash: hash,
            access_token_expires: now.plus(600),
            now,
        }
    }
}

fn client(name: &str) -> Client {
    Client {
        id: client_id(name),
        name: name.to_uppercase(),
        authentication: ClientAuthentication::ClientSecretBasic { secret_hash: digest("s") },
        registered_by: RegisteredBy::Operator,
        since: NOW,
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
    }
}

fn approve(ids: &FlowIds, device: &PairedDevice, counter: u32, now: UnixTime) -> Decide {
    Decide {
        request: ids.consent_request_id.clone(),
        device: device.id.clone(),
        credential: device.registration.approval_thumbprint,
        counter,
        challenge: digest(&format!("approve {} {}", ids.consent_request_id, device.id)),
        verdict: Verdict::Approve { transfer: None, acr: "acr".to_owned(), amr: vec!["pin".to_owned()] },
        detail: "{}".to_owned(),
        assertion: "{}".to_owned(),
        receipt: format!("receipt of {} by {}", ids.consent_request_id, device.id),
        now,
    }
}

fn deny(ids: &FlowIds, device: &PairedDevice, reason: DenialReason, counter: u32, now: UnixTime) -> Decide {
    Decide {
        credential: device.registration.possession_thumbprint,
        challenge: digest(&format!("deny {reason:?} {} {}", ids.consent_request_id, device.id)),
        verdict: Verdict::Deny { reason },
        ..approve(ids, device, counter, now)
    }
}

#[tokio::test]
async fn accounts_are_unique_by_login_name_and_found_by_all_their_names() {
    let bench = Bench::new().await;
    let mut twin = bench.account("alice", false);
    twin.id = AccountId::parse("another").unwrap();
    twin.sub = "another".to_owned();
    assert_eq!(bench.store.apply(CreateAccount(twin)).await.unwrap(), CreateAccountOutcome::Taken);
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
    assert_eq!(by_login, Some(bench.account("alice", false)));
    assert_eq!(by_sub, by_login);
    assert_eq!(by_id, by_login);
    assert_eq!(bench.store.read(|r| r.account_by_login("nobody")).await.unwrap(), None);
    assert_eq!(bench.store.read(StoreReader::accounts).await.unwrap().len(), 2);
}

#[tokio::test]
async fn clients_come_back_as_registered() {
    let bench = Bench::new().await;
    let found = bench.store.read(|r| r.client(&client_id("shop"))).await.unwrap();
    assert_eq!(found, Some(client("shop")));
    assert_eq!(bench.store.apply(CreateClient(client("shop"))).await.unwrap(), CreateClientOutcome::Taken);
    assert!(bench.store.apply(DeleteClient { client: client_id("shop"), now: NOW }).await.unwrap());
    assert!(!bench.store.apply(DeleteClient { client: client_id("shop"), now: NOW }).await.unwrap());
    assert_eq!(bench.store.read(StoreReader::clients).await.unwrap(), vec![client("bank")]);
}

#[tokio::test]
async fn an_assertion_is_used_once_per_client_until_it_expires() {
    let bench = Bench::new().await;
    let using = |name: &str| UseAssertion { client: client_id(name), jti: "j".to_owned(), expires: later(60) };
    assert_eq!(bench.store.apply(using("shop")).await.unwrap(), UseAssertionOutcome::Fresh);
    assert_eq!(bench.store.apply(using("shop")).await.unwrap(), UseAssertionOutcome::Replayed);
    assert_eq!(bench.store.apply(using("bank")).await.unwrap(), UseAssertionOutcome::Fresh);
    bench.store.apply(Sweep { now: later(59) }).await.unwrap();
    assert_eq!(bench.store.apply(using("shop")).await.unwrap(), UseAssertionOutcome::Replayed);
    bench.store.apply(Sweep { now: later(60) }).await.unwrap();
    assert_eq!(bench.store.apply(using("shop")).await.unwrap(), UseAssertionOutcome::Fresh);
}

#[tokio::test]
async fn a_backup_is_a_store_of_its_own() {
    let bench = Bench::new().await;
    let target = bench.folder.path().join("copy.sqlite");
    let copy = target.clone();
    bench.store.read(move |r| r.backup(&copy)).await.unwrap();
    let restored = SqliteStore::open(&target, options()).unwrap();
    assert_eq!(restored.reader().unwrap().accounts().unwrap().len(), 2);
    assert!(bench.store.read(move |r| r.backup(&target)).await.is_err(), "a backup never overwrites");
}

#[tokio::test]
async fn values_are_kept_across_a_reopen() {
    let bench = Bench::new().await;
    for value in [b"1".to_vec(), b"2".to_vec()] {
        bench.store.apply(SetValue { name: "seq".to_owned(), value }).await.unwrap();
    }
    let bench = bench.reopen();
    assert_eq!(bench.store.read(|r| r.value("seq")).await.unwrap(), Some(b"2".to_vec()));
    assert_eq!(bench.store.read(|r| r.value("other")).await.unwrap(), None);
}

#[test]
fn a_newer_schema_is_refused_and_both_versions_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tegata.sqlite");
    drop(SqliteStore::open(&path, options()).unwrap());
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&path, options()).unwrap_err();
    assert_eq!(error, StoreError::NewerSchema { found: 99, supported: 1 });
    assert!(error.to_string().contains("99") && error.to_string().contains("up to 1"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_named_in_the_error() {
    // /proc refuses new files even to root.
    let error = SqliteStore::open(Path::new("/proc/tegata.sqlite"), options()).unwrap_err();
    assert!(matches!(&error, StoreError::Engine(what) if what.contains("/proc/tegata.sqlite")), "{error}");
}

#[test]
fn a_full_disk_fails_the_whole_batch_and_stores_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    let value = |name: &str, size| SetValue { name: name.to_owned(), value: vec![1; size] }.into_op();
    assert!(store.apply(vec![value("before", 1)])[0].is_ok());
    store.limit_pages(60);
    let answers = store.apply(vec![value("small", 1), value("large", 1_000_000), value("after", 1)]);
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().any(|answer| matches!(answer, Err(StoreError::Engine(what)) if what.contains("full"))));
    let acknowledged: Vec<_> = ["small", "large", "after"]
        .into_iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(name, _)| name)
        .collect();
    let reader = store.reader().unwrap();
    for name in ["small", "large", "after"] {
        let stored = reader.value(name).unwrap().is_some();
        assert_eq!(stored, acknowledged.contains(&name), "{name}: stored if and only if acknowledged");
    }
    assert!(reader.value("before").unwrap().is_some());
}

#[test]
fn an_operation_that_fails_undoes_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = SqliteStore::open(&folder.path().join("tegata.sqlite"), options()).unwrap();
    let value = |name: &str| SetValue { name: name.to_owned(), value: vec![1] }.into_op();
    let foreign = UseAssertion { client: client_id("nobody"), jti: "j".to_owned(), expires: NOW }.into_op();
    let answers = store.apply(vec![value("a"), foreign, value("b")]);
    assert!(answers[0].is_ok() && answers[1].is_err() && answers[2].is_ok());
    let reader = store.reader().unwrap();
    assert!(reader.value("a").unwrap().is_some() && reader.value("b").unwrap().is_some());
}

/// A store whose writer panics, or waits until it is let go.
struct Stubborn {
    inner: SqliteStore,
    gate: std::sync::mpsc::Receiver<()>,
}

impl Store for Stubborn {
    type Reader = sqlite::SqliteReader;

    fn apply(&mut self, ops: Vec<Op>) -> Vec<Result<Outcome, StoreError>> {
        self.gate.recv().expect("the gate is opened before it is dropped");
        self.inner.apply(ops)
    }

    fn reader(&self) -> Result<Self::Reader, StoreError> {
        self.inner.reader()
    }

    fn last_seq(&self) -> Result<FlowSeq, StoreError> {
        self.inner.last_seq()
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
    let answer = handle.apply(SetValue { name: "a".to_owned(), value: vec![] }).await;
    assert_eq!(answer, Err(StoreError::Panicked));
    assert_eq!(handle.read(|r| r.value("a")).await.unwrap(), None);
}

#[tokio::test]
async fn a_full_queue_is_busy_at_once_and_what_waits_is_stored() {
    let (_folder, handle, opener) = stubborn(4);
    let set = |name: String| SetValue { name, value: vec![1] };
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let handle = handle.clone();
        tasks.spawn(async move { (number, handle.apply(set(number.to_string())).await) });
    }
    let mut busy = 0;
    // The writer holds one batch of at most five and four wait: all others are turned away without waiting.
    while busy < 32 - 9 {
        let (_, answer) = tasks.join_next().await.unwrap().unwrap();
        assert_eq!(answer, Err(StoreError::Busy));
        busy += 1;
    }
    for _ in 0..9 {
        opener.send(()).unwrap();
    }
    while let Some(result) = tasks.join_next().await {
        let (number, answer): (i32, _) = result.unwrap();
        let stored = handle.read(move |r| r.value(&number.to_string())).await.unwrap().is_some();
        assert_eq!(stored, answer.is_ok());
    }
}
