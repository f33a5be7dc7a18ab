//! Somebody on the line, or a server that lies: what the device does about it. The server's side of the attacks that
//! `docs/protocol.md` lists is tested beside the gateway.

use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};
use tegata_device::{
    BlockReason, Health, RequestState,
    error::DecideError,
    pairing::PairingCause,
    ports::{HttpResponse, SecretStoreError},
};
use tegata_protocol::{
    PublicKey, SigningKey, SystemRng,
    bytes::{decode_b64u, encode_b64u},
    device::{decision::DenyReason, metadata::Metadata, problem::CloseReason, typ},
    jws,
};
use tegata_tests::in_process::{TestDevice, World};

/// Rewrites the body of answers to POSTs that end in `path`.
fn rewrite(
    device: &TestDevice,
    path: &'static str,
    change: impl Fn(&mut Value) + Send + Sync + 'static,
) {
    device.wire.alter(move |request, mut answer| {
        if request.url.ends_with(path) && answer.status == 200 {
            let mut body: Value = serde_json::from_slice(&answer.body).expect("JSON");
            change(&mut body);
            answer.body = body.to_string().into_bytes();
        }
        Ok(answer)
    });
}

fn prompt_of(body: &Value) -> String {
    body["prompts"][0]["prompt"]
        .as_str()
        .expect("a prompt")
        .to_owned()
}

fn payload_of(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).expect("a payload");
    serde_json::from_slice(&decode_b64u(payload).unwrap()).unwrap()
}

/// Gives `change` the prompt that the server sent and puts what it makes of it in its place; answers what was blocked.
async fn blocked_after(
    world: &World,
    device: &TestDevice,
    change: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Vec<BlockReason> {
    world.ask(&[]).await.unwrap();
    rewrite(device, "/pending", move |body| {
        body["prompts"][0]["prompt"] = json!(change(&prompt_of(body)));
    });
    device.refresh().await.unwrap();
    let inbox = device.device.inbox();
    assert!(
        inbox.requests.iter().all(|r| !r.state.is_open()),
        "nothing is asked: {:?}",
        inbox.requests
    );
    inbox.blocked.iter().map(|blocked| blocked.reason).collect()
}

#[tokio::test]
async fn an_altered_prompt_is_a_security_event_and_never_a_question() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let reasons = blocked_after(&world, &device, |prompt| {
        let mut payload = payload_of(prompt);
        payload["client"]["name"] = json!("Your Bank");
        let parts: Vec<&str> = prompt.split('.').collect();
        format!(
            "{}.{}.{}",
            parts[0],
            encode_b64u(payload.to_string().as_bytes()),
            parts[2]
        )
    })
    .await;
    assert_eq!(reasons, [BlockReason::BadSignature]);
}

#[tokio::test]
async fn a_prompt_by_a_key_that_the_root_does_not_vouch_for_is_blocked() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let (stranger, _) = SigningKey::make(&SystemRng::new());
    let reasons = blocked_after(&world, &device, move |prompt| {
        jws::sign(&stranger, typ::PROMPT, &payload_of(prompt))
    })
    .await;
    assert_eq!(reasons, [BlockReason::BadSignature]);
}

#[tokio::test]
async fn a_prompt_by_another_of_the_servers_own_keys_is_blocked() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let app = Arc::clone(&world.app);
    let reasons = blocked_after(&world, &device, move |prompt| {
        jws::sign(&app.keys.receipt, typ::PROMPT, &payload_of(prompt))
    })
    .await;
    assert_eq!(reasons, [BlockReason::BadSignature]);
}

#[tokio::test]
async fn a_prompt_for_another_device_account_or_server_is_blocked() {
    for (member, value) in [
        ("aud", json!("another-device")),
        ("sub", json!("another-account")),
        ("iss", json!("https://id.example")),
    ] {
        let world = World::start().await.unwrap();
        let device = world.paired_device("hanako").await.unwrap();
        let app = Arc::clone(&world.app);
        let reasons = blocked_after(&world, &device, move |prompt| {
            let mut payload = payload_of(prompt);
            payload[member] = value.clone();
            jws::sign(&app.keys.prompt, typ::PROMPT, &payload)
        })
        .await;
        assert_eq!(reasons, [BlockReason::NotForThisDevice], "{member}");
    }
}

#[tokio::test]
async fn a_signed_prompt_with_a_name_twice_is_blocked_before_it_is_read() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let app = Arc::clone(&world.app);
    let reasons = blocked_after(&world, &device, move |prompt| {
        let text = payload_of(prompt).to_string();
        let doubled = text.replacen('{', r#"{"kind":"test","#, 1);
        let header = prompt.split('.').next().unwrap();
        let signed = format!("{header}.{}", encode_b64u(doubled.as_bytes()));
        format!(
            "{signed}.{}",
            encode_b64u(&app.keys.prompt.sign_fixed(signed.as_bytes()))
        )
    })
    .await;
    assert_eq!(reasons, [BlockReason::Malformed]);
}

#[tokio::test]
async fn a_prompt_signed_anew_with_other_content_cannot_take_the_place_of_the_one_that_was_shown() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let before = device.device.request(&key).unwrap();
    let app = Arc::clone(&world.app);
    rewrite(&device, "/pending", move |body| {
        let mut payload = payload_of(&prompt_of(body));
        payload["client"]["name"] = json!("Your Bank");
        body["prompts"][0]["prompt"] = json!(jws::sign(&app.keys.prompt, typ::PROMPT, &payload));
    });
    device.refresh().await.unwrap();
    let inbox = device.device.inbox();
    assert_eq!(
        inbox.blocked.iter().map(|b| b.reason).collect::<Vec<_>>(),
        [BlockReason::Replayed]
    );
    let after = device.device.request(&key).unwrap();
    assert_eq!(after.prompt, before.prompt, "what was shown stays");
}

#[tokio::test]
async fn a_new_request_never_moves_the_one_under_the_finger() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    world.ask(&[]).await.unwrap();
    let first = device.only_request().await.unwrap();
    world.ask(&[]).await.unwrap();
    rewrite(&device, "/pending", |body| {
        body["prompts"].as_array_mut().unwrap().reverse();
    });
    device.refresh().await.unwrap();
    let requests = device.device.inbox().requests;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].key, first, "the older one stays where it was");
}

#[tokio::test]
async fn members_that_this_version_does_not_know_can_only_be_denied() {
    for (member, value) in [
        ("kind", json!("device_add")),
        ("payee", json!("x")),
        ("crit", json!(["escrow"])),
    ] {
        let world = World::start().await.unwrap();
        let device = world.paired_device("hanako").await.unwrap();
        let asked = world.ask(&[]).await.unwrap();
        let app = Arc::clone(&world.app);
        rewrite(&device, "/pending", move |body| {
            if body["prompts"][0].is_null() {
                return;
            }
            let mut payload = payload_of(&prompt_of(body));
            payload[member] = value.clone();
            body["prompts"][0]["prompt"] =
                json!(jws::sign(&app.keys.prompt, typ::PROMPT, &payload));
        });
        let key = device.only_request().await.unwrap();
        let code = asked.transfer_code.unwrap();
        let approved = device
            .device
            .approve(&key, Some(&code), &TestDevice::person())
            .await;
        assert!(
            matches!(approved, Err(DecideError::DenyOnly(_))),
            "{member}: {approved:?}"
        );
    }
}

#[tokio::test]
async fn metadata_by_another_root_or_an_older_number_is_not_used() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let (other_root, _) = SigningKey::make(&SystemRng::new());
    let app = Arc::clone(&world.app);
    let fetched = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&fetched);
    device.wire.alter(move |request, mut answer| {
        if request.url.ends_with("/.well-known/tegata-device") {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            let mut metadata: Metadata =
                serde_json::from_value(payload_of(body["metadata_jws"].as_str().unwrap())).unwrap();
            let signer: &SigningKey = if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                &other_root
            } else {
                metadata.seq = 0;
                &app.keys.root
            };
            body["metadata_jws"] = json!(jws::sign(signer, typ::METADATA, &metadata));
            body["root"] = json!(signer.public());
            answer.body = body.to_string().into_bytes();
        }
        Ok(answer)
    });
    // Old enough for the device to ask for metadata again, twice.
    for _ in 0..2 {
        world.advance(60 * 86_400);
        let refreshed = device.device.refresh(device.account()).await;
        let health = device.device.accounts()[0].health;
        assert!(
            refreshed.is_err() || health != Health::Ok,
            "{refreshed:?} {health:?}"
        );
    }
    assert!(fetched.load(Ordering::SeqCst) >= 1, "the device asked");
    let pinned = device.device.accounts()[0].root;
    assert_eq!(pinned, world.app.keys.root.thumbprint(), "the pin stands");
}

#[tokio::test]
async fn a_receipt_for_something_else_is_not_shown_as_success() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let app = Arc::clone(&world.app);
    rewrite(&device, "/decisions", move |body| {
        let mut receipt = payload_of(body["receipt"].as_str().unwrap());
        receipt["committed_at"] = json!(1);
        receipt["request"] = json!("another-request");
        body["receipt"] = json!(jws::sign(&app.keys.receipt, typ::RECEIPT, &receipt));
    });
    let code = asked.transfer_code.unwrap();
    let result = device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await;
    assert!(matches!(result, Err(DecideError::Receipt)), "{result:?}");
    let shown = device.device.request(&key).unwrap().state;
    assert!(!matches!(shown, RequestState::Approved { .. }), "{shown:?}");
}

#[tokio::test]
async fn a_link_that_was_photographed_pairs_nothing_without_the_digits() {
    let world = World::start().await.unwrap();
    let thief = world.device().unwrap();
    let invited = world.invite("hanako").await.unwrap();
    let registered = thief.register(&invited.link).await.unwrap();
    // The owner of the issuing session types nothing, or what their own device would show.
    let digits = registered.digits().to_owned();
    let wrong = if digits == "000000" {
        "000001"
    } else {
        "000000"
    };
    for left in [2, 1] {
        let progress = world.confirm(&invited, wrong).await.unwrap();
        assert_eq!(progress, json!({"state": "wrong_code", "tries_left": left}));
    }
    assert_eq!(
        world.confirm(&invited, wrong).await.unwrap()["state"],
        "failed"
    );
    assert_eq!(
        world.confirm(&invited, &digits).await.unwrap()["state"],
        "failed",
        "the right digits come too late"
    );
    let end = registered.confirmed().await;
    assert_eq!(end.unwrap_err().cause, PairingCause::ConfirmationFailed);
    assert!(thief.device.accounts().is_empty(), "nothing was kept");
    assert!(thief.secrets.is_empty(), "nothing was kept");
}

#[tokio::test]
async fn two_devices_with_one_code_are_told_apart() {
    let world = World::start().await.unwrap();
    let (first, second) = (world.device().unwrap(), world.device().unwrap());
    let invited = world.invite("hanako").await.unwrap();
    let offered = first
        .device
        .read_invitation(&invited.link)
        .unwrap()
        .check()
        .await
        .unwrap();
    assert_eq!(offered.account_name(), "hanako");
    let late = second
        .device
        .read_invitation(&invited.link)
        .unwrap()
        .check()
        .await;
    assert_eq!(late.unwrap_err().cause, PairingCause::InvitationUsed);
}

#[tokio::test]
async fn unknown_and_expired_invitations_have_their_own_words() {
    let world = World::start().await.unwrap();
    let device = world.device().unwrap();
    let invited = world.invite("hanako").await.unwrap();
    world.advance(301);
    let late = device
        .device
        .read_invitation(&invited.link)
        .unwrap()
        .check()
        .await;
    assert_eq!(late.unwrap_err().cause, PairingCause::InvitationExpired);
    let server = world.issuer.strip_prefix("http://").unwrap();
    let unknown = device
        .device
        .read_code(server, "0000-0000-0000")
        .unwrap()
        .check()
        .await;
    assert_eq!(unknown.unwrap_err().cause, PairingCause::InvitationUnknown);
}

#[tokio::test]
async fn somebody_between_device_and_server_cannot_choose_the_digits() {
    let world = World::start().await.unwrap();
    let device = world.device().unwrap();
    // 1. Another account in the offer breaks its signature.
    let invited = world.invite("hanako").await.unwrap();
    rewrite(&device, "/invitations/redeem", |body| {
        let offer = body["offer"].as_str().unwrap().to_owned();
        let mut payload = payload_of(&offer);
        payload["account"]["name"] = json!("mallory");
        let parts: Vec<&str> = offer.split('.').collect();
        body["offer"] = json!(format!(
            "{}.{}.{}",
            parts[0],
            encode_b64u(payload.to_string().as_bytes()),
            parts[2]
        ));
    });
    let offered = device
        .device
        .read_invitation(&invited.link)
        .unwrap()
        .check()
        .await;
    assert_eq!(offered.unwrap_err().cause, PairingCause::IssuerUntrusted);
    // 2. Another number than the one that was committed to, even signed by the server's own key.
    let invited = world.invite("hanako").await.unwrap();
    let app = Arc::clone(&world.app);
    rewrite(&device, "/pairings", move |body| {
        let mut payload = payload_of(body["reveal"].as_str().unwrap());
        payload["server_nonce"] = json!(encode_b64u(&[7; 32]));
        body["reveal"] = json!(jws::sign(&app.keys.receipt, typ::REVEAL, &payload));
    });
    assert!(
        device.register(&invited.link).await.is_err(),
        "no digits are shown"
    );
    // 3. Other keys than this device's.
    let invited = world.invite("hanako").await.unwrap();
    let app = Arc::clone(&world.app);
    let (other, _) = SigningKey::make(&SystemRng::new());
    rewrite(&device, "/pairings", move |body| {
        let mut payload = payload_of(body["reveal"].as_str().unwrap());
        payload["approval"] = json!(other.thumbprint());
        body["reveal"] = json!(jws::sign(&app.keys.receipt, typ::REVEAL, &payload));
    });
    assert!(
        device.register(&invited.link).await.is_err(),
        "no digits are shown"
    );
    assert!(device.device.accounts().is_empty());
}

#[tokio::test]
async fn a_server_with_another_root_than_the_invitations_is_not_asked_for_anything() {
    let world = World::start().await.unwrap();
    let device = world.device().unwrap();
    let invited = world.invite("hanako").await.unwrap();
    let posts = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&posts);
    let (other_root, _) = SigningKey::make(&SystemRng::new());
    device.wire.alter(move |request, answer| {
        seen.lock().unwrap().push(request.url.clone());
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let metadata = payload_of(body["metadata_jws"].as_str().unwrap());
        let forged = json!({
            "metadata_jws": jws::sign(&other_root, typ::METADATA, &metadata),
            "root": other_root.public(),
        });
        Ok(HttpResponse {
            body: forged.to_string().into_bytes(),
            ..answer
        })
    });
    let failure = device
        .device
        .read_invitation(&invited.link)
        .unwrap()
        .check()
        .await
        .unwrap_err();
    assert_eq!(failure.cause, PairingCause::IssuerUntrusted);
    assert_eq!(posts.lock().unwrap().len(), 1, "the code was not posted");
}

#[tokio::test]
async fn a_revoked_device_is_told_so_and_receives_nothing_more() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let id = device.device.request(&key).unwrap().prompt.aud.to_string();
    world.revoke(&id).await.unwrap();
    assert!(device.device.refresh(device.account()).await.is_err());
    assert_eq!(device.device.accounts()[0].health, Health::DeviceRevoked);
    let denied = device.device.deny(&key, DenyReason::NotMe).await;
    assert!(denied.is_err(), "{denied:?}");
}

#[tokio::test]
async fn a_locked_or_missing_keyring_is_never_taken_for_not_paired() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    for (failure, health) in [
        (SecretStoreError::Locked, Health::KeyringLocked),
        (SecretStoreError::TimedOut, Health::KeyringTimeout),
        (
            SecretStoreError::Unavailable("no bus".into()),
            Health::KeyringMissing,
        ),
    ] {
        let secrets = Arc::clone(&device.secrets);
        secrets.fail_with(Some(failure));
        let again = device.reopened().unwrap();
        assert!(again.device.refresh(again.account()).await.is_err());
        let accounts = again.device.accounts();
        assert_eq!(accounts.len(), 1, "the account is still there");
        assert_eq!(accounts[0].health, health);
        secrets.fail_with(None);
    }
    let again = device.reopened().unwrap();
    again.refresh().await.unwrap();
    assert_eq!(again.device.accounts()[0].health, Health::Ok);
}

#[tokio::test]
async fn not_me_after_an_approval_takes_back_what_was_granted_and_mutes_the_client() {
    let world = World::start().await.unwrap();
    let approving = world.paired_device("hanako").await.unwrap();
    let reporting = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let (one, two) = (
        approving.only_request().await.unwrap(),
        reporting.only_request().await.unwrap(),
    );
    let code = asked.transfer_code.clone().unwrap();
    approving
        .device
        .approve(&one, Some(&code), &TestDevice::person())
        .await
        .unwrap();
    let report = reporting.device.deny(&two, DenyReason::NotMe).await;
    assert!(report.is_ok(), "{report:?}");
    let (status, body) = world.token(&asked).await.unwrap();
    assert_eq!(status, 400, "what was approved is not handed out: {body}");
}

#[tokio::test]
async fn client_and_device_hold_no_key_that_signs_id_tokens() {
    let world = World::start().await.unwrap();
    let jwks = world
        .http
        .fetch(&format!("{}/jwks", world.issuer))
        .await
        .unwrap()
        .ok_json()
        .unwrap();
    let kids: Vec<&str> = jwks["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|k| k["kid"].as_str())
        .collect();
    let keys: [&PublicKey; 3] = [
        world.app.keys.root.public(),
        world.app.keys.prompt.public(),
        world.app.keys.receipt.public(),
    ];
    for key in keys {
        assert!(!kids.contains(&key.thumbprint().to_string().as_str()));
    }
    assert_eq!(
        kids.len(),
        2,
        "one for ES256 and one for EdDSA; the others are drawn when a client needs them"
    );
}

#[tokio::test]
async fn a_prompt_that_arrives_with_no_time_left_is_no_question() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    world.ask(&[]).await.unwrap();
    rewrite(&device, "/pending", |body| {
        body["prompts"][0]["expires_in"] = json!(0);
    });
    device.refresh().await.unwrap();
    assert!(
        device
            .device
            .inbox()
            .requests
            .iter()
            .all(|r| !r.state.is_open())
    );
}

#[tokio::test]
async fn a_close_notice_ends_a_request_whatever_the_device_thought() {
    let world = World::start().await.unwrap();
    let device = world.paired_device("hanako").await.unwrap();
    let asked = world.ask(&[]).await.unwrap();
    let key = device.only_request().await.unwrap();
    let id = key.request.to_string();
    rewrite(&device, "/pending", move |body| {
        body["prompts"] = json!([]);
        body["closed"] = json!([{"request": id, "how": "withdrawn"}]);
    });
    device.refresh().await.unwrap();
    assert_eq!(
        device.device.request(&key).unwrap().state,
        RequestState::Closed(CloseReason::Withdrawn)
    );
    let code = asked.transfer_code.unwrap();
    let late = device
        .device
        .approve(&key, Some(&code), &TestDevice::person())
        .await;
    assert!(
        matches!(
            late,
            Err(DecideError::RequestClosed {
                how: CloseReason::Withdrawn
            })
        ),
        "{late:?}"
    );
}
