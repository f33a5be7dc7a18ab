//! One-time things, taken by many at once through the real router and store: five hundred rounds of each, one outcome in
//! every round.

use super::{bench::TestClock, *};
use crate::{
    config::{Config, RateConfig},
    domain::{BackchannelAuthenticationState, Limits},
    storage::ops::DecideOutcome,
};
use axum::http::StatusCode;
use std::sync::Arc;
use tokio::{sync::Barrier, task::JoinSet};

const ROUNDS: usize = 500;
const RACERS: usize = 32;

/// A server that asks one person as often as it likes.
async fn tireless() -> Arc<Bench> {
    let config = Config {
        limits: Limits {
            per_account_per_minute: 1_000_000,
            per_client_per_ten_minutes: 1_000_000,
            first_wait_seconds: 0,
            ..Limits::default()
        },
        rates: RateConfig::unlimited(),
        ..Config::default()
    };
    Arc::new(Bench::open(config, 8480, TestClock::standing(), |_| {}).await)
}

/// Conformance: CIBA-10.1.1-once
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_redemptions_at_once_one_gets_tokens_in_each_of_500_rounds() {
    let bench = tireless().await;
    let device = bench.pair("hanako").await;
    for round in 0..ROUNDS {
        let id = bench.asked().await;
        bench.decided(&device, true).await;
        let mut polls = JoinSet::new();
        for _ in 0..RACERS {
            let (bench, id) = (Arc::clone(&bench), id.clone());
            polls.spawn(async move { bench.poll("kiosk", &id).await });
        }
        let replies = polls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = replies
            .iter()
            .partition(|reply| reply.status == StatusCode::OK);
        assert_eq!(won.len(), 1, "round {round}");
        for reply in lost {
            assert_eq!(reply.error(), (400, "invalid_grant"), "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_devices_that_approve_and_deny_at_once_one_decides_in_each_of_500_rounds() {
    let bench = tireless().await;
    let mut devices = Vec::new();
    for _ in 0..4 {
        devices.push(bench.pair("hanako").await);
    }
    let mut approvals = 0;
    for round in 0..ROUNDS {
        let id = bench.asked().await;
        let request = bench.newest(&devices[0].0).await;
        let barrier = Arc::new(Barrier::new(devices.len()));
        let mut deciding = JoinSet::new();
        for (number, device) in devices.iter().enumerate() {
            let (bench, request) = (Arc::clone(&bench), request.clone());
            let (barrier, device) = (Arc::clone(&barrier), device.clone());
            let approve = (number + round) % 2 == 0;
            deciding.spawn(async move {
                barrier.wait().await;
                (
                    approve,
                    bench.decide_on(&device, request, approve, None).await,
                )
            });
        }
        let outcomes = deciding.join_all().await;
        let recorded: Vec<bool> = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, DecideOutcome::Recorded { .. }))
            .map(|(approve, _)| *approve)
            .collect();
        let others = outcomes
            .iter()
            .filter(|(_, outcome)| matches!(outcome, DecideOutcome::Closed { .. }))
            .count();
        assert_eq!(
            (recorded.len(), others),
            (1, devices.len() - 1),
            "round {round}"
        );
        let reply = bench.poll("kiosk", &id).await;
        assert_eq!(
            reply.status == StatusCode::OK,
            recorded[0],
            "round {round}: {reply:?}"
        );
        approvals += usize::from(recorded[0]);
    }
    assert!(
        (1..ROUNDS).contains(&approvals),
        "either wins at times: {approvals}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approval_and_the_expiry_that_meet_have_one_outcome_in_each_of_500_rounds() {
    let bench = tireless().await;
    let device = bench.pair("hanako").await;
    let mut approvals = 0;
    for round in 0..ROUNDS {
        let reply = bench.ask(&format!("{DEFAULTS}&requested_expiry=2")).await;
        let id = reply.text("auth_req_id").to_owned();
        let request = bench.newest(&device.0).await;
        bench.advance(1_000);
        let barrier = Arc::new(Barrier::new(3));
        let mut racing = JoinSet::new();
        for part in 0..3 {
            let (bench, device) = (Arc::clone(&bench), device.clone());
            let (barrier, request, id) = (Arc::clone(&barrier), request.clone(), id.clone());
            racing.spawn(async move {
                barrier.wait().await;
                match part {
                    0 => {
                        let outcome = bench.decide_on(&device, request, true, None).await;
                        matches!(outcome, DecideOutcome::Recorded { .. })
                    }
                    1 => {
                        // As long as an approval takes, more or less, so that either comes first at times.
                        for _ in 0..round % 8 {
                            tokio::task::yield_now().await;
                        }
                        bench.advance(1_000);
                        false
                    }
                    _ => bench.poll("kiosk", &id).await.status == StatusCode::OK,
                }
            });
        }
        drop(racing.join_all().await);
        let first = bench.poll("kiosk", &id).await;
        let flow = {
            let id = tegata_protocol::AuthReqId::parse(&id).unwrap();
            let read = bench
                .app
                .store
                .read(move |r| r.backchannel_authentication(&id))
                .await;
            read.unwrap().unwrap()
        };
        match flow.state {
            // Collected by whichever poll came after the approval.
            BackchannelAuthenticationState::Redeemed { .. } => {
                approvals += 1;
                let again = bench.poll("kiosk", &id).await;
                assert_eq!(again.error(), (400, "invalid_grant"), "round {round}");
            }
            BackchannelAuthenticationState::Pending => {
                assert_eq!(first.error(), (400, "expired_token"), "round {round}");
            }
            other => panic!("round {round}: {other:?}"),
        }
        bench.advance(10_000);
    }
    assert!(
        (1..ROUNDS).contains(&approvals),
        "either wins at times: {approvals}"
    );
}
