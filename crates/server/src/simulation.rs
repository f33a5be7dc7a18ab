//! Simulated devices: what stands in for a person's device where a test suite decides.
//!
//! There is one for each test account, without pairing: its row is made when it is asked for the first time. It is a
//! device of a kind of its own, [`Grade::Simulated`], with keys of its own in the server's key file. Its registrations,
//! prompts, decisions and evidence are made and checked as any device's are. What it leaves behind says that nobody was
//! asked: receipts are of other types and by a key that signs no real one, `acr` is [`ACR_SIMULATED`] and `amr` is empty,
//! so that nothing that a real authentication would say is said.
//!
//! What this does **not** do: decide who may use one. The automation hook asks, and the store checks again in the commits
//! of the question and of the decision that client and account were both made for tests.

use tegata_protocol::{
    AccountId, DeviceId, Sha256Digest, SigningKey, Thumbprint,
    device::{
        V1,
        decision::{Decision, DecisionDetail, DecisionRequest},
        pairing::{KeyKind, derive_registration_challenge},
        receipt::{
            ClientReceipt, ConsentReceipt, sign_client_receipt, sign_receipt,
            sign_test_client_receipt, sign_test_receipt,
        },
    },
    jws,
    rng::random_bytes,
    webauthn::{
        CredentialRole, ExpectedAssertion, ExpectedRegistration, make_assertion, make_registration,
    },
};

use crate::{
    app::App,
    delivery::device_info::DeviceInfo,
    domain::{DeviceState, Grade, PairedDevice, Registration},
    http::device::metadata::{issuer, relying_party},
    keys::Keys,
    storage::ConsentRequest,
    verification::{RegistrationError, RegistrationInput, verify_registrations},
};

/// `acr` of a simulated approval. No device reaches it.
pub const ACR_SIMULATED: &str = "urn:tegata:acr:simulated";

/// What takes the place of an offer in the registrations: nothing was offered.
const OFFER: &str = "tegata simulated pairing";

/// Platform and application as the device tells them.
const PLATFORM: &str = "simulated";
pub(crate) const APP: &str = concat!("tegata-server/", env!("CARGO_PKG_VERSION"));

/// The id of the simulated device of `account`: the same at all times, and longer than those that are drawn.
///
/// # Panics
/// Never: base64url is made of unreserved characters.
pub(crate) fn device_id(account: &AccountId) -> DeviceId {
    let digest = Sha256Digest::of(format!("tegata simulated device {account}").as_bytes());
    DeviceId::parse(&digest.to_string()).expect("base64url is made of unreserved characters")
}

/// The simulated device of `account` as it is before it was ever asked. Takes milliseconds of processor time.
///
/// # Errors
/// [`RegistrationError`] if its own keys cannot be registered.
pub(crate) fn make_device(
    app: &App,
    account: &AccountId,
) -> Result<PairedDevice, RegistrationError> {
    Ok(PairedDevice {
        id: device_id(account),
        account: account.clone(),
        registration: register(app)?,
        grade: Grade::Simulated,
        state: DeviceState::Active,
        suspect: false,
        paired_at: app.now(),
        waits_since: None,
        last_seen: None,
        possession_counter: 0,
        approval_counter: 0,
        pairing_receipt: String::new(),
        countersignature: None,
    })
}

/// The two registrations, verified as those of a pairing are.
fn register(app: &App) -> Result<Registration, RegistrationError> {
    let (rp_id, origin) = relying_party(&issuer(app));
    let device_nonce = Sha256Digest(random_bytes(app.rng()));
    let make = |key: &SigningKey, role, registered: &[Thumbprint]| {
        let expected = ExpectedRegistration {
            challenge: derive_registration_challenge(OFFER, device_nonce, role, registered),
            rp_id: &rp_id,
            origin: &origin,
            role,
        };
        make_registration(key, &expected)
    };
    let approval = make(&app.keys.simulated_approval, CredentialRole::Approval, &[]);
    let registered = [approval.id];
    let possession = make(
        &app.keys.simulated_possession,
        CredentialRole::Possession,
        &registered,
    );
    let verified = verify_registrations(&RegistrationInput {
        offer: OFFER,
        device_nonce,
        rp_id: &rp_id,
        origin: &origin,
        approval: &approval,
        possession: &possession,
    })?;
    let info = DeviceInfo {
        platform: PLATFORM.to_owned(),
        app: APP.to_owned(),
        locale: "en".to_owned(),
        key: KeyKind::SoftwarePin,
    };
    Ok(Registration {
        device_name: "Simulated device".to_owned(),
        device_info: info.to_json(),
        possession_thumbprint: verified.possession.thumbprint,
        possession_key: verified.possession.key,
        possession_credential: verified.possession.credential,
        approval_thumbprint: verified.approval.thumbprint,
        approval_key: verified.approval.key,
        approval_credential: verified.approval.credential,
    })
}

/// Signs a decision about `asked` with the next counter of `device`, which must be as the store has it now.
pub(crate) fn sign_decision(
    app: &App,
    device: &PairedDevice,
    asked: &ConsentRequest,
    decision: Decision,
) -> DecisionRequest {
    let role = decision.verdict().role();
    let (key, counter) = match role {
        CredentialRole::Approval => (&app.keys.simulated_approval, device.approval_counter),
        CredentialRole::Possession => (&app.keys.simulated_possession, device.possession_counter),
    };
    let iss = issuer(app);
    let (rp_id, origin) = relying_party(&iss);
    let detail = DecisionDetail {
        iss,
        device: device.id.clone(),
        request: asked.flow.facts.consent_request_id.clone(),
        prompt: jws::hash(&asked.prompt),
        nonce: Sha256Digest(asked.nonce),
        credential: key.thumbprint(),
        decision,
    };
    let expected = ExpectedAssertion {
        challenge: detail.challenge(),
        rp_id: &rp_id,
        origin: &origin,
        role,
    };
    let assertion = make_assertion(key, &expected, counter.saturating_add(1));
    DecisionRequest {
        v: V1,
        detail,
        assertion,
    }
}

/// The consent receipt of a decision by `device`.
pub(crate) fn sign_consent_receipt(
    keys: &Keys,
    device: &PairedDevice,
    receipt: &ConsentReceipt,
) -> String {
    if device.is_simulated() {
        sign_test_receipt(&keys.test_receipt, receipt)
    } else {
        sign_receipt(&keys.receipt, receipt)
    }
}

/// The client receipt of an approval, whose `acr` says whether it was simulated.
pub(crate) fn sign_receipt_for_client(keys: &Keys, receipt: &ClientReceipt) -> String {
    if receipt.acr == ACR_SIMULATED {
        sign_test_client_receipt(&keys.test_receipt, receipt)
    } else {
        sign_client_receipt(&keys.receipt, receipt)
    }
}
