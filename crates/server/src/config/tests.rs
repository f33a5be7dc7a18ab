use super::*;

fn load(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tegata-server.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path))
}

#[test]
fn a_deeply_nested_file_is_refused_and_not_recursed_into() {
    for text in [
        "name = ".to_owned() + &"[".repeat(5000),
        "a.".repeat(5000) + "a = 1",
    ] {
        assert!(matches!(load(&text), Err(ConfigError::Invalid(_))));
    }
}

#[test]
fn the_default_file_says_what_the_defaults_are() {
    assert_eq!(load(DEFAULT_FILE).unwrap(), Config::default());
    let uncommented: String = DEFAULT_FILE
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(option)
                if option
                    .split(" = ")
                    .next()
                    .is_some_and(|key| !key.contains(' ')) =>
            {
                option
            }
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n");
    // The two examples exclude each other: with TLS the issuer is not http.
    let issuer = format!("issuer = \"{}\"", Issuer::localhost(8480));
    assert!(uncommented.contains(&issuer));
    let mut said = load(
        &uncommented
            .replace(&issuer, "issuer = \"https://id.example\"")
            .replace("key = \"…\"", "key = \"0123456789abcdef0123456789abcdef\"")
            .replace("allow_public = false", "allow_public = true"),
    )
    .unwrap();
    assert!(std::mem::take(&mut said.automation).is_on());
    assert_eq!(said.issuer.take().unwrap().as_str(), "https://id.example");
    let tls = std::mem::take(&mut said.tls);
    assert!(tls.certificate.is_some() && tls.key.is_some());
    assert!(said.callbacks.authorities.take().is_some());
    assert!(tls.client_authorities.is_some() && tls.mtls_base.is_some());
    assert!(said.registration.initial_access_token.take().is_some());
    let proxy = std::mem::take(&mut said.proxy);
    assert!(proxy.client_certificate_header.is_some() && proxy.address_header.is_some());
    assert!(said.metrics.token.take().is_some());
    assert_eq!(
        said.data_dir.take().unwrap(),
        PathBuf::from("/var/lib/tegata")
    );
    assert_eq!(said, Config::default());
}

#[test]
fn requests_are_remembered_for_as_long_as_devices_are_told_of_their_end() {
    load("[lifetimes]\nretention = 600").unwrap();
    let error = load("[lifetimes]\nretention = 599")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("lifetimes.retention") && error.contains("600") && error.contains("devices"),
        "{error}"
    );
}

#[test]
fn every_option_can_be_set_from_the_environment() {
    let json = serde_json::to_value(Config::default()).unwrap();
    for (key, value) in json.as_object().unwrap() {
        match value.as_object() {
            None => assert!(ENVIRONMENT_KEYS.contains(&key.as_str()), "{key}"),
            Some(group) => {
                for inner in group.keys() {
                    assert!(
                        ENVIRONMENT_KEYS.contains(&format!("{key}.{inner}").as_str()),
                        "{key}.{inner}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_demo_runs_only_under_a_local_issuer() {
    for issuer in ["http://localhost:8480", "http://tegata.localhost:8480"] {
        assert!(
            load(&format!("demo = true\nissuer = \"{issuer}\"")).is_ok(),
            "{issuer}"
        );
    }
    let error = load("demo = true\nissuer = \"https://id.example\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("demo") && error.contains("https://id.example"),
        "{error}"
    );
}

#[test]
fn errors_name_the_source_and_the_key() {
    let error = load("[lifetimes]\nrequest = \"soon\"")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("lifetimes.request") && error.contains("tegata-server.toml"),
        "{error}"
    );
    let error = load("lissen = \"127.0.0.1:1\"").unwrap_err().to_string();
    assert!(
        error.contains("lissen") && error.contains("tegata-server.toml"),
        "{error}"
    );
}

#[test]
fn without_tls_it_refuses_to_listen_anywhere_but_on_loopback() {
    let error = load("listen = \"0.0.0.0:8480\"").unwrap_err().to_string();
    assert!(
        error.contains("listen") && error.contains("loopback") && error.contains("TLS"),
        "{error}"
    );
}
