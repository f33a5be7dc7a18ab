use super::{schedule::MARGIN, *};
use crate::{
    jose::{CompactJws, KeySet},
    keys::Keys,
};
use std::time::Duration;
use tegata_protocol::FixedClock;

const ALL: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::Ps256,
    Algorithm::EdDsa,
    Algorithm::Rs256,
];

fn lifetimes() -> Lifetimes {
    Lifetimes {
        id_token: 300,
        access_token: 600,
        id_token_hint: 86_400,
        ..Lifetimes::default()
    }
}

/// Keys in a folder of their own, by a clock that the test moves.
struct World {
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
    keys: TokenKeys,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Keys::make(&folder.path().join("keys.json"), &SystemRng::new()).unwrap();
        let clock = Arc::new(FixedClock::at(UnixTime(1_800_000_000)));
        let keys = read(&folder, &clock, &lifetimes());
        Self {
            folder,
            clock,
            keys,
        }
    }

    /// The same folder after a restart.
    fn restarted(&mut self, lifetimes: &Lifetimes) {
        self.keys = read(&self.folder, &self.clock, lifetimes);
    }

    fn advance(&self, seconds: i64) {
        self.clock
            .advance(Duration::from_secs(seconds.try_into().unwrap()));
    }

    fn states(&self, alg: Algorithm) -> Vec<KeyState> {
        let all = self.keys.list().into_iter();
        all.filter(|key| key.alg == alg)
            .map(|key| key.state)
            .collect()
    }

    /// The one new key of a rotation.
    fn rotated(&self, alg: Algorithm) -> TokenKeyView {
        let mut new = self.keys.rotate(Some(alg)).unwrap();
        assert_eq!(new.len(), 1);
        new.remove(0)
    }

    fn published(&self) -> usize {
        self.keys.jwks().len()
    }

    fn verifies(&self, jws: &Secret<String>) -> bool {
        verifies(jws, &self.keys.published())
    }
}

fn read(folder: &tempfile::TempDir, clock: &Arc<FixedClock>, lifetimes: &Lifetimes) -> TokenKeys {
    let path = folder.path().join("keys.json");
    let mut keys = Keys::read(&path, &SystemRng::new()).unwrap().tokens;
    let clock: Arc<FixedClock> = Arc::clone(clock);
    keys.go_by(clock, lifetimes);
    keys
}

fn verifies(jws: &Secret<String>, keys: &KeySet) -> bool {
    let jws = CompactJws::parse(jws.expose(), 8192, &ALL).unwrap();
    jws.verify(keys).is_ok()
}

fn kid(jws: &Secret<String>) -> String {
    let jws = CompactJws::parse(jws.expose(), 8192, &ALL).unwrap();
    jws.kid().unwrap().to_owned()
}

/// Conformance: OIDC-algs
#[test]
fn every_algorithm_has_a_key_of_its_own_which_the_key_set_shows_and_which_outlives_a_restart() {
    let mut world = World::new();
    assert_eq!(
        world.published(),
        2,
        "RSA keys are not drawn before somebody needs them"
    );
    world.keys.prepare(Algorithm::Ps256).unwrap();
    world.keys.prepare(Algorithm::Ps256).unwrap();
    assert_eq!(world.published(), 3, "and only once");
    let signed = ALL.map(|alg| world.keys.sign(alg, "JWT", &json!({ "alg": alg })));
    world.restarted(&lifetimes());
    let set = json!({ "keys": world.keys.jwks() }).to_string();
    let clients = KeySet::require(&set).unwrap();
    assert_eq!(clients.len(), 4);
    for (alg, jws) in ALL.into_iter().zip(&signed) {
        assert!(verifies(jws, &clients), "{alg}: as clients see it");
        assert!(world.verifies(jws), "{alg}");
        let parsed = CompactJws::parse(jws.expose(), 8192, &[alg]).unwrap();
        assert_eq!(parsed.typ().as_deref(), Some("jwt"));
        assert_eq!(parsed.payload(), format!(r#"{{"alg":"{alg}"}}"#).as_bytes());
        let again = world.keys.sign(alg, "JWT", &json!({}));
        assert_eq!(kid(&again), kid(jws), "{alg}: the same key after a restart");
    }
    assert_ne!(
        kid(&signed[1]),
        kid(&signed[3]),
        "PS256 and RS256 share no key"
    );
    for jwk in world.keys.jwks() {
        assert!(
            !crate::jose::is_private(&Value::Object(jwk.clone())),
            "{jwk:?}"
        );
        assert_eq!(jwk["use"], "sig");
    }
}

/// Conformance: OIDC-rotation
#[test]
fn a_new_key_is_published_before_it_signs_and_the_old_one_until_its_last_token_has_expired() {
    let mut world = World::new();
    let alg = Algorithm::Es256;
    let first = world.keys.sign(alg, "JWT", &json!({}));
    assert_eq!(world.published(), 2);

    let next = world.rotated(alg);
    let signs_from = UnixTime(1_800_000_000 + OVERLAP);
    assert_eq!(next.state, KeyState::Next { signs_from });
    assert_eq!(world.published(), 3, "both are in the key set");
    // The whole time in which somebody's cache may lack the new key the old one signs, over restarts too.
    world.advance(OVERLAP - 1);
    world.restarted(&lifetimes());
    let last = world.keys.sign(alg, "JWT", &json!({}));
    assert_eq!(kid(&last), kid(&first));
    let refused = world.keys.rotate(Some(alg)).unwrap_err();
    assert!(
        matches!(
            refused,
            RotationError::Pending {
                alg: Algorithm::Es256,
                seconds: 1
            }
        ),
        "{refused}"
    );

    world.advance(1);
    let later = world.keys.sign(alg, "JWT", &json!({}));
    assert_eq!(kid(&later), next.kid.to_string());
    let until = signs_from.plus(600 + MARGIN);
    assert_eq!(
        world.states(alg),
        [KeyState::Retiring { until }, KeyState::Signing]
    );
    assert_eq!(
        world.states(Algorithm::EdDsa),
        [KeyState::Signing],
        "untouched"
    );

    world.advance(600 + MARGIN - 1);
    assert_eq!(world.published(), 3);
    world.advance(1);
    assert_eq!(world.published(), 2, "nothing that it signed is valid");
    assert!(world.verifies(&last), "it still recognizes hints");
    let recognized = signs_from.plus(86_400);
    assert_eq!(
        world.states(alg)[0],
        KeyState::Retired { until: recognized }
    );

    world.advance(86_400 - 600 - MARGIN);
    assert_eq!(world.states(alg)[0], KeyState::Forgotten);
    assert!(!world.verifies(&last));
    assert!(world.verifies(&later));
    world.keys.rotate(Some(alg)).unwrap();
    assert_eq!(world.states(alg).len(), 2, "what is forgotten is dropped");
    world.restarted(&lifetimes());
    assert!(world.verifies(&later));
}

#[test]
fn lifetimes_that_are_changed_during_a_rotation_shorten_no_publication() {
    let mut world = World::new();
    let alg = Algorithm::EdDsa;
    world.keys.rotate(Some(alg)).unwrap();
    let with = |access_token| Lifetimes {
        access_token,
        ..lifetimes()
    };
    world.advance(OVERLAP);
    let signs_from = UnixTime(1_800_000_000 + OVERLAP);
    for (access_token, counted) in [(300, 600), (600, 600), (3600, 3600)] {
        world.restarted(&with(access_token));
        let until = signs_from.plus(counted + MARGIN);
        assert_eq!(world.states(alg)[0], KeyState::Retiring { until });
    }
}

#[test]
fn the_first_key_of_an_algorithm_signs_at_once() {
    let world = World::new();
    let key = world.rotated(Algorithm::Ps256);
    assert_eq!(key.state, KeyState::Signing);
    let jws = world.keys.sign(Algorithm::Ps256, "JWT", &json!({}));
    assert_eq!(kid(&jws), key.kid.to_string());
}

#[test]
fn a_rotation_that_cannot_be_stored_changes_nothing_and_tokens_are_signed_all_the_same() {
    let world = World::new();
    let before = world.keys.list();
    std::fs::remove_file(world.folder.path().join("keys.json")).unwrap();
    assert!(matches!(
        world.keys.rotate(Some(Algorithm::Es256)),
        Err(RotationError::Keys(KeysError::Io { .. }))
    ));
    assert!(world.keys.prepare(Algorithm::Rs256).is_err());
    assert_eq!(world.keys.list(), before);
    let jws = world.keys.sign(Algorithm::Rs256, "JWT", &json!({}));
    assert!(world.verifies(&jws));
    assert!(world.verifies(&world.keys.sign(Algorithm::Es256, "JWT", &json!({}))));
}

#[test]
fn a_rotation_of_all_is_of_each_algorithm_that_has_a_key_or_of_none() {
    let world = World::new();
    let new = world.keys.rotate(None).unwrap();
    let algorithms: Vec<_> = new.iter().map(|key| key.alg).collect();
    assert_eq!(algorithms, [Algorithm::Es256, Algorithm::EdDsa]);
    world.advance(OVERLAP);
    world.rotated(Algorithm::EdDsa);
    let before = world.keys.list();
    let refused = world.keys.rotate(None);
    assert!(matches!(
        refused,
        Err(RotationError::Pending {
            alg: Algorithm::EdDsa,
            ..
        })
    ));
    assert_eq!(world.keys.list(), before, "not even of the others");
}
