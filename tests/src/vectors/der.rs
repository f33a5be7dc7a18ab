//! ECDSA signatures taken apart, to write them in forms that strict DER does not have.

/// Order of P-256 (SEC 2 section 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The two numbers of a signature, 32 bytes each.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub(super) r: [u8; 32],
    pub(super) s: [u8; 32],
}

impl Numbers {
    /// From `r ‖ s`.
    pub(super) fn from_fixed(fixed: &[u8]) -> Self {
        let (mut r, mut s) = ([0; 32], [0; 32]);
        r.copy_from_slice(&fixed[..32]);
        s.copy_from_slice(&fixed[32..]);
        Self { r, s }
    }

    /// Whether `s` is in the lower half.
    pub(super) fn is_low(&self) -> bool {
        self.s < subtract(&ORDER, &self.s)
    }

    /// The other value of `s`, which verifies too.
    pub(super) fn flipped(mut self) -> Self {
        self.s = subtract(&ORDER, &self.s);
        self
    }

    /// Strict DER.
    pub(super) fn der(&self) -> Vec<u8> {
        sequence(&integer(&self.r), &integer(&self.s))
    }

    /// DER but for a zero byte too many before `r`.
    pub(super) fn with_leading_zero(&self) -> Vec<u8> {
        let mut content = integer_content(&self.r);
        content.insert(0, 0);
        sequence(&tagged(2, &content), &integer(&self.s))
    }

    /// BER: the sequence's length in long form.
    pub(super) fn with_long_length(&self) -> Vec<u8> {
        let mut out = self.der();
        out.insert(1, 0x81);
        out
    }

    /// `r` without the zero byte that keeps it positive; `r` must have its top bit set.
    pub(super) fn with_negative_r(&self) -> Vec<u8> {
        sequence(&tagged(2, &self.r), &integer(&self.s))
    }
}

fn subtract(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    let mut out = [0; 32];
    let mut borrow = false;
    for index in (0..32).rev() {
        let (first, under) = a[index].overflowing_sub(b[index]);
        let (second, under_again) = first.overflowing_sub(u8::from(borrow));
        out[index] = second;
        borrow = under || under_again;
    }
    out
}

fn integer_content(number: &[u8; 32]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(31);
    let mut content = number[start..].to_vec();
    if content[0] & 0x80 != 0 {
        content.insert(0, 0);
    }
    content
}

fn integer(number: &[u8; 32]) -> Vec<u8> {
    tagged(2, &integer_content(number))
}

fn sequence(first: &[u8], second: &[u8]) -> Vec<u8> {
    tagged(0x30, &[first, second].concat())
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("two numbers of 32 bytes are short");
    let mut out = vec![tag, length];
    out.extend(content);
    out
}
