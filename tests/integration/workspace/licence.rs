//! SPDX licence expressions (SPDX specification, annex "SPDX license expressions"), as far as manifests use
//! them: identifiers, `AND`, `OR`, `WITH`, parentheses, and cargo's old `/` for `OR`.

/// Licences under which a dependency can be shipped with an app under Apache-2.0 or MIT, unchanged and with
/// their texts.
pub(super) const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Data: Mozilla's root certificates.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    // File-level copyleft: allowed because such files are used unchanged.
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Allowed licences with an exception that gives more rights than the licence alone.
pub(super) const ALLOWED_WITH_EXCEPTION: [&str; 1] = ["Apache-2.0 WITH LLVM-exception"];

/// Whether a way of choosing among the `OR`s leaves allowed licences only.
///
/// # Errors
///
/// The expression is not well-formed.
pub(super) fn is_allowed(expression: &str) -> Result<bool, Malformed> {
    let tokens = tokens(expression);
    let mut parser = Parser { rest: &tokens };
    let allowed = parser.any()?;
    if parser.rest.is_empty() {
        Ok(allowed)
    } else {
        Err(Malformed)
    }
}

/// Not an SPDX expression.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

fn tokens(expression: &str) -> Vec<&str> {
    expression
        .split_inclusive(['(', ')', '/', ' '])
        .flat_map(|piece| {
            let (word, separator) = match piece.strip_suffix(['(', ')', '/', ' ']) {
                Some(word) => (word, piece.strip_prefix(word).unwrap_or_default()),
                None => (piece, ""),
            };
            [word, separator]
        })
        .map(|token| if token == "/" { "OR" } else { token.trim() })
        .filter(|token| !token.is_empty())
        .collect()
}

/// Decides while it reads; `AND` binds tighter than `OR`, `WITH` tighter than both.
struct Parser<'a> {
    rest: &'a [&'a str],
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Result<bool, Malformed> {
        let mut allowed = self.all()?;
        while self.take("OR") {
            allowed |= self.all()?;
        }
        Ok(allowed)
    }

    fn all(&mut self) -> Result<bool, Malformed> {
        let mut allowed = self.one()?;
        while self.take("AND") {
            allowed &= self.one()?;
        }
        Ok(allowed)
    }

    fn one(&mut self) -> Result<bool, Malformed> {
        if self.take("(") {
            let allowed = self.any()?;
            return if self.take(")") {
                Ok(allowed)
            } else {
                Err(Malformed)
            };
        }
        let licence = self.identifier()?;
        if self.take("WITH") {
            let exception = self.identifier()?;
            let both = format!("{licence} WITH {exception}");
            return Ok(ALLOWED_WITH_EXCEPTION.contains(&both.as_str()));
        }
        Ok(ALLOWED.contains(&licence))
    }

    fn identifier(&mut self) -> Result<&'a str, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed)?;
        let is_operator = matches!(*first, "AND" | "OR" | "WITH" | "(" | ")");
        let is_identifier = first
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':'));
        if is_operator || !is_identifier {
            return Err(Malformed);
        }
        self.rest = rest;
        Ok(first)
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == token => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

#[test]
fn decides_expressions_by_their_structure() {
    for (expression, expected) in [
        ("MIT", Ok(true)),
        ("GPL-3.0-only", Ok(false)),
        ("MIT OR GPL-3.0-only", Ok(true)),
        ("GPL-3.0-only OR MIT", Ok(true)),
        ("MIT AND GPL-3.0-only", Ok(false)),
        ("MIT AND BSD-3-Clause", Ok(true)),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", Ok(true)),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", Ok(false)),
        // AND binds tighter: MIT alone is a choice here, and is not one in the line after it.
        ("MIT OR Apache-2.0 AND GPL-3.0-only", Ok(true)),
        (
            "(MIT OR Apache-2.0) AND GPL-3.0-only OR LGPL-3.0-only",
            Ok(false),
        ),
        ("MIT/Apache-2.0", Ok(true)),
        ("GPL-2.0 / MIT", Ok(true)),
        ("GPL-2.0/LGPL-2.1", Ok(false)),
        ("Apache-2.0 WITH LLVM-exception", Ok(true)),
        ("Apache-2.0 WITH Other-exception", Ok(false)),
        ("GPL-2.0-only WITH Classpath-exception-2.0", Ok(false)),
        ("Apache-2.0 WITH Other-exception OR MIT", Ok(true)),
        ("((MIT))", Ok(true)),
        ("mit", Ok(false)),
        ("", Err(Malformed)),
        ("MIT OR", Err(Malformed)),
        ("OR MIT", Err(Malformed)),
        ("MIT Apache-2.0", Err(Malformed)),
        ("(MIT", Err(Malformed)),
        ("MIT)", Err(Malformed)),
        ("()", Err(Malformed)),
        ("MIT WITH", Err(Malformed)),
        ("MIT, Apache-2.0", Err(Malformed)),
    ] {
        assert_eq!(is_allowed(expression), expected, "{expression:?}");
    }
}
