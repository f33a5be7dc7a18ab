//! A store in a scratch folder, and values to put into it.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use tegata_protocol::{Secret, SigningKey, SystemRng};

/// What the suite needs of a store: how it is opened in a folder, new or with what was stored there before.
pub(super) trait StoreUnderTest: Store + Sized {
    fn open_in(folder: &Path) -> Self;
}

impl StoreUnderTest for SqliteStore {
    fn open_in(folder: &Path) -> Self {
        Self::open(&folder.join("tegata.sqlite"), options()).unwrap()
    }
}

/// A scratch folder with a store, and values to put into it.
pub(super) struct Bench {
    pub(super) folder: tempfile::TempDir,
    pub(super) store: StoreHandle,
    pub(super) rng: SystemRng,
    pub(super) made: AtomicU32,
}

pub(super) const NOW: UnixTime = UnixTime(1_000_000);

pub(super) fn options() -> StoreOptions {
    StoreOptions::new(Locator::new(&[7; 32]))
}

pub(super) fn later(seconds: i64) -> UnixTime {
    NOW.plus(seconds)
}

pub(super) fn digest(text: &str) -> Sha256Digest {
    Sha256Digest::of(text.as_bytes())
}

/// A client assertion that lives a minute.
pub(super) fn assertion(jti: &str) -> ClientAssertion {
    ClientAssertion {
        jti: jti.to_owned(),
        expires: later(60),
    }
}

pub(super) fn client_id(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

fn start<S: StoreUnderTest>(folder: &Path) -> StoreHandle {
    StoreHandle::start(S::open_in(folder), &options()).unwrap()
}

impl Bench {
    /// With an account `alice`, a test account `tess`, and clients `shop` and `bank`.
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = start::<Opened>(folder.path());
        let bench = Self {
            folder,
            store,
            rng: SystemRng::new(),
            made: AtomicU32::new(0),
        };
        for (name, test) in [("alice", false), ("tess", true)] {
            let outcome = bench
                .store
                .apply(CreateAccount(Bench::account(name, test)))
                .await
                .unwrap();
            assert_eq!(outcome, CreateAccountOutcome::Created);
        }
        for name in ["shop", "bank"] {
            assert_eq!(
                bench.store.apply(CreateClient(client(name))).await.unwrap(),
                CreateClientOutcome::Created
            );
        }
        bench
    }

    /// Closes the store as a stopped process would and opens it again.
    pub(super) fn reopen(self) -> Self {
        let Self {
            folder,
            store,
            rng,
            made,
        } = self;
        drop(store);
        Self {
            store: start::<Opened>(folder.path()),
            folder,
            rng,
            made,
        }
    }

    pub(super) fn account(name: &str, test: bool) -> Account {
        Account {
            id: AccountId::parse(&format!("id-{name}")).unwrap(),
            sub: format!("sub-{name}"),
            login_name: name.to_owned(),
            display_name: name.to_uppercase(),
            test,
            created: NOW,
            user_code: None,
        }
    }

    pub(super) fn registration(&self) -> Registration {
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
    pub(super) async fn invite(&self, name: &str, code: &str) -> IssuingSessionId {
        let session = IssuingSessionId::make(&self.rng);
        let created = CreateIssuingSession {
            id: session.clone(),
            account: AccountId::parse(&format!("id-{name}")).unwrap(),
            grade: Grade::Administrator,
            secret_hash: digest("secret"),
            page_secret_hash: None,
            expires: later(300),
        };
        assert_eq!(
            self.store.apply(created).await.unwrap(),
            CreateIssuingSessionOutcome::Created
        );
        let invitation = CreateInvitation {
            code_mac: digest(code),
            session: session.clone(),
            expires: later(300),
            now: NOW,
        };
        assert_eq!(
            self.store.apply(invitation).await.unwrap(),
            CreateInvitationOutcome::Created
        );
        session
    }

    pub(super) fn redeem_invitation(&self, code: &str, now: UnixTime) -> RedeemInvitation {
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

    pub(super) fn submit(&self, pairing: &PairingId, now: UnixTime) -> SubmitRegistration {
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

    pub(super) fn confirm(session: &IssuingSessionId, code: &str, now: UnixTime) -> ConfirmPairing {
        ConfirmPairing {
            session: session.clone(),
            code: Secret::new(code.to_owned()),
            now,
        }
    }

    /// A paired, active device of `name`.
    pub(super) async fn pair(&self, name: &str) -> PairedDevice {
        let code = format!("code {}", self.made.fetch_add(1, Ordering::Relaxed));
        let session = self.invite(name, &code).await;
        let redeem = self.redeem_invitation(&code, NOW);
        let pairing = redeem.pairing.clone();
        assert_eq!(
            self.store.apply(redeem).await.unwrap(),
            RedeemInvitationOutcome::Redeemed
        );
        let submit = self.submit(&pairing, NOW);
        let device = submit.device.clone();
        assert_eq!(
            self.store.apply(submit).await.unwrap(),
            SubmitRegistrationOutcome::Submitted
        );
        let outcome = self
            .store
            .apply(Self::confirm(&session, "123456", NOW))
            .await
            .unwrap();
        assert!(
            matches!(outcome, ConfirmPairingOutcome::Confirmed { .. }),
            "{outcome:?}"
        );
        self.device(&device).await
    }

    pub(super) async fn device(&self, id: &DeviceId) -> PairedDevice {
        let id = id.clone();
        self.store
            .read(move |r| r.device(&id))
            .await
            .unwrap()
            .unwrap()
    }

    pub(super) fn request(
        &self,
        name: &str,
        client: &str,
        devices: &[&PairedDevice],
        now: UnixTime,
    ) -> (CreateBackchannelAuthentication, FlowIds) {
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
            terms: Terms::default(),
        };
        let prompts = devices
            .iter()
            .map(|device| NewPrompt {
                device: device.id.clone(),
                jws: format!("prompt of {} for {}", ids.consent_request_id, device.id),
                nonce: [3; 32],
            })
            .collect();
        (
            CreateBackchannelAuthentication {
                seq: ids.seq,
                tag_hash: ids.tag_hash,
                facts,
                prompts,
                assertion: None,
                names: Vec::new(),
                notification: None,
            },
            ids,
        )
    }

    /// A pending request; asserts that it went out.
    pub(super) async fn ask(
        &self,
        name: &str,
        client: &str,
        devices: &[&PairedDevice],
        now: UnixTime,
    ) -> FlowIds {
        let (create, ids) = self.request(name, client, devices, now);
        let outcome = self.store.apply(create).await.unwrap();
        let expected: Vec<_> = devices.iter().map(|device| device.id.clone()).collect();
        assert_eq!(
            outcome,
            CreateOutcome::Created {
                admission: Admission::Prompted,
                devices: expected
            }
        );
        ids
    }

    pub(super) fn redeem(&self, ids: &FlowIds, now: UnixTime) -> Redeem {
        let (_, hash) = self
            .store
            .make_access_token(&ids.auth_req_id, &self.rng)
            .unwrap();
        Redeem {
            auth_req_id: ids.auth_req_id.clone(),
            client: client_id("shop"),
            sender: Sender::default(),
            access_token: new_token(hash, now.plus(600)),
            refresh_token: None,
            push: false,
            assertion: None,
            now,
        }
    }
}

pub(super) fn new_token(hash: Sha256Digest, expires: UnixTime) -> NewToken {
    NewToken {
        hash,
        expires,
        details: TokenDetails::default(),
    }
}

pub(super) fn client(name: &str) -> Client {
    Client {
        id: client_id(name),
        name: name.to_uppercase(),
        authentication: ClientAuthentication::ClientSecretBasic {
            secret_hash: digest("s"),
        },
        registered_by: RegisteredBy::Operator,
        since: NOW,
        host: None,
        binding_message: BindingMessageUse::Show,
        transfer_code: false,
        settings: ClientSettings::default(),
    }
}

pub(super) fn approve(ids: &FlowIds, device: &PairedDevice, counter: u32, now: UnixTime) -> Decide {
    Decide {
        request: ids.consent_request_id.clone(),
        device: device.id.clone(),
        credential: device.registration.approval_thumbprint,
        counter,
        challenge: digest(&format!("approve {} {}", ids.consent_request_id, device.id)),
        verdict: Verdict::Approve {
            transfer: None,
            acr: "acr".to_owned(),
            amr: vec!["pin".to_owned()],
        },
        detail: "{}".to_owned(),
        assertion: "{}".to_owned(),
        receipt: format!("receipt of {} by {}", ids.consent_request_id, device.id),
        report_receipt: None,
        pairing_receipt: None,
        now,
    }
}

pub(super) fn deny(
    ids: &FlowIds,
    device: &PairedDevice,
    reason: DenialReason,
    counter: u32,
    now: UnixTime,
) -> Decide {
    Decide {
        credential: device.registration.possession_thumbprint,
        challenge: digest(&format!(
            "deny {reason:?} {} {}",
            ids.consent_request_id, device.id
        )),
        verdict: Verdict::Deny { reason },
        report_receipt: (reason == DenialReason::NotMe)
            .then(|| format!("report of {} by {}", ids.consent_request_id, device.id)),
        ..approve(ids, device, counter, now)
    }
}

pub(super) fn name_of(outcome: &RedeemOutcome) -> &'static str {
    match outcome {
        RedeemOutcome::Redeemed { .. } => "redeemed",
        RedeemOutcome::Refused(RedemptionError::InvalidGrant) => "invalid_grant",
        RedeemOutcome::Refused(RedemptionError::AuthorizationPending) => "authorization_pending",
        RedeemOutcome::Refused(RedemptionError::AccessDenied) => "access_denied",
        RedeemOutcome::Refused(RedemptionError::ExpiredToken) => "expired_token",
        RedeemOutcome::AssertionReplayed => "invalid_client",
    }
}

pub(super) async fn redeem(bench: &Bench, ids: &FlowIds, now: UnixTime) -> &'static str {
    name_of(&bench.store.apply(bench.redeem(ids, now)).await.unwrap())
}

pub(super) async fn pending(bench: &Bench, device: &PairedDevice, now: UnixTime) -> PendingSet {
    let id = device.id.clone();
    bench
        .store
        .read(move |r| r.pending(&id, now))
        .await
        .unwrap()
        .unwrap_or_default()
}
