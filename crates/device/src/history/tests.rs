use crate::{
    error::HistoryError,
    test_server::{PIN, Paired, person},
};
use std::fs;
use tegata_protocol::device::decision::DenyReason;

fn log(paired: &Paired) -> std::path::PathBuf {
    let dir = paired.folder.path().join("accounts");
    dir.join(paired.account.as_str()).join("history.log")
}

async fn with_two_decisions() -> Paired {
    let paired = Paired::new().await;
    for (request, approves) in [("r1", true), ("r2", false)] {
        paired.server.push(&paired.server.prompt(request, false));
        paired.refresh().await;
        let key = paired.key(request);
        if approves {
            paired
                .device
                .approve(&key, None, &person(PIN))
                .await
                .unwrap();
        } else {
            paired.device.deny(&key, DenyReason::NotMe).await.unwrap();
        }
    }
    paired
}

#[tokio::test]
async fn lines_say_nothing_without_the_secret() {
    let paired = with_two_decisions().await;
    let text = fs::read_to_string(log(&paired)).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(!text.contains("receipt") && !text.contains("Kiosk"));
}

#[tokio::test]
async fn a_line_that_was_altered_dropped_or_moved_is_noticed() {
    let paired = with_two_decisions().await;
    let good = fs::read_to_string(log(&paired)).unwrap();
    let lines: Vec<_> = good.lines().collect();
    let (first, second, third) = (lines[0], lines[1], lines[2]);
    let flipped = if second.starts_with('A') { "B" } else { "A" };
    let altered = format!("{flipped}{}", second.get(1..).unwrap());
    for (bad, line) in [
        (format!("{first}\n{altered}\n{third}\n"), 2),
        (format!("{first}\n{third}\n"), 2),
        (format!("{first}\n{third}\n{second}\n"), 2),
        (format!("{first}\n{second}\n"), 3),
        (String::new(), 1),
    ] {
        fs::write(log(&paired), bad).unwrap();
        let refused = paired.device.history(10).await;
        assert!(
            matches!(refused, Err(HistoryError::Damaged { line: at }) if at == line),
            "{line}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn half_a_line_from_a_power_cut_is_cut_off_by_the_next() {
    let paired = with_two_decisions().await;
    let mut text = fs::read_to_string(log(&paired)).unwrap();
    text.push_str("halfaline");
    fs::write(log(&paired), text).unwrap();
    assert_eq!(paired.device.history(10).await.unwrap().len(), 3);
    paired.server.push(&paired.server.prompt("r3", false));
    paired.refresh().await;
    let key = paired.key("r3");
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    assert_eq!(paired.device.history(10).await.unwrap().len(), 4);
    assert_eq!(
        paired.device.history(2).await.unwrap().len(),
        2,
        "at most so many"
    );
}

#[tokio::test]
async fn a_request_without_a_decision_has_no_evidence() {
    let paired = Paired::new().await;
    let refused = paired.device.evidence(&paired.key("r1")).await;
    assert!(matches!(refused, Err(HistoryError::NoReceipt)));
}
