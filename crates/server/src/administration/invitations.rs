//! Inviting a device and confirming it from an administrator's session (device protocol, sections 4.1 and 4.5).

use tegata_protocol::{
    Secret, Sha256Digest,
    bytes::{constant_time_eq, encode_b64u},
    device::invitation::{InvitationCode, format_link},
    rng::random_bytes,
};

use super::{
    AdministrationError, Desk, Result,
    views::{Confirmation, InvitationForm, InvitationView, NewInvitation, PairingProgress},
};
use crate::{
    app::App,
    domain::{Grade, IssuingSession, IssuingSessionId, PairingState},
    storage::ops::{
        CreateInvitation, CreateInvitationOutcome, CreateIssuingSession,
        CreateIssuingSessionOutcome,
    },
};

/// Starts an issuing session for a person, with an invitation or with a one-time page.
///
/// # Errors
/// [`AdministrationError::Unknown`] if there is no such person.
pub async fn invite(app: &App, new: &NewInvitation) -> Result<InvitationView> {
    let desk = Desk {
        store: &app.store,
        rng: app.rng(),
        now: app.now(),
    };
    let account = desk.user(&new.user).await?;
    let id = IssuingSessionId::make(app.rng());
    let secret = || Secret::new(encode_b64u(&random_bytes::<32>(app.rng())));
    let (session_secret, page_secret) = (secret(), new.page.then(secret));
    let lifetime = i64::from(app.config.lifetimes.invitation);
    let expires = app.now().plus(lifetime);
    let create = CreateIssuingSession {
        id: id.clone(),
        account: account.id,
        grade: Grade::Administrator,
        secret_hash: hash(&session_secret),
        page_secret_hash: page_secret.as_ref().map(hash),
        expires,
    };
    match app.store.apply(create).await? {
        CreateIssuingSessionOutcome::Created => {}
        CreateIssuingSessionOutcome::NoAccount => {
            return Err(AdministrationError::Unknown(format!("user {:?}", new.user)));
        }
    }
    let form = if let Some(page_secret) = page_secret {
        // EXPOSE: the page's address is handed to the operator, who gives it to the person.
        InvitationForm::Page {
            url: app
                .issuer
                .endpoint(&format!("/pair/session/{id}/{}", page_secret.expose())),
        }
    } else {
        let code = InvitationCode::make(app.rng());
        let invitation = CreateInvitation {
            code_mac: app.keys.invitation_mac(code.expose_canonical()),
            session: id.clone(),
            expires,
            now: app.now(),
        };
        match app.store.apply(invitation).await? {
            CreateInvitationOutcome::Created => {}
            CreateInvitationOutcome::NoSession | CreateInvitationOutcome::Taken => {
                return Err(AdministrationError::Taken("the invitation".to_owned()));
            }
        }
        InvitationForm::Code {
            code: code.expose_grouped(),
            link: format_link(app.issuer.wire(), &code, &app.keys.root.thumbprint()),
            // EXPOSE: handed to the one session that may confirm.
            secret: session_secret.expose().clone(),
        }
    };
    Ok(InvitationView {
        session: id.to_string(),
        display_name: account.display_name,
        expires_in: lifetime,
        issuer: app.issuer.as_str().to_owned(),
        host: app.issuer.authority().to_owned(),
        root: app.keys.root.thumbprint().to_string(),
        form,
    })
}

/// How far the pairing of a session is.
///
/// # Errors
/// [`AdministrationError::Unknown`] if there is no such session.
pub async fn progress(app: &App, session: &str) -> Result<PairingProgress> {
    let session = find(app, session).await?;
    let Some(pairing) = session.pairing else {
        let over = app.now() >= session.expires;
        return Ok(if over {
            PairingProgress::Expired
        } else {
            PairingProgress::Waiting
        });
    };
    let found = app
        .store
        .read(move |reader| {
            let pairing = reader.pairing(&pairing)?;
            let device = match pairing.as_ref().map(|pairing| &pairing.state) {
                Some(PairingState::Confirmed { device }) => reader.device(device)?,
                _ => None,
            };
            Ok(pairing.map(|pairing| (pairing, device)))
        })
        .await?;
    let Some((pairing, device)) = found else {
        return Ok(PairingProgress::Expired);
    };
    let over = app.now() >= pairing.expires;
    Ok(match pairing.state {
        PairingState::Failed { .. } => PairingProgress::Failed,
        PairingState::Confirmed { device: id } => PairingProgress::Confirmed {
            device_id: id.to_string(),
            device_name: device
                .map(|device| device.registration.device_name)
                .unwrap_or_default(),
        },
        PairingState::Offered | PairingState::Submitted { .. } if over => PairingProgress::Expired,
        PairingState::Offered => PairingProgress::Redeemed,
        PairingState::Submitted { tries, .. } => PairingProgress::Ready { tries },
    })
}

/// Checks that whoever confirms holds the session's secret; the session's id.
///
/// # Errors
/// [`AdministrationError::Unknown`] if there is no such session or the secret is another.
pub async fn authenticate(
    app: &App,
    session: &str,
    confirmation: &Confirmation,
) -> Result<IssuingSessionId> {
    let found = find(app, session).await?;
    let presented = Sha256Digest::of(confirmation.secret.as_bytes());
    if constant_time_eq(&found.secret_hash.0, &presented.0) {
        Ok(found.id)
    } else {
        Err(unknown_session())
    }
}

async fn find(app: &App, session: &str) -> Result<IssuingSession> {
    let id = IssuingSessionId::parse(session).ok_or_else(unknown_session)?;
    let found = app
        .store
        .read(move |reader| reader.issuing_session(&id))
        .await?;
    found.ok_or_else(unknown_session)
}

fn unknown_session() -> AdministrationError {
    AdministrationError::Unknown("such issuing session".to_owned())
}

fn hash(secret: &Secret<String>) -> Sha256Digest {
    // EXPOSE: only its hash is stored.
    Sha256Digest::of(secret.expose().as_bytes())
}
