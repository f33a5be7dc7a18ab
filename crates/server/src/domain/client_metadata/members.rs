//! Reading members of client metadata by their types.

use serde_json::{Map, Value};
use std::net::IpAddr;
use url::Url;

use super::{MetadataError, Offered, Result};

/// Most values of one list.
const MAX_VALUES: usize = 32;

/// Longest address, in bytes.
const MAX_ADDRESS: usize = 2048;

/// The members of one document.
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    pub(super) const fn of(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    /// Any value but `null`, which is as if the member were not there (RFC 7592 section 2.2).
    pub(super) fn value(&self, member: &'static str) -> Option<&'a Value> {
        self.0.get(member).filter(|value| !value.is_null())
    }

    /// A string.
    pub(super) fn text(&self, member: &'static str) -> Result<Option<&'a str>> {
        self.value(member)
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| MetadataError::new(member, "must be a string"))
            })
            .transpose()
    }

    /// A boolean.
    pub(super) fn flag(&self, member: &'static str) -> Result<Option<bool>> {
        self.value(member)
            .map(|value| {
                value
                    .as_bool()
                    .ok_or_else(|| MetadataError::new(member, "must be true or false"))
            })
            .transpose()
    }

    /// An array of distinct strings.
    pub(super) fn texts(&self, member: &'static str) -> Result<Option<Vec<&'a str>>> {
        let Some(value) = self.value(member) else {
            return Ok(None);
        };
        let wrong = || MetadataError::new(member, "must be an array of a few distinct strings");
        let values = value.as_array().ok_or_else(wrong)?;
        let texts: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
        let texts = texts
            .filter(|texts| texts.len() <= MAX_VALUES)
            .ok_or_else(wrong)?;
        let mut distinct = texts.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() != texts.len() {
            return Err(wrong());
        }
        Ok(Some(texts))
    }

    /// An address that the provider may call as far as its form goes: `https`, or `http` on this machine if that is
    /// offered; with a host, without user or fragment.
    pub(super) fn address(
        &self,
        member: &'static str,
        offered: &Offered,
    ) -> Result<Option<&'a str>> {
        let Some(text) = self.text(member)? else {
            return Ok(None);
        };
        let url = Url::parse(text).ok().filter(|url| {
            let secure = url.scheme() == "https"
                || (url.scheme() == "http" && offered.local_http && is_local(url));
            let bare = url.username().is_empty() && url.password().is_none();
            secure && bare && url.has_host() && url.fragment().is_none()
        });
        if url.is_none() || text.len() > MAX_ADDRESS {
            return Err(MetadataError::new(
                member,
                "must be an https URL without user and fragment",
            ));
        }
        Ok(Some(text))
    }
}

/// Whether the host is this machine.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}
