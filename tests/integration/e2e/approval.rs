//! (a) A client that nobody here wrote gets an ID token that it can verify, and a stranger can verify the evidence.

use serde_json::Value;
use tegata_tests::{
    processes::{Launch, Program},
    programs,
    terminal_device::TerminalDevice,
};

use crate::world::{LIMIT, PERSON, PIN, World};

#[tokio::test]
async fn openid_client_with_a_secret_signs_a_person_in_and_the_evidence_holds() {
    let world = World::start().await;
    let (_, secret) = world.client("kiosk", &["--transfer-code"]).await;
    let device = world.device("phone").await;
    let client = openid_client(&world, "kiosk", &secret, &[]);
    sign_in_and_verify(&world, &device, client, true).await;
}

#[tokio::test]
async fn openid_client_with_its_own_key_signs_a_person_in_and_the_evidence_holds() {
    let world = World::start().await;
    let (private, public) = client_keys(&world).await;
    let registered = world.register("agent", &["--jwks", &public]).await;
    assert!(
        registered["client_secret"].is_null(),
        "a client with keys has no secret: {registered}"
    );
    let device = world.device("phone").await;
    let client = openid_client(&world, "agent", "-", &["--key", &private]);
    sign_in_and_verify(&world, &device, client, false).await;
}

#[tokio::test]
async fn openid_client_whose_binding_message_is_the_code_signs_a_person_in() {
    let world = World::start().await;
    let (_, secret) = world
        .client("desk", &["--binding-message", "transfer"])
        .await;
    let device = world.device("phone").await;
    let message = "K7M2QX";
    let mut client = openid_client(&world, "desk", &secret, &["--binding-message", message]);
    accepted(&mut client).await;
    let request = device.await_request().await.unwrap();
    // As a person with a full-width keyboard would type it.
    device
        .approve(&request, Some("Ｋ７Ｍ２ｑｘ"), PIN)
        .await
        .unwrap();
    let tokens = tokens(client).await;
    assert_eq!(tokens["claims"]["aud"], "desk");
}

async fn sign_in_and_verify(
    world: &World,
    device: &TerminalDevice,
    mut client: Program,
    with_code: bool,
) {
    let accepted = accepted(&mut client).await;
    let code = accepted["transfer_code"].as_str();
    assert_eq!(code.is_some(), with_code, "{accepted}");
    let request = device.await_request().await.unwrap();
    device.approve(&request, code, PIN).await.unwrap();

    let tokens = tokens(client).await;
    let receipt = tokens["client_receipt"].as_str().unwrap();
    let of_client = world.client_evidence(receipt).await;
    let of_device = world.path("device-evidence.json");
    device.export_latest(&of_device).await.unwrap();
    for file in [&of_client, &of_device] {
        let report = device.verify(file, LIMIT).await.unwrap();
        assert_eq!(report.lines().last(), Some("receipt verified"), "{report}");
    }

    // One bit in the signature of either is enough.
    for file in [&of_client, &of_device] {
        let text = std::fs::read_to_string(file).unwrap();
        let mut evidence: Value = serde_json::from_str(&text).unwrap();
        let name = if evidence["receipt"].is_string() {
            "receipt"
        } else {
            "client_receipt"
        };
        let jws = evidence[name].as_str().unwrap();
        let altered = alter_signature(jws);
        evidence[name] = altered.into();
        std::fs::write(file, evidence.to_string()).unwrap();
        let refused = device.verify_anything(file, LIMIT).await.unwrap();
        assert_ne!(refused.status.code(), Some(0), "{}", refused.stdout);
        assert!(
            !refused.stdout.contains("receipt verified"),
            "{}",
            refused.stdout
        );
    }
}

/// Changes one character in the middle of a JWS signature.
fn alter_signature(jws: &str) -> String {
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let mut characters: Vec<char> = signature.chars().collect();
    characters[40] = if characters[40] == 'A' { 'B' } else { 'A' };
    format!("{signed}.{}", characters.into_iter().collect::<String>())
}

fn openid_client(world: &World, id: &str, secret: &str, further: &[&str]) -> Program {
    let script = programs::checkout().join("tests/js/openid-client-flow.mjs");
    let modules = programs::checkout().join("tests/js/node_modules/openid-client");
    assert!(
        modules.is_dir(),
        "the client library is not installed; run `cargo xtask test`"
    );
    Launch::new("node")
        .arg(script)
        .args([world.server.issuer(), id, secret, PERSON])
        .args(further)
        .start()
        .unwrap()
}

async fn accepted(client: &mut Program) -> Value {
    client
        .line("the request being accepted", LIMIT, |line| {
            event(line, "accepted")
        })
        .await
        .unwrap()
}

async fn tokens(client: Program) -> Value {
    let printed = client.finish(LIMIT).await.unwrap().ok().unwrap();
    printed
        .lines()
        .find_map(|line| event(line, "tokens"))
        .expect("the client prints what it verified")
}

fn event(line: &str, name: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(line).ok()?;
    (value["event"] == name).then_some(value)
}

/// A key pair made by Node: the file with the private key, and the file with the public key set.
async fn client_keys(world: &World) -> (String, String) {
    let script = r#"
        const { privateKey, publicKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
        const name = { kid: "one", alg: "ES256", use: "sig" };
        console.log(JSON.stringify({ ...privateKey.export({ format: "jwk" }), ...name }));
        console.log(JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), ...name }] }));"#;
    let printed = Launch::new("node")
        .args(["-e", script])
        .run(LIMIT)
        .await
        .unwrap()
        .ok()
        .unwrap();
    let mut files = printed
        .lines()
        .zip(["private.json", "public.json"])
        .map(|(text, name)| {
            let file = world.path(name);
            tegata_tests::folders::write_private(&file, text.as_bytes()).unwrap();
            file.to_str().unwrap().to_owned()
        });
    (files.next().unwrap(), files.next().unwrap())
}
