//! Which IP addresses are public, and which others an operator allows.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// IPv4 ranges that are not public (IANA's registry of special purposes), and one public address that stands for the
/// inside of a cloud.
const NOT_PUBLIC: [(Ipv4Addr, u8); 17] = [
    (Ipv4Addr::UNSPECIFIED, 8),            // "this network", RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carriers' NAT, RFC 6598; some clouds' metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback, RFC 1122
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's agent endpoint
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, RFC 3927; most clouds' metadata
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation, RFC 5737
    (Ipv4Addr::new(192, 31, 196, 0), 24),  // AS112, RFC 7535
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved and broadcast, RFC 1112
];

/// What is public of IPv6 lies in this; unspecified, loopback, unique local, link-local, site-local and multicast do not.
const GLOBAL_UNICAST: Network = Network::V6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is not, within it.
const NOT_PUBLIC_V6: [Network; 3] = [
    // Protocol assignments, RFC 2928: Teredo, ORCHID, benchmarks.
    Network::V6(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation, RFC 3849 and RFC 9637.
    Network::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Network::V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// NAT64's well-known prefix, RFC 6052: the last 32 bits are an IPv4 address.
const NAT64: Network = Network::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// 6to4, RFC 3056: the 32 bits after the prefix are an IPv4 address.
const SIX_TO_FOUR: Network = Network::V6(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);

/// Whether an address is public. Forms that stand for an IPv4 address are what that address is.
pub(super) fn is_public(address: IpAddr) -> bool {
    match carried(address) {
        IpAddr::V4(address) => !NOT_PUBLIC
            .iter()
            .any(|(net, prefix)| Network::V4(*net, *prefix).contains(IpAddr::V4(address))),
        IpAddr::V6(address) => {
            let address = IpAddr::V6(address);
            GLOBAL_UNICAST.contains(address)
                && !NOT_PUBLIC_V6.iter().any(|net| net.contains(address))
        }
    }
}

/// The IPv4 address for which a mapped, 6to4 or NAT64 one stands; any other as it is.
pub(super) fn carried(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let [.., a, b, c, d] = v6.octets();
    if v6.to_ipv4_mapped().is_some() || NAT64.contains(address) {
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    if SIX_TO_FOUR.contains(address) {
        let [_, _, a, b, c, d, ..] = v6.octets();
        return IpAddr::V4(Ipv4Addr::new(a, b, c, d));
    }
    address
}

/// A range of addresses: a base and how many of its leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    V4(Ipv4Addr, u8),
    V6(Ipv6Addr, u8),
}

impl Network {
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::V4(base, prefix), IpAddr::V4(address)) => {
                let differing = u32::from(*base) ^ u32::from(address);
                differing.leading_zeros() >= u32::from(*prefix)
            }
            (Self::V6(base, prefix), IpAddr::V6(address)) => {
                let differing = u128::from(*base) ^ u128::from(address);
                differing.leading_zeros() >= u32::from(*prefix)
            }
            _ => false,
        }
    }
}

/// What an operator allows to be called although it is not public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedPeer(pub(super) Peer);

/// Its two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Peer {
    /// A host by its name, in lower case: whatever addresses it has, at any port.
    Host(String),
    /// A range of addresses, at the allowed ports.
    Network(Network),
}

/// Neither a host name nor a range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a host name nor addresses such as 10.0.0.0/8, fd00::/8 or 10.1.2.3")]
pub struct InvalidPeerError(String);

impl FromStr for AllowedPeer {
    type Err = InvalidPeerError;

    fn from_str(text: &str) -> Result<Self, InvalidPeerError> {
        let invalid = || InvalidPeerError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => {
                let prefix = prefix.parse::<u8>().map_err(|_| invalid())?;
                (address, Some(prefix))
            }
            None => (text, None),
        };
        let network = match (address.parse(), prefix) {
            (Ok(IpAddr::V4(address)), prefix @ (None | Some(0..=32))) => {
                Network::V4(address, prefix.unwrap_or(32))
            }
            (Ok(IpAddr::V6(address)), prefix @ (None | Some(0..=128))) => {
                Network::V6(address, prefix.unwrap_or(128))
            }
            (Ok(_), Some(_)) => return Err(invalid()),
            (Err(_), _) => {
                let name = text.to_ascii_lowercase();
                let is_label = |label: &str| {
                    !label.is_empty()
                        && label
                            .bytes()
                            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
                };
                return if name.split('.').all(is_label) {
                    Ok(Self(Peer::Host(name)))
                } else {
                    Err(invalid())
                };
            }
        };
        Ok(Self(Peer::Network(network)))
    }
}

impl TryFrom<String> for AllowedPeer {
    type Error = InvalidPeerError;

    fn try_from(text: String) -> Result<Self, InvalidPeerError> {
        text.parse()
    }
}

impl From<AllowedPeer> for String {
    fn from(peer: AllowedPeer) -> Self {
        peer.to_string()
    }
}

impl fmt::Display for AllowedPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Peer::Host(name) => f.write_str(name),
            Peer::Network(Network::V4(base, prefix)) => write!(f, "{base}/{prefix}"),
            Peer::Network(Network::V6(base, prefix)) => write!(f, "{base}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(address: &str) -> bool {
        is_public(address.parse().unwrap())
    }

    #[test]
    fn addresses_of_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "223.255.255.255",
            "2600::1",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert!(public(address), "{address}");
        }
    }

    #[test]
    fn special_addresses_and_what_stands_for_them_are_not_public() {
        for address in [
            "0.0.0.0",
            "10.255.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn an_operator_names_ranges_addresses_and_hosts() {
        let text = |text: &str| text.parse::<AllowedPeer>().map(|peer| peer.to_string());
        for (given, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
            ("LocalHost", "localhost"),
            ("rp.internal", "rp.internal"),
        ] {
            assert_eq!(text(given).unwrap(), read);
        }
        for given in [
            "",
            "10.0.0.0/33",
            "::1/129",
            "10.0.0.0/",
            "a/8",
            "a..b",
            "https://a",
            "a b",
        ] {
            assert!(text(given).is_err(), "{given}");
        }
    }
}
