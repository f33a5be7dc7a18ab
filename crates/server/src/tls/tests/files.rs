//! What is read, what is refused, and when a pair takes the place of another.

use data_encoding::BASE64_MIME;
use rcgen::KeyPair;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use std::{fs, sync::Arc};
use tegata_protocol::UnixTime;

use super::authority::{Authority, RSA_KEY, files_in, write_pair};
use crate::tls::{ClientAuthorities, Look, Material, Renewal, TlsError, TlsFiles};

const NOW: UnixTime = UnixTime(1_800_000_000);

struct Scratch {
    authority: Authority,
    files: TlsFiles,
    _folder: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let this = Self {
            authority: Authority::make(),
            files: files_in(folder.path()),
            _folder: folder,
        };
        this.authority.renew(&this.files);
        this
    }

    fn refusal(&self) -> TlsError {
        Material::load(&self.files).unwrap_err()
    }
}

/// `PRIVATE KEY` holds the older forms as its last part.
fn older_form(key: &KeyPair, begins: usize, label: &str) -> String {
    let inner = BASE64_MIME.encode(&key.serialized_der()[begins..]);
    format!("-----BEGIN {label}-----\n{inner}-----END {label}-----\n")
}

#[test]
fn keys_are_read_in_all_three_forms() {
    let scratch = Scratch::new();
    let (rsa, ec) = (
        KeyPair::from_pem(RSA_KEY).unwrap(),
        KeyPair::generate().unwrap(),
    );
    for (key, text) in [
        (&rsa, RSA_KEY.to_owned()),
        (&rsa, older_form(&rsa, 26, "RSA PRIVATE KEY")),
        (&ec, ec.serialize_pem()),
        (&ec, older_form(&ec, 29, "EC PRIVATE KEY")),
    ] {
        let certificate = scratch.authority.certify(key, 4_000_000_000);
        write_pair(&scratch.files, &certificate, &text);
        let material = Material::load(&scratch.files).unwrap();
        assert!(material.names("localhost") && !material.names("other.example"));
    }
}

#[test]
fn a_certificate_is_valid_up_to_its_last_second() {
    let scratch = Scratch::new();
    let key = KeyPair::generate().unwrap();
    let certificate = scratch.authority.certify(&key, 1_800_000_000);
    write_pair(&scratch.files, &certificate, &key.serialize_pem());
    let material = Material::load(&scratch.files).unwrap();
    assert_eq!(material.until(), NOW);
    assert!(material.until_date().contains("15 Jan 2027"));
    assert!(material.is_valid_at(NOW) && !material.is_valid_at(UnixTime(NOW.0 + 1)));
    assert!(material.subject().contains("CN="), "{}", material.subject());
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    for mode in [0o640, 0o604, 0o644] {
        fs::set_permissions(&scratch.files.key, fs::Permissions::from_mode(mode)).unwrap();
        let error = scratch.refusal();
        assert!(matches!(error, TlsError::Exposed(_)), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn files_that_hold_something_else_are_refused_by_name_and_nothing_of_a_key_is_said() {
    let scratch = Scratch::new();
    let (good_certificate, good_key) = (
        fs::read_to_string(&scratch.files.certificate).unwrap(),
        fs::read_to_string(&scratch.files.key).unwrap(),
    );
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for certificate in [
        "",
        "no certificate",
        &good_key,
        damaged,
        "-----BEGIN CERTIFICATE-----\nAA",
    ] {
        write_pair(&scratch.files, certificate, &good_key);
        let error = scratch.refusal();
        assert!(matches!(error, TlsError::NoCertificate { .. }), "{error}");
        assert!(error.to_string().contains("chain.pem"), "{error}");
    }
    let secret = good_key.lines().nth(1).unwrap();
    let cut = good_key.replace("-----END PRIVATE KEY-----", "");
    for key in [
        "",
        "no key",
        &good_certificate,
        &cut,
        &good_key.replace(secret, "AAAA"),
    ] {
        write_pair(&scratch.files, &good_certificate, key);
        let error = scratch.refusal();
        assert!(matches!(error, TlsError::NoKey(_)), "{error}");
        assert!(error.to_string().contains("key.pem"), "{error}");
        assert!(!error.to_string().contains(secret), "{error}");
    }
    fs::remove_file(&scratch.files.certificate).unwrap();
    let error = scratch.refusal();
    assert!(matches!(error, TlsError::Io { .. }), "{error}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let scratch = Scratch::new();
    let certificate = fs::read_to_string(&scratch.files.certificate).unwrap();
    write_pair(
        &scratch.files,
        &certificate,
        &KeyPair::generate().unwrap().serialize_pem(),
    );
    let error = scratch.refusal();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
}

#[test]
fn a_new_pair_is_in_force_once_two_looks_found_it_the_same() {
    let scratch = Scratch::new();
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    let first = renewal.material();
    for _ in 0..2 {
        assert!(
            matches!(renewal.look(NOW), Look::Nothing),
            "nothing has changed"
        );
    }
    scratch.authority.renew(&scratch.files);
    assert!(
        matches!(renewal.look(NOW), Look::Nothing),
        "it may still be written"
    );
    assert!(Arc::ptr_eq(&first, &renewal.material()));
    assert!(matches!(renewal.look(NOW), Look::Renewed));
    assert!(!Arc::ptr_eq(&first, &renewal.material()));
    assert!(
        matches!(renewal.look(NOW), Look::Nothing),
        "it is read once"
    );
}

#[test]
fn who_is_told_to_reload_does_not_wait() {
    let scratch = Scratch::new();
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    scratch.authority.renew(&scratch.files);
    assert!(matches!(renewal.reload(NOW), Look::Renewed));
    for _ in 0..2 {
        assert!(matches!(renewal.look(NOW), Look::Nothing));
    }
}

#[test]
fn a_bad_pair_is_refused_once_and_the_earlier_one_stays_in_force() {
    let scratch = Scratch::new();
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    let first = renewal.material();
    let key = KeyPair::generate().unwrap();
    let over = scratch.authority.certify(&key, 1_799_999_999);
    for (certificate, key) in [
        ("garbage", "garbage".to_owned()),
        (over.as_str(), key.serialize_pem()),
        (over.as_str(), KeyPair::generate().unwrap().serialize_pem()),
    ] {
        write_pair(&scratch.files, certificate, &key);
        assert!(matches!(renewal.look(NOW), Look::Nothing));
        let look = renewal.look(NOW);
        assert!(matches!(look, Look::Refused(_)), "{look:?}");
        assert!(matches!(renewal.look(NOW), Look::Nothing), "said once");
        assert!(Arc::ptr_eq(&first, &renewal.material()));
    }
    fs::remove_file(&scratch.files.key).unwrap();
    assert!(matches!(renewal.look(NOW), Look::Nothing));
    assert!(matches!(
        renewal.look(NOW),
        Look::Refused(TlsError::Io { .. })
    ));
    scratch.authority.renew(&scratch.files);
    assert!(matches!(renewal.look(NOW), Look::Nothing));
    assert!(matches!(renewal.look(NOW), Look::Renewed));
}

#[test]
fn the_first_pair_is_served_even_when_its_time_is_over_and_a_bad_one_is_an_error() {
    let scratch = Scratch::new();
    let key = KeyPair::generate().unwrap();
    let over = scratch.authority.certify(&key, 1_799_999_999);
    write_pair(&scratch.files, &over, &key.serialize_pem());
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    assert!(!renewal.material().is_valid_at(NOW));
    write_pair(&scratch.files, "garbage", &key.serialize_pem());
    assert!(Renewal::open(scratch.files.clone(), NOW).is_err());
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_in_force_once_it_is() {
    let scratch = Scratch::new();
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    let key = KeyPair::generate().unwrap();
    let opens = UnixTime(NOW.0 + 3600);
    let certificate = scratch
        .authority
        .certify_between(&key, 1_800_003_600, 4_000_000_000);
    write_pair(&scratch.files, &certificate, &key.serialize_pem());
    assert!(matches!(renewal.look(NOW), Look::Nothing));
    let refused = renewal.look(NOW);
    assert!(
        matches!(&refused, Look::Refused(TlsError::NotNow { opens: Some(at), .. }) if *at == opens),
        "{refused:?}"
    );
    for _ in 0..200 {
        assert!(matches!(renewal.look(NOW), Look::Nothing), "said once");
    }
    assert!(matches!(renewal.look(opens), Look::Renewed));
    assert!(matches!(renewal.look(opens), Look::Nothing));
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_for_a_moment_is_tried_again_ever_more_rarely() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let renewal = Renewal::open(scratch.files.clone(), NOW).unwrap();
    scratch.authority.renew(&scratch.files);
    let mode = |mode| {
        fs::set_permissions(&scratch.files.key, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    assert!(matches!(renewal.look(NOW), Look::Nothing), "still written");
    let refused = renewal.look(NOW);
    assert!(matches!(refused, Look::Refused(TlsError::Exposed(_))));
    for pause in [1, 2, 4, 8, 16, 32, 64, 64] {
        for _ in 1..pause {
            assert!(matches!(renewal.look(NOW), Look::Nothing), "{pause}");
        }
        let refused = renewal.look(NOW);
        assert!(matches!(refused, Look::Refused(_)), "{pause}");
    }
    // Permissions are no change of the file.
    mode(0o600);
    let renewed = (0..64).any(|_| matches!(renewal.look(NOW), Look::Renewed));
    assert!(renewed);
    assert!(matches!(renewal.look(NOW), Look::Nothing));
}

#[test]
fn the_authorities_of_clients_are_followed_and_a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authorities.pem");
    let [first, second] = [Authority::make(), Authority::make()];
    fs::write(&file, first.pem()).unwrap();
    let authorities = ClientAuthorities::open(Some(file.clone())).unwrap();
    let leaf = |authority: &Authority| {
        let key = KeyPair::generate().unwrap();
        let pem = authority.certify(&key, 4_000_000_000);
        CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
    };
    let (of_first, of_second) = (leaf(&first), leaf(&second));
    let vouched =
        |leaf: &CertificateDer<'static>| authorities.vouch(std::slice::from_ref(leaf), NOW).is_ok();
    assert!(vouched(&of_first) && !vouched(&of_second));
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for bad in ["", "garbage", damaged] {
        fs::write(&file, bad).unwrap();
        assert!(matches!(authorities.look(NOW), Look::Nothing));
        assert!(matches!(authorities.look(NOW), Look::Refused(_)), "{bad}");
        assert!(vouched(&of_first) && !vouched(&of_second));
        assert!(ClientAuthorities::open(Some(file.clone())).is_err());
    }
    fs::write(&file, second.pem()).unwrap();
    assert!(matches!(authorities.reload(), Look::Renewed));
    assert!(!vouched(&of_first) && vouched(&of_second));
    fs::write(&file, first.pem() + &second.pem()).unwrap();
    assert!(matches!(authorities.look(NOW), Look::Nothing));
    assert!(matches!(authorities.look(NOW), Look::Renewed));
    assert!(vouched(&of_first) && vouched(&of_second));
    let later = UnixTime(4_000_000_001);
    assert!(authorities.vouch(&[of_first], later).is_err(), "it is over");
}
