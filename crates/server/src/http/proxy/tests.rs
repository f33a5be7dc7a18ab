use super::*;
use axum::http::{HeaderName, HeaderValue};
use rcgen::{CertificateParams, KeyPair};

const PROXY: &str = "10.0.0.1";

fn proxy() -> ProxyConfig {
    ProxyConfig {
        addresses: vec![PROXY.parse().unwrap(), "10.0.0.2".parse().unwrap()],
        client_certificate_header: Some("X-SSL-Cert".to_owned()),
        address_header: Some("X-Forwarded-For".to_owned()),
    }
}

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    fields
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::try_from(*name).unwrap(),
                HeaderValue::try_from(*value).unwrap(),
            )
        })
        .collect()
}

fn peer(address: &str, certificate: Option<ClientCertificate>) -> Peer {
    Peer {
        address: SocketAddr::new(address.parse().unwrap(), 1),
        certificate,
    }
}

fn make() -> rcgen::Certificate {
    let params = CertificateParams::new(vec!["client.example".to_owned()]).unwrap();
    params.self_signed(&KeyPair::generate().unwrap()).unwrap()
}

/// As `ngx_escape_uri` writes it.
fn escaped(pem: &str) -> String {
    pem.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

fn sequence(der: &[u8]) -> String {
    format!(":{}:", BASE64.encode(der))
}

#[test]
fn a_trusted_proxy_hands_on_a_certificate_in_either_form() {
    let (leaf, other) = (make(), make());
    let expected = ClientCertificate::of(&[leaf.der().clone()]);
    for value in [escaped(&leaf.pem()), sequence(leaf.der())] {
        let headers = headers(&[("x-ssl-cert", &value)]);
        let sender = sender(&proxy(), &peer(PROXY, None), &headers);
        assert_eq!(sender.certificate, expected);
    }
    let chain = [leaf.der().clone(), other.der().clone()];
    let expected = ClientCertificate::of(&chain);
    let pem = escaped(&(leaf.pem() + &other.pem()));
    for fields in [
        headers(&[("x-ssl-cert", &pem)]),
        headers(&[
            ("x-ssl-cert", &sequence(leaf.der())),
            ("x-ssl-cert-chain", &sequence(other.der())),
        ]),
    ] {
        let sender = sender(&proxy(), &peer(PROXY, None), &fields);
        assert_eq!(sender.certificate, expected);
    }
}

#[test]
fn nobody_else_can_speak_for_another_certificate_or_address() {
    let (leaf, own) = (make(), make());
    let own = ClientCertificate::of(&[own.der().clone()]);
    let headers = headers(&[
        ("x-ssl-cert", &escaped(&leaf.pem())),
        ("x-forwarded-for", "192.0.2.7"),
    ]);
    for (address, certificate) in [("10.0.0.3", None), ("10.0.0.3", own), ("::1", None)] {
        let sender = sender(&proxy(), &peer(address, certificate.clone()), &headers);
        assert_eq!(sender.address, address.parse::<IpAddr>().unwrap());
        assert_eq!(sender.certificate, certificate);
    }
    let none = ProxyConfig::default();
    let sender = sender(&none, &peer(PROXY, None), &headers);
    assert_eq!(sender.address, PROXY.parse::<IpAddr>().unwrap());
    assert_eq!(sender.certificate, None);
}

#[test]
fn a_trusted_proxys_own_certificate_is_not_its_clients() {
    let own = ClientCertificate::of(&[make().der().clone()]);
    for fields in [headers(&[]), headers(&[("x-ssl-cert", "")])] {
        let sender = sender(&proxy(), &peer(PROXY, own.clone()), &fields);
        assert_eq!(sender.certificate, None);
    }
    let without = ProxyConfig {
        client_certificate_header: None,
        ..proxy()
    };
    let certificate =
        |config: &ProxyConfig| sender(config, &peer(PROXY, own.clone()), &headers(&[])).certificate;
    assert_eq!(certificate(&without), None, "who writes addresses ends TLS");
    let through = ProxyConfig {
        address_header: None,
        ..without
    };
    assert_eq!(certificate(&through), own, "nothing hides the client's");
}

#[test]
fn what_cannot_be_read_is_no_certificate() {
    let leaf = make();
    let good = escaped(&leaf.pem());
    let large = sequence(&vec![0; MAX_CERTIFICATE + 1]);
    let many = escaped(&leaf.pem().repeat(MAX_CHAIN + 1));
    for fields in [
        vec!["garbage"],
        vec!["%2"],
        vec!["%zz"],
        vec![":AAA"],
        vec![":A:"],
        vec!["-----BEGIN CERTIFICATE-----"],
        vec![large.as_str()],
        vec![many.as_str()],
        // One of them may have been written by the client.
        vec![good.as_str(), good.as_str()],
    ] {
        let fields: Vec<_> = fields.iter().map(|value| ("x-ssl-cert", *value)).collect();
        let found = certificate(&headers(&fields), "X-SSL-Cert");
        assert!(found.is_err(), "{found:?}");
        let sender = sender(&proxy(), &peer(PROXY, None), &headers(&fields));
        assert_eq!(sender.certificate, None);
    }
}

#[test]
fn the_address_is_the_last_one_that_is_not_a_proxys() {
    for (fields, expected) in [
        (vec![], PROXY),
        (vec!["192.0.2.7"], "192.0.2.7"),
        (vec!["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        (vec!["192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        (vec!["192.0.2.7", "10.0.0.2"], "192.0.2.7"),
        (vec!["127.0.0.1", "192.0.2.7:4711"], "192.0.2.7"),
        (vec!["[2001:db8::1]:4711"], "2001:db8::1"),
        (vec!["2001:db8::1"], "2001:db8::1"),
        (vec!["::ffff:192.0.2.7"], "192.0.2.7"),
        (vec!["192.0.2.7, unknown, 10.0.0.2"], "10.0.0.2"),
        (vec!["10.0.0.2"], "10.0.0.2"),
        (vec!["unknown"], PROXY),
        (vec![""], PROXY),
    ] {
        let named: Vec<_> = fields.iter().map(|one| ("x-forwarded-for", *one)).collect();
        let sender = sender(&proxy(), &peer(PROXY, None), &headers(&named));
        let expected: IpAddr = expected.parse().unwrap();
        assert_eq!(sender.address, expected, "{fields:?}");
    }
}
