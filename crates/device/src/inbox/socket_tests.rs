//! The socket against a scripted server's end of it.

use crate::{
    Connection, Device, Health, RequestState,
    error::DecideError,
    test_server::{PIN, Paired, person},
};
use std::time::Duration;
use tegata_protocol::{
    DeviceId,
    device::{
        V1,
        decision::DenyReason,
        delivery::{
            ByeReason, ClosedNotice, DecisionResponse, DeviceFrame, PendingPrompt, PendingSet,
            ServerFrame, parse_device_frame,
        },
        problem::{Problem, ProblemCode},
        proof::{ExpectedProof, verify_proof},
    },
};
use tokio::sync::mpsc;

struct Script {
    paired: Paired,
    to_device: mpsc::Sender<Vec<u8>>,
    from_device: mpsc::Receiver<String>,
}

impl Script {
    /// A device whose socket was opened and greeted.
    async fn start() -> Self {
        let paired = Paired::new().await;
        let (to_device, from_device) = paired.server.script_socket();
        paired.device.connect();
        let mut script = Self {
            paired,
            to_device,
            from_device,
        };
        let nonce = "first".to_owned();
        script.say(&ServerFrame::Hello { v: V1, nonce }).await;
        script.expect_proof("first").await;
        script
    }

    async fn open() -> Self {
        let script = Self::start().await;
        script
            .say(&ServerFrame::Pending(PendingSet::default()))
            .await;
        script
            .until(|device| device.accounts()[0].connection == Connection::Online)
            .await;
        script
    }

    async fn say(&self, frame: &ServerFrame) {
        let text = serde_json::to_vec(frame).unwrap();
        self.to_device.send(text).await.unwrap();
    }

    async fn hear(&mut self) -> DeviceFrame {
        let limit = Duration::from_secs(30);
        let text = tokio::time::timeout(limit, self.from_device.recv()).await;
        parse_device_frame(text.unwrap().unwrap().as_bytes()).unwrap()
    }

    async fn expect_proof(&mut self, nonce: &str) {
        let DeviceFrame::Proof { proof } = self.hear().await else {
            panic!("a proof")
        };
        let possession = self.paired.server.state.lock().unwrap().keys.unwrap().1;
        let htu = self.paired.server.metadata().endpoints.connect;
        let expected = ExpectedProof {
            htm: "GET",
            htu: &htu,
            body: b"",
        };
        let device = DeviceId::parse("device-1").unwrap();
        verify_proof(&proof, &possession, &device, &expected, |n| n == nonce).unwrap();
    }

    async fn until(&self, condition: impl Fn(&Device) -> bool) {
        let mut changes = self.paired.device.changes();
        let wait = async {
            while !condition(&self.paired.device) {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait)
            .await
            .expect("it happens in time");
    }

    async fn deliver(&self, request: &str) {
        let prompt = self.paired.server.prompt(request, false);
        let prompt = self.paired.server.push(&prompt);
        let set = PendingSet {
            prompts: vec![PendingPrompt {
                prompt,
                expires_in: 120,
            }],
            closed: Vec::new(),
            notices: Vec::new(),
        };
        self.say(&ServerFrame::Pending(set)).await;
        self.until(|device| !device.inbox().requests.is_empty())
            .await;
    }
}

#[tokio::test]
async fn nothing_is_said_before_the_server_greets_and_the_proof_is_first() {
    let paired = Paired::new().await;
    let (_to_device, mut from_device) = paired.server.script_socket();
    paired.device.connect();
    let mut changes = paired.device.changes();
    while paired.device.accounts()[0].connection != Connection::Connecting {
        changes.changed().await.unwrap();
    }
    assert!(from_device.try_recv().is_err());
    drop(Script::start().await);
}

#[tokio::test]
async fn decisions_go_over_the_open_socket_and_their_receipts_come_back_on_it() {
    let mut script = Script::open().await;
    script.deliver("r1").await;
    let key = script.paired.key("r1");
    script.paired.device.mark_seen(&key);
    let DeviceFrame::Seen { request } = script.hear().await else {
        panic!("seen")
    };
    assert_eq!(request, key.request);
    let device = script.paired.device.clone();
    let deciding = tokio::spawn({
        let key = key.clone();
        async move { device.approve(&key, None, &person(PIN)).await }
    });
    let DeviceFrame::Decision { decision } = script.hear().await else {
        panic!("a decision")
    };
    let body = serde_json::to_vec(&decision).unwrap();
    let answer: DecisionResponse =
        serde_json::from_slice(&script.paired.server.decide(&body).body).unwrap();
    script
        .say(&ServerFrame::Receipt {
            request: key.request,
            receipt: answer.receipt,
        })
        .await;
    let done = deciding.await.unwrap().unwrap();
    assert!(matches!(done.state, RequestState::Approved { .. }));
    let asked = script.paired.server.state.lock().unwrap().asked.clone();
    assert!(!asked.iter().any(|path| path.ends_with("/decisions")));
}

#[tokio::test]
async fn a_refusal_on_the_socket_reaches_the_person() {
    let mut script = Script::open().await;
    script.deliver("r1").await;
    let key = script.paired.key("r1");
    let device = script.paired.device.clone();
    let deciding = tokio::spawn({
        let key = key.clone();
        async move { device.deny(&key, DenyReason::NotMe).await }
    });
    let heard = script.hear().await;
    assert!(matches!(heard, DeviceFrame::Decision { .. }));
    script
        .say(&ServerFrame::Problem {
            request: key.request,
            problem: Box::new(Problem::new(ProblemCode::CounterRegressed)),
        })
        .await;
    let refused = deciding.await.unwrap();
    assert!(matches!(refused, Err(DecideError::ServerRefused(_))));
}

#[tokio::test]
async fn a_new_proof_is_given_when_it_is_asked_for() {
    let mut script = Script::open().await;
    let nonce = "second".to_owned();
    script.say(&ServerFrame::Reprove { nonce }).await;
    script.expect_proof("second").await;
}

#[tokio::test]
async fn a_revoked_device_says_so_and_stays_paired() {
    let script = Script::open().await;
    script
        .say(&ServerFrame::Bye {
            reason: ByeReason::Revoked,
            retry_after: 0,
        })
        .await;
    script
        .until(|device| device.accounts()[0].health == Health::DeviceRevoked)
        .await;
    assert_eq!(script.paired.device.accounts().len(), 1);
}

#[tokio::test]
async fn a_frame_that_the_protocol_does_not_have_ends_the_connection() {
    let script = Script::open().await;
    script
        .to_device
        .send(b"{\"type\":\"hello\"}".to_vec())
        .await
        .unwrap();
    script
        .until(|device| device.accounts()[0].connection != Connection::Online)
        .await;
}

#[tokio::test]
async fn without_sockets_the_pending_set_is_fetched() {
    let paired = Paired::new().await;
    paired.server.push(&paired.server.prompt("r1", false));
    let mut changes = paired.device.changes();
    paired.device.connect();
    let wait = async {
        while paired.device.inbox().requests.is_empty() {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait)
        .await
        .expect("it arrives in time");
    let offline = paired.device.accounts()[0].connection;
    assert!(!matches!(offline, Connection::Online));
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_the_socket_leaves_unanswered_goes_by_post() {
    let mut script = Script::open().await;
    script.deliver("r1").await;
    let key = script.paired.key("r1");
    let device = script.paired.device.clone();
    let deciding = tokio::spawn(async move { device.deny(&key, DenyReason::NotMe).await });
    let DeviceFrame::Decision { decision } = script.hear().await else {
        panic!("a decision")
    };
    let done = deciding.await.unwrap().unwrap();
    assert!(matches!(done.state, RequestState::Denied { .. }));
    let posted = script.paired.server.state.lock().unwrap().posted.clone();
    assert_eq!(posted, [*decision], "the same bytes");
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_got_stuck_is_delivered_without_a_new_connection() {
    let mut script = Script::open().await;
    script.deliver("r1").await;
    let key = script.paired.key("r1");
    script.paired.server.alter(|request, answer| {
        if request.url.ends_with("/decisions") {
            return Err(crate::ports::TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    let sending = script.paired.device.deny(&key, DenyReason::NotMe);
    let stuck = sending.await.unwrap();
    assert!(matches!(stuck.state, RequestState::Sending { .. }));
    script.paired.server.behave();
    let settled = |device: &Device| {
        let request = device.request(&key).unwrap();
        matches!(request.state, RequestState::Denied { .. })
    };
    let mut changes = script.paired.device.changes();
    while !settled(&script.paired.device) {
        tokio::select! {
            _ = changes.changed() => {}
            _ = script.from_device.recv() => {}
        }
    }
    let state = script.paired.server.state.lock().unwrap();
    assert!(state.posted.iter().all(|posted| *posted == state.posted[0]));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_renewed_while_the_connection_stays_open() {
    let mut script = Script::open().await;
    script.paired.server.state.lock().unwrap().seq = 2;
    script
        .paired
        .server
        .clock
        .advance(Duration::from_hours(24 * 25));
    let nonce = "second".to_owned();
    script.say(&ServerFrame::Reprove { nonce }).await;
    script.expect_proof("second").await;
    let renewed = async {
        while script.paired.session_state().metadata_seq != 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), renewed)
        .await
        .expect("it is renewed in time");
    let connection = script.paired.device.accounts()[0].connection;
    assert_eq!(connection, Connection::Online);
}

#[tokio::test(start_paused = true)]
async fn a_connection_ends_with_the_metadata_that_it_was_opened_with() {
    let script = Script::open().await;
    script.paired.server.alter(|request, answer| {
        if request.url.contains(".well-known") {
            return Err(crate::ports::TransportError::Offline("cut".into()));
        }
        Ok(answer)
    });
    script
        .paired
        .server
        .clock
        .advance(Duration::from_hours(24 * 31));
    script
        .say(&ServerFrame::Pending(PendingSet::default()))
        .await;
    script
        .until(|device| matches!(device.accounts()[0].connection, Connection::Offline { .. }))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_notice_that_this_device_approved_has_its_receipt_asked_for() {
    let mut script = Script::open().await;
    script.deliver("r1").await;
    let key = script.paired.key("r1");
    // Another process of this device decides beside the connection.
    let socket = script.paired.device.clone();
    script.paired.restart();
    script.paired.refresh().await;
    let person = person(PIN);
    let approving = script.paired.device.approve(&key, None, &person);
    approving.await.unwrap();
    script.paired.device = socket;
    let set = PendingSet {
        prompts: Vec::new(),
        closed: vec![ClosedNotice {
            request: key.request.clone(),
            how: crate::test_server::handled("device-1"),
            collected: None,
        }],
        notices: Vec::new(),
    };
    script.say(&ServerFrame::Pending(set)).await;
    script
        .until(|device| {
            let request = device.request(&key).unwrap();
            matches!(request.state, RequestState::Approved { .. })
        })
        .await;
}
