//! Rules about the dependency graph.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    licence,
    metadata::{From, Metadata, Package},
};

/// `ui → src-tauri → ui-contract → device → protocol ← server`, and the tests see all but the app, whose window
/// they drive from outside. The benchmarks are a client and devices made of the protocol alone, and drive the server
/// and the app as programs; they link the server's library to measure its store. What is not listed depends on nothing
/// of ours.
const MAY_DEPEND_ON: [(&str, &[&str]); 8] = [
    (
        "tegata-app",
        &["tegata-device", "tegata-protocol", "tegata-ui-contract"],
    ),
    ("tegata-bench", &["tegata-protocol", "tegata-server"]),
    ("tegata-device", &["tegata-protocol"]),
    ("tegata-protocol", &[]),
    ("tegata-server", &["tegata-protocol"]),
    (
        "tegata-tests",
        &[
            "tegata-device",
            "tegata-protocol",
            "tegata-server",
            "tegata-ui-contract",
        ],
    ),
    ("tegata-ui-contract", &["tegata-device", "tegata-protocol"]),
    ("xtask", &[]),
];

/// One crypto implementation, ring, and one TLS, rustls: the same on every platform.
pub(super) const BANNED: [&str; 6] = [
    "aws-lc-fips-sys",
    "aws-lc-rs",
    "aws-lc-sys",
    "native-tls",
    "openssl",
    "openssl-sys",
];

/// Run times, HTTP, WebSocket and SQL.
const IMPURE: [&str; 14] = [
    "async-std",
    "axum",
    "hyper",
    "mio",
    "postgres",
    "reqwest",
    "rusqlite",
    "smol",
    "sqlx",
    "tokio",
    "tokio-tungstenite",
    "tonic",
    "tungstenite",
    "ureq",
];

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const OUR_LICENCE: &str = "Apache-2.0 OR MIT";

/// Members depend on members only along the arrows, for tests and build scripts too.
pub(super) fn arrows(metadata: &Metadata) -> Vec<String> {
    let mut violations = Vec::new();
    for member in metadata.members() {
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| *name == member.name) else {
            violations.push(format!("{} has no place among the arrows", member.name));
            continue;
        };
        for dependency in metadata
            .direct(member)
            .filter(|package| metadata.is_member(package))
        {
            if !allowed.contains(&dependency.name.as_str()) {
                violations.push(format!("{} depends on {}", member.name, dependency.name));
            }
        }
    }
    violations
}

/// The two sides of the protocol share nothing but the protocol, by whatever way round.
pub(super) fn sides_apart(metadata: &Metadata) -> Vec<String> {
    [
        ("tegata-device", "tegata-server"),
        ("tegata-server", "tegata-device"),
    ]
    .into_iter()
    .filter(|(side, other)| {
        let below = metadata.closure(metadata.member(side), From::All);
        below.iter().any(|package| package.name == *other)
    })
    .map(|(side, other)| format!("{side} sees {other}"))
    .collect()
}

/// No member but the app has Tauri or a part of it below itself.
pub(super) fn tauri_only_in_app(metadata: &Metadata) -> Vec<String> {
    metadata
        .members()
        .filter(|member| member.name != "tegata-app")
        .flat_map(|member| {
            let below = metadata.closure(member, From::All);
            below
                .into_iter()
                .filter(|package| package.name == "tauri" || package.name.starts_with("tauri-"))
                .map(|package| format!("{} depends on {}", member.name, package.name))
        })
        .collect()
}

/// Nothing that waits, connects or stores is linked into users of the protocol crate.
pub(super) fn pure_protocol(metadata: &Metadata) -> Vec<String> {
    metadata
        .closure(metadata.member("tegata-protocol"), From::Normal)
        .into_iter()
        .filter(|package| IMPURE.contains(&package.name.as_str()))
        .map(|package| format!("tegata-protocol depends on {}", package.name))
        .collect()
}

/// Every package states a licence that lets us ship it as we do; ours is the same everywhere.
pub(super) fn licences(metadata: &Metadata) -> Vec<String> {
    let verdict = |package: &Package| {
        let stated = package.license.as_deref().ok_or("states no licence")?;
        if metadata.is_member(package) {
            return if stated == OUR_LICENCE {
                Ok(())
            } else {
                Err("is not under our licence")
            };
        }
        match licence::is_allowed(stated) {
            Ok(true) => Ok(()),
            Ok(false) => Err("has a licence that is not allowed"),
            Err(_) => Err("has a licence expression that cannot be read"),
        }
    };
    metadata
        .packages
        .iter()
        .filter_map(|package| {
            let problem = verdict(package).err()?;
            let stated = package.license.as_deref().unwrap_or_default();
            Some(format!(
                "{} {} {problem}: {stated}",
                package.name, package.version
            ))
        })
        .collect()
}

/// Crates that must not come in by any way, on any platform.
pub(super) fn banned(metadata: &Metadata) -> Vec<String> {
    metadata
        .packages
        .iter()
        .filter(|package| BANNED.contains(&package.name.as_str()))
        .map(|package| format!("{} {} is banned", package.name, package.version))
        .collect()
}

/// Everything that is not a member is a release on crates.io.
pub(super) fn sources(metadata: &Metadata) -> Vec<String> {
    metadata
        .packages
        .iter()
        .filter(|package| match package.source.as_deref() {
            Some(source) => source != CRATES_IO,
            None => !metadata.is_member(package),
        })
        .map(|package| {
            let source = package
                .source
                .as_deref()
                .unwrap_or("a folder outside the workspace");
            format!("{} {} comes from {source}", package.name, package.version)
        })
        .collect()
}

/// No two members depend directly on different versions of one crate.
pub(super) fn direct_duplicates(metadata: &Metadata) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for member in metadata.members() {
        for dependency in metadata.direct(member) {
            versions
                .entry(&dependency.name)
                .or_default()
                .insert(&dependency.version);
        }
    }
    versions
        .into_iter()
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            format!(
                "{name}: {}",
                versions.into_iter().collect::<Vec<_>>().join(" and ")
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::metadata::made_up::MadeUp, *};

    type Rule = fn(&Metadata) -> Vec<String>;

    /// A workspace that keeps every rule.
    fn sound() -> MadeUp {
        MadeUp::new()
            .member("xtask", &[])
            .member(
                "tegata-app",
                &["tegata-device", "tauri", "build:tauri-build"],
            )
            .released("tauri", &["tokio"])
            .released("tauri-build", &[])
            .released("ring", &[])
            .released("tokio", &["mio"])
            .released("mio", &[])
    }

    fn sides(device: &[&str], server: &[&str], protocol: &[&str]) -> MadeUp {
        sound()
            .member("tegata-device", device)
            .member("tegata-server", server)
            .member("tegata-protocol", protocol)
    }

    /// [`sound`] with its two sides, and one thing more.
    fn usual() -> MadeUp {
        sides(
            &["tegata-protocol", "tokio"],
            &["tegata-protocol", "tokio"],
            &["ring", "dev:tokio"],
        )
    }

    const RULES: [(&str, Rule); 8] = [
        ("arrows", arrows),
        ("sides_apart", sides_apart),
        ("tauri_only_in_app", tauri_only_in_app),
        ("pure_protocol", pure_protocol),
        ("licences", licences),
        ("banned", banned),
        ("sources", sources),
        ("direct_duplicates", direct_duplicates),
    ];

    #[test]
    fn a_sound_workspace_breaks_no_rule() {
        let metadata = usual().build();
        for (name, rule) in RULES {
            assert_eq!(rule(&metadata), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn each_rule_finds_what_it_is_there_for() {
        let server_by_a_way_round =
            || sides(&["tegata-protocol", "bridge"], &["tegata-protocol"], &[]);
        for (rule, metadata, expected) in [
            (
                "arrows",
                sides(&["tegata-server"], &[], &[]),
                "tegata-device depends on tegata-server",
            ),
            (
                "arrows",
                sides(&[], &["dev:tegata-device"], &[]),
                "tegata-server depends on tegata-device",
            ),
            (
                "arrows",
                sides(&[], &[], &["build:tegata-device"]),
                "tegata-protocol depends on tegata-device",
            ),
            (
                "arrows",
                usual().member("newcomer", &[]),
                "newcomer has no place among the arrows",
            ),
            (
                "sides_apart",
                server_by_a_way_round().released("bridge", &["tegata-server"]),
                "tegata-device sees tegata-server",
            ),
            (
                "sides_apart",
                sides(&["tegata-protocol"], &["dev:bridge"], &[])
                    .released("bridge", &["tegata-device"]),
                "tegata-server sees tegata-device",
            ),
            (
                "tauri_only_in_app",
                sides(&["bridge"], &[], &[]).released("bridge", &["tauri"]),
                "tegata-device depends on tauri",
            ),
            (
                "tauri_only_in_app",
                sides(&[], &[], &["build:tauri-build"]),
                "tegata-protocol depends on tauri-build",
            ),
            (
                "pure_protocol",
                sides(&[], &[], &["bridge"])
                    .released("bridge", &["sqlx"])
                    .released("sqlx", &[]),
                "tegata-protocol depends on sqlx",
            ),
            (
                "licences",
                usual().licensed("viral", Some("GPL-3.0-only")),
                "viral 1.0.0 has a licence that is not allowed: GPL-3.0-only",
            ),
            (
                "licences",
                usual().licensed("silent", None),
                "silent 1.0.0 states no licence: ",
            ),
            (
                "licences",
                usual().licensed("odd", Some("MIT OR")),
                "odd 1.0.0 has a licence expression that cannot be read: MIT OR",
            ),
            (
                "banned",
                usual().released("openssl-sys", &[]),
                "openssl-sys 1.0.0 is banned",
            ),
            (
                "banned",
                usual().released("aws-lc-rs", &[]),
                "aws-lc-rs 1.0.0 is banned",
            ),
            (
                "sources",
                usual().sourced("forked", Some("git+https://example.com/forked?rev=1#1")),
                "forked 1.0.0 comes from git+https://example.com/forked?rev=1#1",
            ),
            (
                "sources",
                usual().sourced("mirrored", Some("registry+https://example.com/index")),
                "mirrored 1.0.0 comes from registry+https://example.com/index",
            ),
            (
                "sources",
                usual().sourced("neighbour", None),
                "neighbour 1.0.0 comes from a folder outside the workspace",
            ),
            (
                "direct_duplicates",
                sides(&["url@1.0.0"], &["url@2.0.0"], &[])
                    .released("url@1.0.0", &[])
                    .released("url@2.0.0", &[]),
                "url: 1.0.0 and 2.0.0",
            ),
        ] {
            let (_, check) = RULES.iter().find(|(name, _)| *name == rule).unwrap();
            assert_eq!(check(&metadata.build()), [expected], "{rule}");
        }
    }

    #[test]
    fn what_only_tests_use_is_not_linked_into_users() {
        let metadata = sides(&[], &[], &["dev:tokio", "build:tokio"]).build();
        assert_eq!(pure_protocol(&metadata), Vec::<String>::new());
    }

    #[test]
    fn two_versions_further_down_are_not_ours_to_choose() {
        let metadata = sides(&["a"], &["url@2.0.0"], &[])
            .released("a", &["url@1.0.0"])
            .released("url@1.0.0", &[])
            .released("url@2.0.0", &[])
            .build();
        assert_eq!(direct_duplicates(&metadata), Vec::<String>::new());
    }
}
