//! What a configuration lets clients register for.

use super::Config;
use crate::domain::Offered;

impl Config {
    /// What clients may register for. Whoever publishes what the provider offers reads it here too.
    pub fn offered(&self) -> Offered {
        let profile = self.profile;
        let sees_certificates = self.tls.is_on() || self.proxy.client_certificate_header.is_some();
        let may_use = |method: &&str| match *method {
            "tls_client_auth" => sees_certificates && self.tls.client_authorities.is_some(),
            "self_signed_tls_client_auth" => sees_certificates,
            _ => true,
        };
        let methods = profile.authentication_methods().iter().copied();
        Offered {
            authentication_methods: methods.filter(may_use).collect(),
            delivery_modes: profile.delivery_modes().to_vec(),
            client_algorithms: profile.client_algorithms().to_vec(),
            id_token_algorithms: self.id_token_algorithms(),
            authorization_details_types: self.authorization_details.keys().cloned().collect(),
            dpop: profile.offers_dpop(),
            certificates: sees_certificates,
            binds_to_certificates: profile.wants_certificates(),
            wants_signed_requests: profile.wants_signed_requests(),
            local_http: self.demo,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_with_certificates_are_offered_where_certificates_are_seen() {
        let methods = |text: &str| {
            Config::parse(text)
                .unwrap()
                .offered()
                .authentication_methods
        };
        let plain = methods("");
        assert!(plain.contains(&"client_secret_basic") && plain.contains(&"private_key_jwt"));
        assert!(!plain.iter().any(|method| method.contains("tls")));
        let proxied = "[proxy]\naddresses = [\"127.0.0.1\"]\n\
                       client_certificate_header = \"client-cert\"";
        assert!(methods(proxied).contains(&"self_signed_tls_client_auth"));
        assert!(!methods(proxied).contains(&"tls_client_auth"));
        let both = format!("{proxied}\n[tls]\nclient_authorities = \"authorities.pem\"");
        assert!(methods(&both).contains(&"tls_client_auth"));
        let fapi = methods("profile = \"fapi-ciba\"");
        assert_eq!(fapi, ["private_key_jwt"]);
    }
}
