use super::{EntryVerification, HistoryEvent, HistoryQuery, OutcomeKind};
use crate::{
    error::HistoryError,
    test_server::{PIN, Paired, START, person},
};
use std::fs;
use tegata_protocol::device::{
    decision::DenyReason,
    evidence::{parse_evidence_file, verify_evidence},
    management::{Notice, NoticeKind},
};

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

fn text(words: &str) -> HistoryQuery {
    HistoryQuery {
        text: words.into(),
        ..HistoryQuery::default()
    }
}

async fn ids(paired: &Paired, query: &HistoryQuery) -> Vec<String> {
    let page = paired.device.history_page(query, 100).await.unwrap();
    page.entries.into_iter().map(|entry| entry.id).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_and_the_last_one_says_so() {
    let paired = with_two_decisions().await;
    let all = ids(&paired, &HistoryQuery::default()).await;
    assert_eq!(all.len(), 3);
    let mut query = HistoryQuery::default();
    let mut seen = Vec::new();
    loop {
        let page = paired.device.history_page(&query, 2).await.unwrap();
        seen.extend(page.entries.iter().map(|entry| entry.id.clone()));
        query.after = seen.last().cloned();
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, all);
    query.after = Some("nothing.9".into());
    assert!(ids(&paired, &query).await.is_empty());
}

#[tokio::test]
async fn words_are_found_wherever_they_are_shown_and_outcomes_are_told_apart() {
    let paired = Paired::new().await;
    let mut prompt = paired.server.prompt("r1", false);
    prompt.binding_message = Some("Caf\u{e9} \u{ff14}\u{ff12}".into());
    prompt.authorization_details =
        vec![serde_json::json!({ "type": "payment", "creditor": { "name": "Yamada" } })];
    paired.server.push(&prompt);
    paired.refresh().await;
    let key = paired.key("r1");
    paired
        .device
        .approve(&key, None, &person(PIN))
        .await
        .unwrap();
    paired.server.state.lock().unwrap().pending.notices = vec![notice("n1", "Old phone")];
    paired.refresh().await;
    for (words, found) in [
        ("KIOSK", 1),
        ("caf\u{c9} 42", 1),
        ("yamada kiosk", 1),
        ("creditor", 1),
        ("hanako", 3),
        ("localhost", 3),
        ("phone", 1),
        ("yamada phone", 0),
        ("nobody", 0),
        ("  ", 3),
    ] {
        assert_eq!(ids(&paired, &text(words)).await.len(), found, "{words}");
    }
    for (outcome, found) in [
        (OutcomeKind::Approved, 1),
        (OutcomeKind::Denied, 0),
        (OutcomeKind::Ended, 0),
        (OutcomeKind::Security, 2),
    ] {
        let query = HistoryQuery {
            outcome: Some(outcome),
            ..HistoryQuery::default()
        };
        assert_eq!(ids(&paired, &query).await.len(), found, "{outcome:?}");
    }
    let other = HistoryQuery {
        account: crate::LocalAccountId::parse("AAAAAAAAAAAAAAAAAAAAAA"),
        ..HistoryQuery::default()
    };
    assert!(ids(&paired, &other).await.is_empty());
}

fn notice(id: &str, name: &str) -> Notice {
    Notice {
        id: id.into(),
        at: START,
        what: NoticeKind::DeviceAdded,
        device_name: name.into(),
    }
}

#[tokio::test]
async fn a_notice_is_told_once_also_after_a_restart_and_never_hides_anything() {
    let mut paired = Paired::new().await;
    let unknown = Notice {
        what: NoticeKind::Unknown,
        ..notice("n2", "x")
    };
    let long = notice("n3", &format!("a\u{202e}{}", "b".repeat(99)));
    paired.server.state.lock().unwrap().pending.notices =
        vec![notice("n1", "Phone"), unknown, long];
    let before = *paired.device.changes().borrow();
    paired.refresh().await;
    paired.refresh().await;
    let after = *paired.device.changes().borrow();
    assert_eq!(after.notices, before.notices + 2);
    assert_eq!(after.devices, before.devices + 2);
    paired.restart();
    paired.refresh().await;
    assert_eq!(paired.device.changes().borrow().notices, 0);
    let names: Vec<_> = paired.device.history(10).await.unwrap();
    let names: Vec<_> = names
        .into_iter()
        .filter_map(|entry| match entry.event {
            HistoryEvent::Device { device_name, .. } => Some(device_name),
            _ => None,
        })
        .collect();
    let cleaned = format!("a\u{fffd}{}", "b".repeat(62));
    assert_eq!(names, [cleaned, "Phone".to_owned()]);
}

/// The line of the approval in [`with_two_decisions`].
fn approval(paired: &Paired) -> String {
    format!("{}.1", paired.account)
}

#[tokio::test]
async fn an_entry_is_verified_from_what_is_kept_alone() {
    let paired = with_two_decisions().await;
    paired
        .server
        .alter(|_, _| Err(crate::ports::TransportError::Offline("cut".into())));
    let good = EntryVerification {
        prompt: true,
        decision: true,
        receipt: true,
    };
    for line in [1, 2] {
        let id = format!("{}.{line}", paired.account);
        assert_eq!(paired.device.verify_entry(&id).await.unwrap(), good);
    }
    let paired_line = format!("{}.0", paired.account);
    assert!(matches!(
        paired.device.verify_entry(&paired_line).await,
        Err(HistoryError::NoReceipt)
    ));
    for missing in [
        "",
        "x",
        "AAAAAAAAAAAAAAAAAAAAAA.1",
        &format!("{}.9", paired.account),
    ] {
        assert!(paired.device.verify_entry(missing).await.is_err());
    }
}

#[tokio::test]
async fn evidence_that_was_put_together_from_two_decisions_does_not_verify() {
    let paired = with_two_decisions().await;
    let one = paired
        .device
        .entry_evidence(&approval(&paired))
        .await
        .unwrap();
    let other = format!("{}.2", paired.account);
    let two = paired.device.entry_evidence(&other).await.unwrap();
    let live = paired.device.live(&paired.account).unwrap();
    let session = paired.device.session(&live).await.unwrap();
    let stranger = tegata_protocol::SigningKey::make(&tegata_protocol::SystemRng::new()).0;
    let forged =
        tegata_protocol::device::prompt::sign_prompt(&stranger, &paired.server.prompt("r1", false));
    for (prompt, receipt, expected) in [
        (
            one.prompt.clone().unwrap(),
            two.receipt.unwrap(),
            (true, false, false),
        ),
        (forged, one.receipt.unwrap(), (false, false, false)),
    ] {
        let record = super::Record::Decided {
            at: START,
            prompt,
            receipt,
            metadata: one.metadata_jws.clone(),
        };
        paired.device.record(&session, &record).unwrap();
        let line = session.read_state().unwrap().history_lines - 1;
        let id = format!("{}.{line}", paired.account);
        let found = paired.device.verify_entry(&id).await.unwrap();
        assert_eq!((found.prompt, found.decision, found.receipt), expected);
    }
}

#[tokio::test]
async fn an_export_holds_every_decision_with_a_list_and_each_file_verifies() {
    let paired = with_two_decisions().await;
    let out = tempfile::tempdir().unwrap();
    let exported = paired
        .device
        .export_history(&HistoryQuery::default(), out.path())
        .await
        .unwrap();
    assert_eq!(exported.entries, 2);
    let again = paired
        .device
        .export_history(&text("kiosk"), out.path())
        .await
        .unwrap();
    assert_ne!(again.path, exported.path, "nothing is written over");
    let index = fs::read_to_string(exported.path.join("index.csv")).unwrap();
    assert_eq!(index.lines().count(), 3);
    assert!(index.contains("\"Kiosk\"") && index.contains("\"denied (not_me)\""));
    for number in 1..=2 {
        let file = exported.path.join(format!("evidence-{number:05}.json"));
        let evidence = parse_evidence_file(&fs::read(file).unwrap()).unwrap();
        verify_evidence(&evidence, paired.server.root.thumbprint()).unwrap();
    }
    let single = paired
        .device
        .export_entry(&approval(&paired), out.path())
        .await
        .unwrap();
    parse_evidence_file(&fs::read(single.path).unwrap()).unwrap();
}
