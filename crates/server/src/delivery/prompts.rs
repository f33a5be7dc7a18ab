//! Consent prompts: built from the stored facts of a request, signed once for each device, stored, and from then on
//! delivered byte for byte.
//!
//! To describe one more scope: a line in [`describe_scope`] for each language. To add a member to prompts: the protocol's
//! `Prompt` first, then here.

use serde_json::{Map, Value};
use tegata_protocol::{
    Sha256Digest,
    device::{
        V1,
        invitation::Issuer,
        management::SubjectDevice,
        pairing::KeyKind,
        prompt::{
            ClaimedContext, ObservedContext, Prompt, PromptClient, PromptContext, PromptKind,
            PromptScope, RegisteredBy, Require, Transfer, sign_prompt,
        },
    },
    rng::random_bytes,
    text::{self, CodeAlphabet},
};

use super::device_info::{ACR_HARDWARE, ACR_SOFTWARE_PIN, DeviceInfo, Language};
use crate::{
    app::App,
    config::Config,
    domain::{self, Client, Kind, PairedDevice, RequestFacts, Subject, TransferSource},
    storage::{StoreError, ops::NewPrompt},
};

/// Most characters of one text that a client says about where it was asked.
const LONGEST_CLAIM: usize = 140;

/// Signs one prompt per active device of the account in `facts`, to be passed to `CreateBackchannelAuthentication` with
/// the same facts. Empty if the account has no active device or the client is gone. Call it once per request: a second
/// call would sign other nonces.
///
/// # Errors
/// [`StoreError`] if the account's devices cannot be read.
pub async fn make_prompts(app: &App, facts: &RequestFacts) -> Result<Vec<NewPrompt>, StoreError> {
    let devices = app.store.devices_of(&facts.account).await?;
    let asked: Vec<&PairedDevice> = devices.iter().filter(|device| device.is_asked()).collect();
    prompts_for(app, facts, &asked).await
}

/// Signs one prompt for each of `devices`. Empty if the client is gone.
pub(crate) async fn prompts_for(
    app: &App,
    facts: &RequestFacts,
    devices: &[&PairedDevice],
) -> Result<Vec<NewPrompt>, StoreError> {
    let (account, client_id) = (facts.account.clone(), facts.client_id.clone());
    let client = app.store.client(&client_id).await?;
    let asked_before = app
        .store
        .read(move |reader| reader.has_asked(&account, &client_id))
        .await?;
    let (Some(client), Ok(issuer)) = (client, Issuer::parse(app.issuer.as_str())) else {
        return Ok(Vec::new());
    };
    let shown = shown_client(&client, &facts.client_name);
    let prompts = devices.iter().map(|device| {
        let nonce: [u8; 32] = random_bytes(app.rng());
        let mut prompt = build(
            &issuer,
            facts,
            shown.clone(),
            device,
            !asked_before,
            &app.config,
            nonce,
        );
        let language = DeviceInfo::of(device).language();
        prompt.labels = app
            .detail_types
            .labels(&prompt.authorization_details, language);
        NewPrompt {
            device: device.id.clone(),
            jws: sign_prompt(&app.keys.prompt, &prompt),
            nonce,
        }
    });
    Ok(prompts.collect())
}

/// A client as devices are shown it, under the name that it had when it asked.
pub(crate) fn shown_client(client: &Client, name: &str) -> PromptClient {
    PromptClient {
        id: client.id.clone(),
        name: name.to_owned(),
        registered_by: match client.registered_by {
            domain::RegisteredBy::Operator => RegisteredBy::Operator,
            domain::RegisteredBy::SelfRegistered => RegisteredBy::Itself,
        },
        since: client.since,
        // Every way in which a client can authenticate here takes a secret or key of its own.
        confidential: true,
        host: client.host.clone(),
    }
}

/// Signs the prompt of a question of the server's own, which goes to the device that wants it.
pub(crate) fn own_prompt(app: &App, facts: &RequestFacts, device: &PairedDevice) -> NewPrompt {
    let nonce: [u8; 32] = random_bytes(app.rng());
    let server = PromptClient {
        id: facts.client_id.clone(),
        name: facts.client_name.clone(),
        registered_by: RegisteredBy::Operator,
        // Since when this device has known this server.
        since: device.paired_at,
        confidential: true,
        host: None,
    };
    let mut prompt = build(
        app.issuer.wire(),
        facts,
        server,
        device,
        false,
        &app.config,
        nonce,
    );
    prompt.access_token_lifetime = 0;
    prompt.device = facts.terms.subject.as_ref().map(subject);
    NewPrompt {
        device: device.id.clone(),
        jws: sign_prompt(&app.keys.prompt, &prompt),
        nonce,
    }
}

/// The wire form of what a question is about.
fn subject(subject: &Subject) -> SubjectDevice {
    match subject {
        Subject::AddDevice { moving } => SubjectDevice {
            moving: *moving,
            ..SubjectDevice::default()
        },
        Subject::RemoveDevice {
            device,
            name,
            platform,
            paired_at,
            lost,
        } => SubjectDevice {
            id: Some(device.clone()),
            name: Some(name.clone()),
            platform: Some(platform.clone()),
            paired_at: Some(*paired_at),
            lost: *lost,
            ..SubjectDevice::default()
        },
        Subject::GradeDevice {
            device,
            name,
            platform,
            paired_at,
        } => SubjectDevice {
            id: Some(device.clone()),
            name: Some(name.clone()),
            platform: Some(platform.clone()),
            paired_at: Some(*paired_at),
            ..SubjectDevice::default()
        },
        Subject::ReplaceKey(new) => SubjectDevice {
            old_key: Some(new.old.to_string()),
            new_key: Some(new.new.to_string()),
            ..SubjectDevice::default()
        },
    }
}

/// Scopes with words in the device's language.
pub(crate) fn describe_scopes(
    config: &Config,
    scopes: &[String],
    language: Language,
) -> Vec<PromptScope> {
    let scope = |name: &String| PromptScope {
        name: name.clone(),
        description: configured_scope(config, name, language)
            .or(describe_scope(name, language))
            .unwrap_or(name)
            .to_owned(),
    };
    scopes.iter().map(scope).collect()
}

fn build(
    issuer: &Issuer,
    facts: &RequestFacts,
    client: PromptClient,
    device: &PairedDevice,
    first_request: bool,
    config: &Config,
    nonce: [u8; 32],
) -> Prompt {
    let language = DeviceInfo::of(device).language();
    Prompt {
        v: V1,
        iss: issuer.clone(),
        aud: device.id.clone(),
        sub: facts.account.clone(),
        jti: facts.consent_request_id.clone(),
        iat: facts.created,
        exp: facts.expires,
        nonce: Sha256Digest(nonce),
        kind: match facts.kind {
            Kind::SignIn => PromptKind::SignIn,
            Kind::Grant => PromptKind::Grant,
            Kind::Test => PromptKind::Test,
            Kind::DeviceAdd => PromptKind::DeviceAdd,
            Kind::DeviceRemove => PromptKind::DeviceRemove,
            Kind::DeviceGrade => PromptKind::DeviceGrade,
            Kind::DeviceKey => PromptKind::DeviceKey,
        },
        locale: language.tag().to_owned(),
        provider: None,
        client,
        device: None,
        actor: Vec::new(),
        scopes: describe_scopes(config, &facts.scopes, language),
        authorization_details: facts.terms.authorization_details.clone(),
        labels: Vec::new(),
        resource: facts.terms.resource.clone(),
        refresh: facts.terms.refresh_until,
        claims: Vec::new(),
        acr: facts
            .acr_values
            .iter()
            .find(|acr| is_known_acr(acr))
            .cloned(),
        access_token_lifetime: config.lifetimes.access_token,
        context: PromptContext {
            observed: ObservedContext {
                time: facts.created,
                first_request,
            },
            claimed: claimed(facts.terms.request_context.as_ref()),
        },
        binding_message: facts.binding_message.clone(),
        transfer: match &facts.transfer {
            domain::Transfer::None => Transfer::None,
            domain::Transfer::Code { source, length, .. } => Transfer::Code {
                alphabet: alphabet_of(*source),
                length: *length,
            },
        },
        require: Require {
            key: required_key(facts),
        },
        crit: Vec::new(),
        unknown: std::collections::BTreeMap::new(),
    }
}

/// What the client says about where it was asked (`request_context`, FAPI-CIBA section 5.3, which leaves its members open):
/// `place`, `device` and `address`, each if it is a text that a device can show whole and unaltered. The rest is kept with the
/// request and shown to nobody.
fn claimed(context: Option<&Map<String, Value>>) -> ClaimedContext {
    let words = |name: &str| {
        let text = context?.get(name)?.as_str()?;
        let is_showable = !text.trim().is_empty()
            && text.chars().count() <= LONGEST_CLAIM
            && text::inspect(text).defects.is_empty();
        is_showable.then(|| text.to_owned())
    };
    ClaimedContext {
        place: words("place"),
        device: words("device"),
        address: words("address"),
    }
}

/// The alphabet of a transfer code, by where the code came from.
pub fn alphabet_of(source: TransferSource) -> CodeAlphabet {
    match source {
        TransferSource::Minted => CodeAlphabet::Digits,
        TransferSource::BindingMessage => CodeAlphabet::Crockford,
    }
}

/// The lowest kind of approval key that may approve: hardware if the client would have nothing else.
pub fn required_key(facts: &RequestFacts) -> KeyKind {
    let only_hardware =
        !facts.acr_values.is_empty() && facts.acr_values.iter().all(|acr| acr == ACR_HARDWARE);
    if only_hardware {
        KeyKind::Hardware
    } else {
        KeyKind::SoftwarePin
    }
}

fn is_known_acr(acr: &str) -> bool {
    matches!(acr, ACR_HARDWARE | ACR_SOFTWARE_PIN)
}

fn configured_scope<'a>(config: &'a Config, scope: &str, language: Language) -> Option<&'a str> {
    let texts = config.scopes.get(scope)?;
    Some(match language {
        Language::English => &texts.en,
        Language::Japanese => &texts.ja,
    })
}

/// What a standard scope gives, in plain words; `None` for one that the server has no words for, which is then shown by name.
pub fn describe_scope(scope: &str, language: Language) -> Option<&'static str> {
    let (english, japanese) = match scope {
        "openid" => ("Know who you are here", "あなたが誰であるかを確認する"),
        "profile" => (
            "See your name and profile",
            "あなたの名前とプロフィールを見る",
        ),
        "email" => ("See your email address", "あなたのメールアドレスを見る"),
        "phone" => ("See your phone number", "あなたの電話番号を見る"),
        "address" => ("See your postal address", "あなたの住所を見る"),
        "offline_access" => (
            "Keep this access while you are away",
            "あなたの不在時にもアクセスを続ける",
        ),
        _ => return None,
    };
    Some(match language {
        Language::English => english,
        Language::Japanese => japanese,
    })
}
