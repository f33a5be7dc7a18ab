//! What a person manages from a terminal, with real programs: grants, a self-test, another device, the approval key, the look.

use serde_json::Value;
use tegata_tests::{relying_party::Polled, terminal_device::TerminalDevice};

use crate::world::{LIMIT, PERSON, PIN, World, member};

/// A server whose devices manage others from the start: nobody waits a day for this.
async fn start() -> World {
    World::start_with(|setup| setup.setting("TEGATA_LIMITS__NEW_DEVICE_WAIT_SECONDS", "0")).await
}

fn lines(printed: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap();
    printed.lines().map(parse).collect()
}

/// One sign-in at a client that asks for no code.
async fn sign_in(world: &World, device: &TerminalDevice, client: &str) {
    let (client, _) = world.client(client, &[]).await;
    let asked = client.ask(PERSON, &[]).await.unwrap();
    let request = device.await_request().await.unwrap();
    device.approve(&request, None, PIN).await.unwrap();
    let polled = client.poll_until_decided(&asked).await.unwrap();
    assert!(matches!(polled, Polled::Tokens(_)));
}

#[tokio::test]
async fn grants_are_listed_and_taken_back_at_a_terminal() {
    let world = start().await;
    let device = world.device("phone").await;
    let none = device.run(&["consents"]).await.unwrap();
    assert!(none.contains("Nothing is granted."), "{none}");
    sign_in(&world, &device, "kiosk").await;
    let grants = lines(&device.run(&["consents", "list", "--json"]).await.unwrap());
    assert_eq!(grants.len(), 1);
    assert_eq!(grants[0]["client"]["id"], "kiosk");
    let id = grants[0]["id"].as_str().unwrap();
    let revoke = ["consents", "revoke", "--yes", "--", id];
    let said = device.run(&revoke).await.unwrap();
    assert!(said.contains("no access any more"), "{said}");
    assert!(device.run(&revoke).await.is_err(), "it is gone");
    let none = device.run(&["consents"]).await.unwrap();
    assert!(none.contains("Nothing is granted."), "{none}");
}

#[tokio::test]
async fn a_self_test_at_a_terminal_goes_there_and_back_whichever_way_it_is_answered() {
    let world = start().await;
    let device = world.device("phone").await;
    let denied = device
        .run(&["self-test", "--deny", "--json"])
        .await
        .unwrap();
    let (denied, good) = (lines(&denied), Value::from("ok"));
    assert!(denied.len() > 4, "{denied:?}");
    // This machine may have no keyring or no way to ring; what concerns the account works.
    let concerns = |line: &&Value| line["account"].is_string();
    for line in denied.iter().filter(concerns) {
        assert_eq!(line["outcome"], good, "{line}");
    }
    // One test in five seconds for each device.
    let limit = tokio::time::Instant::now() + LIMIT;
    let approved = loop {
        match device.run_with_pin(&["self-test", "--json"], PIN).await {
            Ok(printed) => break lines(&printed),
            Err(error) => assert!(tokio::time::Instant::now() < limit, "{error}"),
        }
    };
    assert_eq!(approved.len(), denied.len());
}

#[tokio::test]
async fn another_device_is_added_from_a_terminal_listed_and_removed() {
    let world = start().await;
    let first = world.device("desk").await;
    let mut adding = first
        .start_with_pin(&["add-device", "--json"], PIN)
        .unwrap();
    let link = adding
        .line("the invitation", LIMIT, |line| member(line, "link"))
        .await
        .unwrap();
    let second = world.unpaired("phone");
    let pairing = second.begin_pairing(&link, PIN, "phone").await.unwrap();
    adding
        .line("asking for the digits", LIMIT, |line| {
            member(line, "event").filter(|event| event == "digits")
        })
        .await
        .unwrap();
    adding.write(&format!("{}\n", pairing.digits())).unwrap();
    adding
        .line("the end", LIMIT, |line| {
            member(line, "event").filter(|event| event == "done")
        })
        .await
        .unwrap();
    pairing.finish().await.unwrap();
    adding.finish(LIMIT).await.unwrap().ok().unwrap();
    let listed = lines(&first.run(&["devices", "list", "--json"]).await.unwrap());
    let names: Vec<_> = listed.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["desk", "phone"]);
    let id = listed[1]["id"].as_str().unwrap();
    let remove = ["devices", "remove", id, "--lost", "--json"];
    first.run_with_pin(&remove, PIN).await.unwrap();
    let listed = lines(&first.run(&["devices", "list", "--json"]).await.unwrap());
    assert_eq!(listed.len(), 1);
    assert!(second.run(&["inbox"]).await.is_err(), "it is revoked");
}

#[tokio::test]
async fn the_approval_key_is_replaced_from_a_terminal_and_evidence_of_both_holds() {
    let world = start().await;
    let device = world.device("phone").await;
    sign_in(&world, &device, "before").await;
    let wrong = device.run_with_pin(&["key", "replace"], "111119").await;
    let wrong = wrong.unwrap_err().to_string();
    assert!(wrong.contains("the PIN is wrong"), "{wrong}");
    let said = device.run_with_pin(&["key", "replace"], PIN).await.unwrap();
    assert!(
        said.contains("replacing this device's approval key"),
        "{said}"
    );
    assert!(said.contains("takes the old one's place"), "{said}");
    sign_in(&world, &device, "after").await;
    let folder = world.path("exports");
    let into = folder.to_string_lossy();
    device.run(&["history", "export-all", &into]).await.unwrap();
    let export = std::fs::read_dir(&folder).unwrap().next().unwrap();
    let mut keys = Vec::new();
    for number in 1..=3 {
        let file = export.as_ref().unwrap().path();
        let file = file.join(format!("evidence-{number:05}.json"));
        let said = device.verify(&file, LIMIT).await.unwrap();
        assert!(said.contains("receipt verified"), "{said}");
        let key = said
            .lines()
            .find(|line| line.contains("made by key"))
            .unwrap();
        keys.push(key.to_owned());
    }
    // Newest first: the new key, the replacement, and what was before, which the old one approved.
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[1], keys[2]);
}

#[tokio::test]
async fn an_account_looks_as_it_was_chosen_at_a_terminal() {
    let world = start().await;
    let device = world.device("phone").await;
    let list = || async {
        let printed = device.run(&["accounts", "list", "--json"]).await.unwrap();
        lines(&printed).remove(0)
    };
    let id = list().await["id"].as_str().unwrap().to_owned();
    let label = [
        "accounts", "look", "--label", "Work", "--colour", "sea", "--", &id,
    ];
    device.run(&label).await.unwrap();
    let sign = ["accounts", "look", "--sign", "bank", "--", &id];
    device.run(&sign).await.unwrap();
    let look = list().await["look"].clone();
    let chosen = serde_json::json!({"label": "Work", "accent": "sea", "icon": "bank"});
    assert_eq!(look, chosen);
    let said = device.run(&["accounts"]).await.unwrap();
    assert!(said.contains("Work (hanako)"), "{said}");
    let plain = ["accounts", "look", "--label", "", "--", &id];
    device.run(&plain).await.unwrap();
    assert_eq!(list().await["look"]["label"], Value::Null);
}
