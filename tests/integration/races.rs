//! One-time things, taken by many at once: a hundred rounds of 32, one outcome each.

use serde_json::Value;
use std::sync::Arc;
use tegata_device::{RequestState, error::DecideError};
use tegata_protocol::device::decision::{DenyReason, Verdict};
use tegata_tests::in_process::{TestDevice, World};

const ROUNDS: usize = 100;
const RACERS: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_redemptions_one_gets_the_tokens_in_each_of_100_rounds() {
    let world = Arc::new(World::start().await.unwrap());
    let device = world.paired_device("hanako").await.unwrap();
    for round in 0..ROUNDS {
        let asked = world.ask(&[]).await.unwrap();
        let key = device.only_request().await.unwrap();
        let code = asked.transfer_code.clone().unwrap();
        device
            .device
            .approve(&key, Some(&code), &TestDevice::person())
            .await
            .unwrap();
        let racers = (0..RACERS).map(|_| {
            let (world, asked) = (Arc::clone(&world), asked.clone());
            tokio::spawn(async move { world.token(&asked).await.unwrap() })
        });
        let mut tokens = 0;
        for racer in racers.collect::<Vec<_>>() {
            let (status, body) = racer.await.unwrap();
            match status {
                200 => tokens += 1,
                _ => assert!(loses(&body), "round {round}: {body}"),
            }
        }
        assert_eq!(tokens, 1, "round {round}");
        world.advance(10);
    }
}

/// The interval does not hold for what is decided, so whoever loses learns that it is used up.
fn loses(body: &Value) -> bool {
    body["error"] == "invalid_grant"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_devices_that_approve_or_deny_at_once_one_decides_in_each_of_100_rounds() {
    let world = Arc::new(World::start().await.unwrap());
    let mut devices = Vec::new();
    for _ in 0..RACERS {
        devices.push(Arc::new(world.paired_device("hanako").await.unwrap()));
    }
    for round in 0..ROUNDS {
        let asked = world.ask(&[]).await.unwrap();
        let keys =
            futures_util::future::join_all(devices.iter().map(|device| device.only_request()))
                .await;
        let keys: Vec<_> = keys.into_iter().map(Result::unwrap).collect();
        let racers = devices
            .iter()
            .zip(keys)
            .enumerate()
            .map(|(number, (device, key))| {
                let (device, code) = (Arc::clone(device), asked.transfer_code.clone().unwrap());
                tokio::spawn(async move {
                    if number % 2 == 0 {
                        device
                            .device
                            .approve(&key, Some(&code), &TestDevice::person())
                            .await
                    } else {
                        device.device.deny(&key, DenyReason::ChangedMind).await
                    }
                })
            });
        let mut winner = None;
        for racer in racers.collect::<Vec<_>>() {
            match racer.await.unwrap() {
                Ok(decided) => {
                    let verdict = match decided.state {
                        RequestState::Approved { .. } => Verdict::Approve,
                        RequestState::Denied { .. } => Verdict::Deny,
                        other => panic!("round {round}: {other:?}"),
                    };
                    assert!(
                        winner.replace(verdict).is_none(),
                        "round {round}: two decided"
                    );
                }
                Err(DecideError::RequestClosed { .. }) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        let (status, body) = world.token(&asked).await.unwrap();
        match winner.expect("one decides") {
            Verdict::Approve => assert_eq!(status, 200, "round {round}: {body}"),
            Verdict::Deny => assert_eq!(body["error"], "access_denied", "round {round}"),
        }
        world.advance(10);
    }
}
