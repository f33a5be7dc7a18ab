//! `authorization_details` (RFC 9396): the types that the operator has described, what fits them, and how they are labelled.
//!
//! What fits is carried as it was sent to the prompt, the tokens and the evidence, so what a device could not show whole
//! and unaltered is refused here. The meaning of a type is the operator's: a member that its schema does not forbid is
//! allowed. Schemas are files on this machine; nothing is fetched.

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::{collections::BTreeMap, fmt, fs, path::Path};
use tegata_protocol::{
    device::{
        limits,
        prompt::{DetailLabel, count_leaves, detail_leaves},
    },
    ijson, text,
};

use crate::{
    config::{Config, ConfigError, ScopeTexts},
    delivery::device_info::Language,
};

/// Longest `authorization_details`, in bytes of compact JSON: with everything else a prompt stays within its limit.
pub const MAX_DETAILS: usize = 16 * 1024;

/// Levels of arrays and objects in `authorization_details`. Prompts and tokens put a few around them, and devices read
/// [`ijson::MAX_DEPTH`].
const MAX_DEPTH: usize = ijson::MAX_DEPTH - 4;

/// Longest schema, in bytes.
const MAX_SCHEMA: u64 = 256 * 1024;

/// The types that clients can be registered for.
#[derive(Debug, Default)]
pub struct DetailTypes(BTreeMap<String, DetailType>);

struct DetailType {
    schema: Validator,
    title: Option<ScopeTexts>,
    labels: Vec<(String, ScopeTexts)>,
}

impl fmt::Debug for DetailType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DetailType")
    }
}

/// Why `authorization_details` are refused (RFC 9396 section 5). The texts are sent; they hold nothing of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// No array of objects that each have a `type`.
    #[error("authorization_details must be a JSON array of objects with a type")]
    Form,
    /// Too many leaves, too long or too deep.
    #[error("authorization_details must have at most 64 leaves, 16 KiB and 12 levels")]
    Limit,
    /// A type that the client is not registered for.
    #[error("the client is not registered for a type of authorization_details")]
    NotRegistered,
    /// A member is missing, unknown or has the wrong value.
    #[error("an object of authorization_details does not fit the schema of its type")]
    Schema,
    /// Something in it could be shown only after altering it.
    #[error("authorization_details have a name or value that cannot be shown on one line as it is")]
    Text,
    /// A type that is not known here.
    #[error("a type of authorization_details is not known here")]
    UnknownType,
}

impl DetailTypes {
    /// Reads and compiles the schemas that `config` names. Relative paths start at `data_dir`.
    ///
    /// # Errors
    /// [`ConfigError::NotAllowed`] for a file that cannot be read or is no JSON Schema, or that refers to others.
    pub fn load(config: &Config, data_dir: &Path) -> Result<Self, ConfigError> {
        let mut types = BTreeMap::new();
        for (name, described) in &config.authorization_details {
            let path = data_dir.join(&described.schema);
            let not = |problem: String| ConfigError::NotAllowed {
                key: "authorization_details",
                problem: format!("{name}: {}: {problem}", path.display()),
            };
            let length = fs::metadata(&path).map_err(|error| not(error.to_string()))?;
            if length.len() > MAX_SCHEMA {
                return Err(not("longer than 256 KiB".to_owned()));
            }
            let bytes = fs::read(&path).map_err(|error| not(error.to_string()))?;
            let schema: Value =
                serde_json::from_slice(&bytes).map_err(|error| not(error.to_string()))?;
            let detail_type = DetailType {
                schema: compile(&schema).map_err(not)?,
                title: described.title.clone(),
                labels: described.labels.clone().into_iter().collect(),
            };
            types.insert(name.clone(), detail_type);
        }
        Ok(Self(types))
    }

    /// A registry of one type, without words for it.
    ///
    /// # Errors
    /// Why `schema` is no JSON Schema.
    pub(crate) fn of_schema(name: &str, schema: &Value) -> Result<Self, String> {
        let detail_type = DetailType {
            schema: compile(schema)?,
            title: None,
            labels: Vec::new(),
        };
        Ok(Self(BTreeMap::from([(name.to_owned(), detail_type)])))
    }

    /// The names of all types (`authorization_details_types_supported`), sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The objects of `details`, which was read as I-JSON, if a client that is registered for `registered` may ask for them.
    ///
    /// # Errors
    /// [`DetailsError`], the first that is found.
    pub fn check(&self, details: Value, registered: &[String]) -> Result<Vec<Value>, DetailsError> {
        let bytes = details.to_string();
        let Value::Array(details) = details else {
            return Err(DetailsError::Form);
        };
        // 1. An array of objects with a type.
        let types: Vec<&str> = details
            .iter()
            .map(|detail| detail.get("type")?.as_str())
            .collect::<Option<_>>()
            .filter(|types: &Vec<_>| !types.is_empty())
            .ok_or(DetailsError::Form)?;
        // 2. Within the limits of what is shown and signed.
        let leaves: usize = details.iter().map(count_leaves).sum();
        if leaves > limits::DETAIL_LEAVES || bytes.len() > MAX_DETAILS || is_deep(&details) {
            return Err(DetailsError::Limit);
        }
        // 3. Types that are known, and that the client may use; 4. each object fits its type.
        for (detail, name) in details.iter().zip(types) {
            let known = self.0.get(name).ok_or(DetailsError::UnknownType)?;
            if !registered.iter().any(|registered| registered == name) {
                return Err(DetailsError::NotRegistered);
            }
            if let Err(error) = known.schema.validate(detail) {
                // The place in the operator's schema, and nothing of the client's.
                tracing::debug!(r#type = name, schema = %error.schema_path(), "authorization_details.refused");
                return Err(DetailsError::Schema);
            }
        }
        // 5. A device can show all of it.
        let shown = |text: &str| text::inspect(text).defects.is_empty();
        let leaves = detail_leaves(&details, &[]);
        if !leaves
            .iter()
            .all(|leaf| shown(&leaf.pointer) && shown(&leaf.value))
        {
            return Err(DetailsError::Text);
        }
        Ok(details)
    }

    /// The operator's words for the leaves of `details`: the title of each object at its `type`, and the labels.
    pub fn labels(&self, details: &[Value], language: Language) -> Vec<DetailLabel> {
        let mut labels = Vec::new();
        for leaf in detail_leaves(details, &[]) {
            let mut parts = leaf.pointer.splitn(3, '/').skip(1);
            let (Some(index), Some(rest)) = (parts.next(), parts.next()) else {
                continue;
            };
            let detail = index
                .parse()
                .ok()
                .and_then(|index: usize| details.get(index));
            let known = detail
                .and_then(|detail| detail.get("type")?.as_str())
                .and_then(|name| self.0.get(name));
            if let Some(words) = known.and_then(|known| known.words(rest)) {
                labels.push(DetailLabel {
                    pointer: leaf.pointer.clone(),
                    text: language.choose(&words.en, &words.ja).to_owned(),
                });
            }
        }
        labels
    }
}

impl DetailType {
    /// The words for the leaf at `pointer`, which has no leading slash.
    fn words(&self, pointer: &str) -> Option<&ScopeTexts> {
        if pointer == "type" && self.title.is_some() {
            return self.title.as_ref();
        }
        let fits = |pattern: &str| {
            let (mut wanted, mut found) = (pattern.split('/').skip(1), pointer.split('/'));
            loop {
                match (wanted.next(), found.next()) {
                    (None, None) => return true,
                    (Some("*"), Some(part)) if part.bytes().all(|b| b.is_ascii_digit()) => {}
                    (Some(wanted), Some(found)) if wanted == found => {}
                    _ => return false,
                }
            }
        };
        let mut labels = self.labels.iter();
        labels
            .find(|(pattern, _)| fits(pattern))
            .map(|(_, words)| words)
    }
}

/// With patterns of the kind that is matched in linear time, since clients choose what they are matched with.
fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .offline()
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| error.to_string())
}

fn is_deep(details: &[Value]) -> bool {
    fn reaches(value: &Value, levels: usize) -> bool {
        match value {
            Value::Array(items) => {
                levels == 0 || items.iter().any(|item| reaches(item, levels - 1))
            }
            Value::Object(members) => {
                levels == 0 || members.values().any(|member| reaches(member, levels - 1))
            }
            _ => false,
        }
    }
    details.iter().any(|detail| reaches(detail, MAX_DEPTH - 1))
}

#[cfg(test)]
mod tests;
