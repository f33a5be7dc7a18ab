//! A store in a scratch folder with accounts, devices and one client, and flows to put through it.

use anyhow::{Context as _, ensure};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};
use tegata_protocol::{
    AccountId, AuthReqId, ClientId, ConsentRequestId, DeviceId, PairingId, Secret, Sha256Digest,
    SigningKey, SystemRng, Thumbprint, UnixTime, rng::random_bytes,
};
use tegata_server::{
    domain::{
        Account, Admission, BindingMessageUse, Client, ClientAssertion, ClientAuthentication,
        ClientSettings, FlowIds, Grade, IssuingSessionId, Kind, Limits, Locator, NewToken,
        RegisteredBy, Registration, RequestFacts, Sender, Terms, TokenDetails, Transfer,
    },
    storage::{
        StoreHandle, StoreOptions,
        ops::{
            ConfirmPairing, ConfirmPairingOutcome, CreateAccount, CreateBackchannelAuthentication,
            CreateClient, CreateInvitation, CreateIssuingSession, CreateOutcome, Decide,
            DecideOutcome, MarkSeen, NewPrompt, Redeem, RedeemInvitation, RedeemOutcome,
            SubmitRegistration, TouchDevice, Verdict,
        },
        sqlite::SqliteStore,
    },
};

/// Accounts, each with one device. More than are ever in flight at once, so that an account has one flow at a time.
pub const ACCOUNTS: usize = 1000;

// Bytes of what is stored with a flow, as the protocol's own messages have them.
const PROMPT_BYTES: usize = 1350;
const DETAIL_BYTES: usize = 230;
const ASSERTION_BYTES: usize = 560;
const RECEIPT_BYTES: usize = 2050;

/// When the first flow starts. Each later one starts a second after the one before, whatever the real clock does: an
/// account's turn comes every [`ACCOUNTS`] seconds, so that budgets hold what they hold for real people.
const START: i64 = 1_700_000_000;

/// What a flow writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// Create, decide and redeem.
    Alone,
    /// The same with what the server writes beside it for a client with `private_key_jwt` and a device with a window: the
    /// `jti` of two client assertions (in the same operations), that the device was there, and that the prompt was shown.
    AsTheServer,
}

impl Writes {
    /// Durable operations of one flow.
    pub fn per_flow(self) -> u64 {
        match self {
            Self::Alone => 3,
            Self::AsTheServer => 5,
        }
    }
}

/// The store under test.
pub struct Bed {
    /// Held so that the folder goes last.
    folder: tempfile::TempDir,
    store: StoreHandle,
    rng: SystemRng,
    client: ClientId,
    seats: Vec<Seat>,
    next: AtomicI64,
}

struct Seat {
    account: AccountId,
    device: DeviceId,
    approval: Thumbprint,
}

impl Bed {
    /// A new database in `scratch`, with [`ACCOUNTS`] accounts and their devices paired.
    ///
    /// # Errors
    /// The scratch folder cannot be written, or the store refuses something.
    pub async fn make(scratch: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(scratch)?;
        let folder = tempfile::Builder::new()
            .prefix("store-")
            .tempdir_in(scratch)?;
        let mut options = StoreOptions::new(Locator::new(&[7; 32]));
        options.limits = Limits {
            pending_per_account: usize::MAX,
            pending_per_client: usize::MAX,
            per_account_per_minute: usize::MAX,
            per_client_per_ten_minutes: usize::MAX,
            ..Limits::default()
        };
        let sqlite = SqliteStore::open(&folder.path().join("tegata.sqlite"), options.clone())?;
        let store = StoreHandle::start(sqlite, &options)?;
        let client = ClientId::parse("shop")?;
        store
            .apply(CreateClient(Client {
                id: client.clone(),
                name: "The Shop".to_owned(),
                authentication: ClientAuthentication::ClientSecretBasic {
                    secret_hash: digest("secret"),
                },
                registered_by: RegisteredBy::Operator,
                since: UnixTime(START),
                host: None,
                binding_message: BindingMessageUse::Show,
                transfer_code: false,
                settings: ClientSettings::default(),
            }))
            .await?;
        let mut bed = Self {
            folder,
            store,
            rng: SystemRng::new(),
            client,
            seats: Vec::new(),
            next: AtomicI64::new(0),
        };
        let seats: Vec<_> = (0..ACCOUNTS).map(|number| bed.seat(number)).collect();
        bed.seats = futures_util::future::try_join_all(seats).await?;
        Ok(bed)
    }

    /// The store's counters and its files.
    pub fn store(&self) -> &StoreHandle {
        &self.store
    }

    /// The database's folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// An account and its device, through all steps of a pairing.
    async fn seat(&self, number: usize) -> anyhow::Result<Seat> {
        let (store, rng) = (&self.store, &self.rng);
        let (now, expires) = (UnixTime(START), UnixTime(START + 300));
        let account = AccountId::parse(&format!("account-{number}"))?;
        store
            .apply(CreateAccount(Account {
                id: account.clone(),
                sub: format!("subject-of-account-{number}"),
                login_name: format!("person-{number}"),
                display_name: format!("Person {number}"),
                test: false,
                created: now,
                user_code: None,
            }))
            .await?;
        let (session, pairing) = (IssuingSessionId::make(rng), PairingId::make(rng));
        let code_mac = digest(&format!("code {number}"));
        store
            .apply(CreateIssuingSession {
                id: session.clone(),
                account: account.clone(),
                grade: Grade::Administrator,
                secret_hash: digest("session"),
                page_secret_hash: None,
                expires,
            })
            .await?;
        let invitation = CreateInvitation {
            code_mac,
            session: session.clone(),
            expires,
            now,
        };
        store.apply(invitation).await?;
        store
            .apply(RedeemInvitation {
                code_mac,
                pairing: pairing.clone(),
                offer: text(900),
                offer_hash: digest(pairing.as_str()),
                server_nonce: random_bytes(rng),
                expires,
                now,
            })
            .await?;
        let (possession, _) = SigningKey::make(rng);
        let (approval, _) = SigningKey::make(rng);
        let device = DeviceId::make(rng);
        store
            .apply(SubmitRegistration {
                pairing,
                device: device.clone(),
                registration: Registration {
                    device_name: "Laptop".to_owned(),
                    device_info: text(150),
                    possession_thumbprint: possession.thumbprint(),
                    possession_key: *possession.public(),
                    possession_credential: text(500),
                    approval_thumbprint: approval.thumbprint(),
                    approval_key: *approval.public(),
                    approval_credential: text(500),
                },
                reveal: text(400),
                confirmation_code: Secret::new("123456".to_owned()),
                pairing_receipt: text(900),
                now,
            })
            .await?;
        let code = Secret::new("123456".to_owned());
        let confirmed = store.apply(ConfirmPairing { session, code, now }).await?;
        ensure!(
            matches!(confirmed, ConfirmPairingOutcome::Confirmed { .. }),
            "a device could not be paired: {confirmed:?}"
        );
        Ok(Seat {
            account,
            device,
            approval: approval.thumbprint(),
        })
    }

    /// One flow from beginning to end, each operation after the one before was answered; the payload's bytes.
    ///
    /// # Errors
    /// The store refuses an operation, or answers one otherwise than it should.
    pub async fn flow(&self, writes: Writes) -> anyhow::Result<u64> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now = UnixTime(START + number);
        let accounts = i64::try_from(self.seats.len())?;
        let seat = self
            .seats
            .get(usize::try_from(number % accounts)?)
            .context("no account")?;
        let ids = self.store.make_flow_ids(&self.rng);
        let as_the_server = writes == Writes::AsTheServer;
        let assertion = || as_the_server.then(|| self.assertion(now));
        let mut payload = self.create(seat, &ids, assertion(), now).await?;
        if as_the_server {
            let (request, device) = (ids.consent_request_id.clone(), seat.device.clone());
            let touched = self.store.apply(TouchDevice {
                device: device.clone(),
                now,
            });
            let seen = self.store.apply(MarkSeen {
                request,
                device,
                now,
            });
            ensure!(touched.await? && seen.await?, "a sighting was not stored");
        }
        let counter = u32::try_from(number / accounts)? + 1;
        payload += self
            .decide(seat, &ids.consent_request_id, counter, now)
            .await?;
        payload += self.redeem(&ids.auth_req_id, assertion(), now).await?;
        Ok(payload)
    }

    fn assertion(&self, now: UnixTime) -> ClientAssertion {
        ClientAssertion {
            jti: PairingId::make(&self.rng).as_str().to_owned(),
            expires: now.plus(60),
        }
    }

    async fn create(
        &self,
        seat: &Seat,
        ids: &FlowIds,
        assertion: Option<ClientAssertion>,
        now: UnixTime,
    ) -> anyhow::Result<u64> {
        let facts = RequestFacts {
            consent_request_id: ids.consent_request_id.clone(),
            client_id: self.client.clone(),
            client_name: "The Shop".to_owned(),
            account: seat.account.clone(),
            sub: format!("subject-of-{}", seat.account.as_str()),
            kind: Kind::SignIn,
            scopes: vec!["openid".to_owned(), "profile".to_owned()],
            acr_values: vec![],
            binding_message: Some("Order 4711, 20 euros".to_owned()),
            transfer: Transfer::None,
            created: now,
            expires: now.plus(120),
            interval: 5,
            terms: Terms::default(),
        };
        let prompt = NewPrompt {
            device: seat.device.clone(),
            jws: text(PROMPT_BYTES),
            nonce: random_bytes(&self.rng),
        };
        let payload = serde_json::to_string(&facts)?.len() + PROMPT_BYTES + 32 + 32;
        let create = CreateBackchannelAuthentication {
            seq: ids.seq,
            tag_hash: ids.tag_hash,
            facts,
            prompts: vec![prompt],
            assertion,
            names: Vec::new(),
            notification: None,
        };
        let outcome = self.store.apply(create).await?;
        ensure!(
            matches!(
                outcome,
                CreateOutcome::Created {
                    admission: Admission::Prompted,
                    ..
                }
            ),
            "nobody is asked: {outcome:?}"
        );
        Ok(payload as u64)
    }

    async fn decide(
        &self,
        seat: &Seat,
        request: &ConsentRequestId,
        counter: u32,
        now: UnixTime,
    ) -> anyhow::Result<u64> {
        let decide = Decide {
            request: request.clone(),
            device: seat.device.clone(),
            credential: seat.approval,
            counter,
            challenge: digest(request.as_str()),
            verdict: Verdict::Approve {
                transfer: None,
                acr: "urn:tegata:acr:software-pin".to_owned(),
                amr: vec!["pop".to_owned(), "pin".to_owned()],
            },
            detail: text(DETAIL_BYTES),
            assertion: text(ASSERTION_BYTES),
            receipt: text(RECEIPT_BYTES),
            report_receipt: None,
            pairing_receipt: None,
            now,
        };
        let outcome = self.store.apply(decide).await?;
        ensure!(
            matches!(outcome, DecideOutcome::Recorded { .. }),
            "an approval was not recorded: {outcome:?}"
        );
        Ok((DETAIL_BYTES + ASSERTION_BYTES + RECEIPT_BYTES + 32) as u64)
    }

    async fn redeem(
        &self,
        auth_req_id: &AuthReqId,
        assertion: Option<ClientAssertion>,
        now: UnixTime,
    ) -> anyhow::Result<u64> {
        let (_, hash) = self
            .store
            .make_access_token(auth_req_id, &self.rng)
            .context("an identifier that is not understood")?;
        let redeem = Redeem {
            auth_req_id: auth_req_id.clone(),
            client: self.client.clone(),
            sender: Sender::default(),
            access_token: NewToken {
                hash,
                expires: now.plus(600),
                details: TokenDetails {
                    issued: Some(now),
                    ..TokenDetails::default()
                },
            },
            refresh_token: None,
            push: false,
            assertion,
            now,
        };
        let outcome = self.store.apply(redeem).await?;
        ensure!(
            matches!(outcome, RedeemOutcome::Redeemed { .. }),
            "an approval was not redeemed"
        );
        Ok(32)
    }
}

fn digest(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

/// Text of this length; what it says does not matter to a store.
fn text(length: usize) -> String {
    "e".repeat(length)
}
