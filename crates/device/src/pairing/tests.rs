use super::*;
use crate::{
    Device, Health, Pin,
    ports::{HttpResponse, SecretStoreError, TransportError},
    secret_store::MemoryStore,
    test_server::{PIN, Paired, TestServer, problem},
};
use std::sync::Arc;
use tegata_protocol::{
    SigningKey, SystemRng,
    device::{
        metadata::sign_metadata,
        pairing::{PairingResponse, Reveal},
        problem::{Problem, ProblemCode},
        typ,
    },
    jws,
};

pub(super) struct Bench {
    pub(super) server: Arc<TestServer>,
    pub(super) secrets: Arc<MemoryStore>,
    folder: tempfile::TempDir,
    pub(super) device: Device,
}

pub(super) fn bench() -> Bench {
    let server = TestServer::start();
    let secrets = Arc::new(MemoryStore::default());
    let folder = tempfile::tempdir().unwrap();
    let device = server.device(folder.path(), Arc::clone(&secrets));
    Bench {
        server,
        secrets,
        folder,
        device,
    }
}

impl Bench {
    async fn pair(&self) -> Result<crate::AccountSummary, PairingFailure> {
        let offered = self
            .device
            .read_invitation(&self.server.link())?
            .check()
            .await?;
        let made = offered
            .accept()
            .make_keys(Pin::choose(PIN).unwrap())
            .await?;
        made.register().await?.confirmed().await
    }

    async fn refusal(&self) -> PairingCause {
        let cause = self.pair().await.unwrap_err().cause;
        self.assert_nothing_is_left();
        cause
    }

    pub(super) fn assert_nothing_is_left(&self) {
        assert!(self.device.accounts().is_empty(), "no account is left");
        assert!(self.secrets.is_empty(), "no secret is left");
        let accounts = self.folder.path().join("accounts");
        assert_eq!(
            std::fs::read_dir(accounts).unwrap().count(),
            0,
            "no folder is left"
        );
    }
}

fn refuse(path: &'static str, code: ProblemCode) -> impl Fn(&TestServer) {
    move |server| {
        server.alter(move |request, answer| {
            Ok(if request.url.ends_with(path) {
                problem(&Problem::new(code))
            } else {
                answer
            })
        });
    }
}

#[tokio::test]
async fn a_pairing_ends_with_a_stored_and_countersigned_account() {
    let paired = Paired::new().await;
    let accounts = paired.device.accounts();
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].account_name, "hanako");
    assert_eq!(accounts[0].health, Health::Ok);
    assert_eq!(accounts[0].root, paired.server.root.thumbprint());
    assert!(paired.server.state.lock().unwrap().countersigned);
    assert!(paired.session_state().countersigned);
}

#[tokio::test]
async fn reading_an_invitation_sends_nothing() {
    let bench = bench();
    let invited = bench.device.read_invitation(&bench.server.link()).unwrap();
    assert_eq!(invited.issuer().host(), "localhost:4455");
    assert!(bench.server.state.lock().unwrap().asked.is_empty());
    let offered = invited.check().await.unwrap();
    assert_eq!(offered.account_name(), "hanako");
    assert!(!offered.is_first_use());
    let made = offered.accept().make_keys(Pin::choose(PIN).unwrap()).await;
    let asked = bench.server.state.lock().unwrap().asked.len();
    assert_eq!(asked, 2, "accepting and making keys send nothing");
    drop(made);
    bench.assert_nothing_is_left();
}

#[tokio::test]
async fn both_sides_compute_the_same_digits() {
    let bench = bench();
    let invited = bench.device.read_invitation(&bench.server.link()).unwrap();
    let accepted = invited.check().await.unwrap().accept();
    let made = accepted.make_keys(Pin::choose(PIN).unwrap()).await.unwrap();
    let registered = made.register().await.unwrap();
    let digits = bench.server.state.lock().unwrap().digits.clone();
    assert_eq!(Some(registered.digits().to_owned()), digits);
    let waiting = registered.poll(0).await.unwrap();
    assert!(matches!(
        waiting,
        Confirmation::Waiting {
            expires_in: 200,
            tries_left: 3,
            ..
        }
    ));
    drop(waiting);
    bench.assert_nothing_is_left();
}

#[tokio::test]
async fn a_typed_code_trusts_the_root_at_first_use_and_says_so() {
    let bench = bench();
    let code = bench.server.code.expose_grouped().to_lowercase();
    let invited = bench.device.read_code("LOCALHOST:4455", &code).unwrap();
    assert!(!invited.pins_root());
    let offered = invited.check().await.unwrap();
    assert!(offered.is_first_use());
    assert_eq!(offered.root(), bench.server.root.thumbprint());
}

#[tokio::test]
async fn each_refusal_of_the_server_has_its_name_and_leaves_nothing() {
    for (path, code, cause) in [
        (
            "redeem",
            ProblemCode::InvitationUnknown,
            PairingCause::InvitationUnknown,
        ),
        (
            "redeem",
            ProblemCode::InvitationUsed,
            PairingCause::InvitationUsed,
        ),
        (
            "redeem",
            ProblemCode::InvitationExpired,
            PairingCause::InvitationExpired,
        ),
        (
            "redeem",
            ProblemCode::VersionUnsupported,
            PairingCause::VersionUnsupported,
        ),
        ("redeem", ProblemCode::Internal, PairingCause::ServerError),
        (
            "pairings",
            ProblemCode::MalformedRequest,
            PairingCause::ServerError,
        ),
        (
            "confirm",
            ProblemCode::ConfirmationFailed,
            PairingCause::ConfirmationFailed,
        ),
    ] {
        let bench = bench();
        refuse(path, code)(&bench.server);
        assert_eq!(bench.refusal().await, cause, "{code:?}");
    }
}

#[tokio::test]
async fn metadata_by_another_root_than_the_invitation_names_is_not_trusted() {
    let bench = bench();
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let metadata = bench.server.metadata();
    bench.server.alter(move |request, answer| {
        if request.url.contains(".well-known") {
            let body = serde_json::to_vec(&sign_metadata(&stranger, &metadata)).unwrap();
            return Ok(HttpResponse { body, ..answer });
        }
        Ok(answer)
    });
    assert_eq!(bench.refusal().await, PairingCause::IssuerUntrusted);
    let asked = bench.server.state.lock().unwrap().asked.clone();
    assert_eq!(
        asked,
        ["/.well-known/tegata-device"],
        "the code was not sent"
    );
}

fn altered_reveal(bench: &Bench, alter: impl Fn(&mut Reveal) + Send + 'static) {
    let server = Arc::clone(&bench.server);
    bench.server.alter(move |request, answer| {
        if !request.url.ends_with("/pairings") {
            return Ok(answer);
        }
        let response: PairingResponse = serde_json::from_slice(&answer.body).unwrap();
        let keys = [*server.key.public()];
        let mut reveal: Reveal = jws::verify(&response.reveal, typ::REVEAL, 65_536, &keys).unwrap();
        alter(&mut reveal);
        let reveal = jws::sign(&server.key, typ::REVEAL, &reveal);
        let body = serde_json::to_vec(&PairingResponse { reveal }).unwrap();
        Ok(HttpResponse { body, ..answer })
    });
}

#[tokio::test]
async fn a_nonce_that_does_not_open_the_commitment_shows_no_digits() {
    let bench = bench();
    altered_reveal(&bench, |reveal| reveal.server_nonce.0[0] ^= 1);
    assert_eq!(bench.refusal().await, PairingCause::IssuerUntrusted);
}

#[tokio::test]
async fn a_reveal_with_other_keys_shows_no_digits() {
    let bench = bench();
    altered_reveal(&bench, |reveal| reveal.approval = reveal.possession);
    assert_eq!(bench.refusal().await, PairingCause::IssuerUntrusted);
}

#[tokio::test]
async fn a_server_out_of_reach_is_offline_and_not_an_unknown_invitation() {
    let bench = bench();
    bench
        .server
        .alter(|_, _| Err(TransportError::Offline("cut".into())));
    assert_eq!(bench.refusal().await, PairingCause::Offline);
}

#[tokio::test]
async fn a_credential_store_that_fails_is_found_out_before_the_code_is_used() {
    for (error, cause) in [
        (SecretStoreError::Locked, PairingCause::KeyringLocked),
        (SecretStoreError::TimedOut, PairingCause::KeyringTimeout),
        (
            SecretStoreError::Unavailable("none".into()),
            PairingCause::KeyringMissing,
        ),
    ] {
        let bench = bench();
        bench.secrets.fail_with(Some(error));
        assert_eq!(bench.pair().await.unwrap_err().cause, cause);
        assert!(bench.server.state.lock().unwrap().asked.is_empty());
    }
}

#[tokio::test]
async fn an_account_that_works_is_not_paired_twice() {
    let paired = Paired::new().await;
    paired.server.state.lock().unwrap().offer = None;
    let invited = paired
        .device
        .read_invitation(&paired.server.link())
        .unwrap();
    let failure = invited.check().await.unwrap_err();
    assert_eq!(failure.cause, PairingCause::AlreadyPaired);
    assert_eq!(failure.remedy(), PairingRemedy::Nothing);
}

#[tokio::test]
async fn an_account_whose_secret_is_lost_makes_way_for_a_new_pairing() {
    let mut paired = Paired::new().await;
    let old = paired.account.clone();
    crate::ports::SecretStore::remove(paired.secrets.as_ref(), &old)
        .await
        .unwrap();
    paired.restart();
    assert_eq!(
        paired.device.accounts().len(),
        1,
        "lost is not the same as not paired"
    );
    paired.server.state.lock().unwrap().offer = None;
    paired.server.state.lock().unwrap().pairing_receipt = None;
    let offered = paired
        .device
        .read_invitation(&paired.server.link())
        .unwrap();
    let accepted = offered.check().await.unwrap().accept();
    let made = accepted.make_keys(Pin::choose(PIN).unwrap()).await.unwrap();
    made.register().await.unwrap().confirmed().await.unwrap();
    let accounts = paired.device.accounts();
    assert_eq!(accounts.len(), 1);
    assert_ne!(accounts[0].id, old);
}

#[tokio::test]
async fn a_countersignature_whose_answer_was_lost_is_sent_again() {
    let bench = bench();
    bench.server.state.lock().unwrap().confirmed = true;
    bench.server.alter(|request, answer| {
        if request.url.ends_with("/confirm")
            && request.body.windows(16).any(|w| w == b"countersignature")
        {
            return Err(TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    let account = bench.pair().await.unwrap();
    assert_eq!(account.health, Health::Ok);
    let live = bench.device.live(&account.id).unwrap();
    let session = bench.device.session(&live).await.unwrap();
    assert!(
        !session.read_state().unwrap().countersigned,
        "the answer was lost"
    );
    bench.server.behave();
    bench.device.refresh(&account.id).await.unwrap();
    assert!(session.read_state().unwrap().countersigned);
}
