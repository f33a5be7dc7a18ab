use super::*;
use crate::ports::{AccountSecret, ApprovalKey as _, ApprovalKeyError, StoredApprovalKey};
use proptest::prelude::*;
use tegata_protocol::{Secret, SigningKey, SystemRng};

const CHEAP: Argon2Parameters = Argon2Parameters {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

fn secret(byte: u8) -> AccountSecret {
    Secret::new([byte; 32])
}

fn pin(text: &str) -> Pin {
    Pin::typed(text).unwrap()
}

#[test]
fn refuses_pins_that_anybody_would_try_first() {
    for common in [
        "000000",
        "111111",
        "123456",
        "654321",
        "234567",
        "890123",
        "121212",
        "112233",
        "123123",
        "123321",
        "111222",
        "246802",
        "147258",
        "159753",
        "19901990",
        "20242024",
        "19800101",
        "31121999",
        "010180",
        "311299",
        "990101",
        "696969",
        "12341234",
        "111222333",
    ] {
        assert_eq!(Pin::choose(common), Err(PinWeakness::Common), "{common}");
    }
}

#[test]
fn takes_pins_that_follow_no_rule() {
    for good in [
        "482913",
        "730194",
        "918273645",
        "5092837164",
        "４８２９１３",
    ] {
        assert!(Pin::choose(good).is_ok(), "{good}");
    }
}

#[test]
fn says_what_is_wrong_with_a_pin() {
    assert_eq!(Pin::choose("48291"), Err(PinWeakness::TooShort));
    assert_eq!(Pin::choose(""), Err(PinWeakness::TooShort));
    assert_eq!(Pin::choose("48291a"), Err(PinWeakness::NotDigits));
    assert_eq!(Pin::choose("48 2913"), Err(PinWeakness::NotDigits));
    assert_eq!(Pin::choose(&"4829136".repeat(5)), Err(PinWeakness::TooLong));
}

#[test]
fn full_width_digits_are_the_same_pin() {
    assert_eq!(
        Pin::typed("４８２９１３").unwrap(),
        Pin::typed("482913").unwrap()
    );
    assert!(!format!("{:?}", pin("482913")).contains("482913"));
}

proptest! {
    #[test]
    fn one_digit_repeated_and_every_run_are_common(digit in 0_u32..10, step in 0_u32..10, length in 6_u32..12) {
        let text: String = (0..length)
            .map(|i| char::from_digit((digit + i * step) % 10, 10).unwrap())
            .collect();
        prop_assert_eq!(Pin::choose(&text), Err(PinWeakness::Common));
    }

    #[test]
    fn reading_a_pin_never_panics(text in "\\PC{0,40}") {
        if let Ok(pin) = Pin::choose(&text) {
            prop_assert!((6..=32).contains(&pin.expose_digits().len()));
        }
    }

    #[test]
    fn sealed_bytes_open_whole_or_not_at_all(plain in proptest::collection::vec(any::<u8>(), 0..100), at in any::<prop::sample::Index>()) {
        let sealer = Sealer::derive(&secret(1), "file");
        let mut sealed = sealer.seal(&SystemRng::new(), b"context", &plain);
        let opened = sealer.open(b"context", &sealed).unwrap();
        prop_assert_eq!(opened.expose(), &plain);
        let at = at.index(sealed.len());
        sealed[at] ^= 1;
        prop_assert_eq!(sealer.open(b"context", &sealed), Err(SealError));
    }
}

#[test]
fn sealed_bytes_open_only_with_their_secret_label_and_context() {
    let sealed = Sealer::derive(&secret(1), "file").seal(&SystemRng::new(), b"a", b"text");
    let open = |byte, label, context: &[u8]| {
        Sealer::derive(&secret(byte), label)
            .open(context, &sealed)
            .is_ok()
    };
    assert!(open(1, "file", b"a"));
    assert!(!open(2, "file", b"a"));
    assert!(!open(1, "history", b"a"));
    assert!(!open(1, "file", b"b"));
    let short = sealed.get(..20).unwrap();
    assert!(
        Sealer::derive(&secret(1), "file")
            .open(b"a", short)
            .is_err()
    );
}

#[test]
fn a_wrapped_key_opens_only_with_its_pin_pepper_and_name() {
    let port = SoftwareApprovalKey::with_cost(SystemRng::new(), CHEAP);
    let made = port.make(&pin("482913"), &secret(1)).unwrap();
    let public = made.key.public();
    let unlock = |text: &str, byte, public| {
        port.unlock(&made.stored, public, &pin(text), &secret(byte))
            .map(|key| key.public())
    };
    assert_eq!(unlock("482913", 1, &public), Ok(public));
    assert_eq!(
        unlock("482914", 1, &public),
        Err(ApprovalKeyError::PinWrong)
    );
    assert_eq!(
        unlock("482913", 2, &public),
        Err(ApprovalKeyError::PinWrong)
    );
    let other = *SigningKey::make(&SystemRng::new()).0.public();
    assert_eq!(unlock("482913", 1, &other), Err(ApprovalKeyError::PinWrong));
}

#[test]
fn parameters_come_from_the_header_and_are_bounded() {
    let port = SoftwareApprovalKey::with_cost(SystemRng::new(), CHEAP);
    let made = port.make(&pin("482913"), &secret(1)).unwrap();
    let public = made.key.public();
    let text = serde_json::to_string(&made.stored).unwrap();
    let stored: StoredApprovalKey = serde_json::from_str(&text).unwrap();
    let standard = SoftwareApprovalKey::new(SystemRng::new());
    let opened = standard.unlock(&stored, &public, &pin("482913"), &secret(1));
    assert!(
        opened.is_ok(),
        "the cost is that of the key, not of the program"
    );
    let huge = text.replace("\"memory_kib\":8", "\"memory_kib\":4000000000");
    let stored: StoredApprovalKey = serde_json::from_str(&huge).unwrap();
    let refused = standard.unlock(&stored, &public, &pin("482913"), &secret(1));
    assert_eq!(
        refused.map(|key| key.public()),
        Err(ApprovalKeyError::Unreadable)
    );
}

#[test]
fn the_standard_cost_is_64_mib_and_three_passes() {
    let standard = Argon2Parameters::STANDARD;
    assert_eq!(
        (standard.memory_kib, standard.passes, standard.lanes),
        (65_536, 3, 1)
    );
}
