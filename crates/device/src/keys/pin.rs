//! PINs: what may be chosen, and how a typed one is read.

use tegata_protocol::Secret;

/// Fewest digits of a PIN.
pub const MIN_PIN_DIGITS: usize = 6;
/// Most digits of a PIN.
pub const MAX_PIN_DIGITS: usize = 32;

/// A PIN as digits. A secret: `Debug` says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(Secret<String>);

/// Why a PIN may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PinWeakness {
    /// Among those that everybody tries first.
    #[error("this PIN is among the first that anybody would try; choose another")]
    Common,
    /// Characters other than digits.
    #[error("a PIN has digits only")]
    NotDigits,
    /// Fewer than [`MIN_PIN_DIGITS`].
    #[error("a PIN has at least six digits")]
    TooShort,
    /// More than [`MAX_PIN_DIGITS`].
    #[error("a PIN has at most 32 digits")]
    TooLong,
}

impl Pin {
    /// Reads a PIN as typed: full-width digits count as digits. Weak ones are read too, for keys that are there
    /// already; whether one may be chosen is [`Pin::choose`].
    ///
    /// # Errors
    /// [`PinWeakness::NotDigits`], [`PinWeakness::TooShort`], [`PinWeakness::TooLong`].
    pub fn typed(text: &str) -> Result<Self, PinWeakness> {
        let mut digits = Vec::with_capacity(text.len().min(MAX_PIN_DIGITS));
        for c in text.trim().chars() {
            let digit = match c {
                '0'..='9' => c.to_digit(10),
                '\u{ff10}'..='\u{ff19}' => Some(u32::from(c) - 0xff10),
                _ => None,
            };
            let digit = digit.ok_or(PinWeakness::NotDigits)?;
            if digits.len() == MAX_PIN_DIGITS {
                return Err(PinWeakness::TooLong);
            }
            digits.push(b'0' + u8::try_from(digit).unwrap_or_default());
        }
        if digits.len() < MIN_PIN_DIGITS {
            return Err(PinWeakness::TooShort);
        }
        let text = String::from_utf8(digits).map_err(|_| PinWeakness::NotDigits)?;
        Ok(Self(Secret::new(text)))
    }

    /// Reads a PIN to be chosen, refusing what is tried first: well-known ones, one digit or one short group repeated,
    /// runs up or down, keypad lines, and dates.
    ///
    /// # Errors
    /// [`PinWeakness`].
    pub fn choose(text: &str) -> Result<Self, PinWeakness> {
        let pin = Self::typed(text)?;
        pin.check_choice()?;
        Ok(pin)
    }

    /// Whether a PIN that was read may be chosen.
    ///
    /// # Errors
    /// [`PinWeakness::Common`].
    pub fn check_choice(&self) -> Result<(), PinWeakness> {
        // EXPOSE: the policy looks at the digits.
        if is_common(self.0.expose().as_bytes()) {
            Err(PinWeakness::Common)
        } else {
            Ok(())
        }
    }

    /// The digits in ASCII, for the key derivation.
    pub fn expose_digits(&self) -> &[u8] {
        // EXPOSE: the key derivation hashes the digits.
        self.0.expose().as_bytes()
    }
}

/// Six and more digits that lists of leaked PINs put first and that no rule below covers.
const WELL_KNOWN: [&str; 24] = [
    "159753", "147258", "147852", "159357", "258456", "142536", "123654", "321456", "112358",
    "314159", "271828", "141421", "101010", "202020", "007007", "420420", "696969", "147896",
    "789456", "456789", "102030", "246810", "135790", "13579024",
];

fn is_common(digits: &[u8]) -> bool {
    WELL_KNOWN.iter().any(|known| known.as_bytes() == digits)
        || has_few_digits(digits)
        || is_repeated_group(digits)
        || is_run(digits)
        || is_mirrored_or_doubled_run(digits)
        || is_date(digits)
}

/// At most two different digits, such as 111222 or 121211.
fn has_few_digits(digits: &[u8]) -> bool {
    let mut seen = [false; 10];
    for digit in digits {
        if let Some(slot) = seen.get_mut(usize::from(digit.wrapping_sub(b'0'))) {
            *slot = true;
        }
    }
    seen.iter().filter(|seen| **seen).count() <= 2
}

/// One group of up to half the length repeated: 123123, 19901990.
fn is_repeated_group(digits: &[u8]) -> bool {
    (1..=digits.len() / 2).any(|length| {
        digits.len().is_multiple_of(length)
            && digits
                .chunks(length)
                .all(|chunk| chunk == &digits[..length])
    })
}

/// Every step the same, also over 9 to 0: 123456, 987654, 246802, 678901.
fn is_run(digits: &[u8]) -> bool {
    let step = |pair: &[u8]| (pair[1] + 10 - pair[0]) % 10;
    let mut steps = digits.windows(2).map(step);
    steps
        .next()
        .is_some_and(|first| steps.all(|other| other == first))
}

/// 123321, 112233, 111222333.
fn is_mirrored_or_doubled_run(digits: &[u8]) -> bool {
    let (half, rest) = digits.split_at(digits.len() / 2);
    let mirrored =
        digits.len().is_multiple_of(2) && is_run(half) && half.iter().eq(rest.iter().rev());
    let mut groups: Vec<(u8, usize)> = Vec::new();
    for digit in digits {
        match groups.last_mut() {
            Some((last, count)) if last == digit => *count += 1,
            _ => groups.push((*digit, 1)),
        }
    }
    let even = groups.iter().all(|(_, count)| *count == groups[0].1);
    let singles: Vec<u8> = groups.iter().map(|(digit, _)| *digit).collect();
    mirrored || (even && groups[0].1 > 1 && (singles.len() < 3 || is_run(&singles)))
}

/// A day: YYMMDD, DDMMYY, MMDDYY, YYYYMM, MMYYYY, YYYYMMDD, DDMMYYYY, MMDDYYYY, or two years of 19xx and 20xx in a row.
fn is_date(digits: &[u8]) -> bool {
    let two = |at: usize| u32::from(digits[at] - b'0') * 10 + u32::from(digits[at + 1] - b'0');
    let month = |at: usize| (1..=12).contains(&two(at));
    let day = |at: usize| (1..=31).contains(&two(at));
    let year = |at: usize| matches!(two(at), 19 | 20);
    match digits.len() {
        6 => {
            (month(2) && day(4))
                || (day(0) && month(2))
                || (month(0) && day(2))
                || (year(0) && month(4))
                || (month(0) && year(2))
        }
        8 => {
            (year(0) && ((month(4) && day(6)) || year(4)))
                || (year(4) && ((day(0) && month(2)) || (month(0) && day(2))))
        }
        _ => false,
    }
}
