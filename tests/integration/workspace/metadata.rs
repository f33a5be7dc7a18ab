//! The part of `cargo metadata` that the rules look at.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use serde::Deserialize;

/// Packages and how they were resolved, for all platforms together.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub(super) packages: Vec<Package>,
    resolve: Resolve,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) license: Option<String>,
    pub(super) manifest_path: String,
    pub(super) name: String,
    /// None for a folder on this machine.
    pub(super) source: Option<String>,
    pub(super) version: String,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    deps: Vec<Dependency>,
    id: String,
}

#[derive(Deserialize)]
struct Dependency {
    dep_kinds: Vec<DependencyKind>,
    pkg: String,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// None, `dev` or `build`.
    kind: Option<String>,
}

/// Which dependencies of the first package to follow; of all others the ones that are built with it.
#[derive(Clone, Copy)]
pub(super) enum From {
    /// What is linked into whatever uses the package.
    Normal,
    /// Also what its tests and its build script need.
    All,
}

impl Metadata {
    /// Asks the cargo that built this test.
    pub(super) fn of_workspace(root: &Path) -> Self {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(root)
            .output()
            .expect("cargo is still where it was");
        assert!(
            output.status.success(),
            "cargo metadata failed; `cargo fetch --locked` gets the manifests of all platforms:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self::parse(&output.stdout)
    }

    pub(super) fn parse(json: &[u8]) -> Self {
        serde_json::from_slice(json).expect("the documented format of cargo metadata")
    }

    /// The workspace's own packages.
    pub(super) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.is_member(package))
    }

    pub(super) fn is_member(&self, package: &Package) -> bool {
        self.workspace_members.contains(&package.id)
    }

    /// The member of that name.
    pub(super) fn member(&self, name: &str) -> &Package {
        self.members()
            .find(|package| package.name == name)
            .unwrap_or_else(|| panic!("the workspace has no member {name}"))
    }

    /// What a package depends on itself, for whatever purpose.
    pub(super) fn direct(&self, package: &Package) -> impl Iterator<Item = &Package> {
        let by_id = self.by_id();
        self.node(&package.id)
            .deps
            .iter()
            .map(move |dependency| by_id[dependency.pkg.as_str()])
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// Everything below a package, without the package.
    pub(super) fn closure(&self, package: &Package, from: From) -> Vec<&Package> {
        let mut found = BTreeSet::new();
        let mut waiting = vec![package.id.as_str()];
        while let Some(id) = waiting.pop() {
            for dependency in &self.node(id).deps {
                let follows = dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| match kind.kind.as_deref() {
                        None => true,
                        Some("dev") => id == package.id && matches!(from, From::All),
                        Some(_) => matches!(from, From::All),
                    });
                if follows && found.insert(dependency.pkg.as_str()) {
                    waiting.push(&dependency.pkg);
                }
            }
        }
        let by_id = self.by_id();
        found.into_iter().map(|id| by_id[id]).collect()
    }

    fn node(&self, id: &str) -> &Node {
        self.resolve
            .nodes
            .iter()
            .find(|node| node.id == id)
            .expect("every package is resolved")
    }

    fn by_id(&self) -> BTreeMap<&str, &Package> {
        self.packages
            .iter()
            .map(|package| (package.id.as_str(), package))
            .collect()
    }
}

#[cfg(test)]
pub(super) mod made_up {
    //! Metadata that never was, for making rules fail.

    use serde_json::{Value, json};

    use super::Metadata;

    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

    /// Packages are named `name@version`; `name` alone is version 1.0.0.
    pub(in super::super) struct MadeUp {
        nodes: Vec<Value>,
        packages: Vec<Value>,
        members: Vec<String>,
    }

    impl MadeUp {
        pub(in super::super) fn new() -> Self {
            Self {
                nodes: vec![],
                packages: vec![],
                members: vec![],
            }
        }

        /// A member of the workspace; a dependency is `name`, `dev:name` or `build:name`.
        pub(in super::super) fn member(mut self, name: &str, dependencies: &[&str]) -> Self {
            self.members.push(id(name));
            self.add(name, dependencies, Some("Apache-2.0 OR MIT"), None)
        }

        /// A released crate under MIT.
        pub(in super::super) fn released(self, name: &str, dependencies: &[&str]) -> Self {
            self.add(name, dependencies, Some("MIT"), Some(REGISTRY))
        }

        pub(in super::super) fn licensed(self, name: &str, licence: Option<&str>) -> Self {
            self.add(name, &[], licence, Some(REGISTRY))
        }

        pub(in super::super) fn sourced(self, name: &str, source: Option<&str>) -> Self {
            self.add(name, &[], Some("MIT"), source)
        }

        pub(in super::super) fn build(self) -> Metadata {
            let metadata = json!({
                "packages": self.packages,
                "resolve": { "nodes": self.nodes },
                "workspace_members": self.members,
            });
            Metadata::parse(metadata.to_string().as_bytes())
        }

        fn add(
            mut self,
            name: &str,
            dependencies: &[&str],
            licence: Option<&str>,
            source: Option<&str>,
        ) -> Self {
            let deps: Vec<Value> = dependencies
                .iter()
                .map(|dependency| {
                    let (kind, name) = match dependency.split_once(':') {
                        Some((kind, name)) => (Some(kind), name),
                        None => (None, *dependency),
                    };
                    json!({ "pkg": id(name), "dep_kinds": [{ "kind": kind }] })
                })
                .collect();
            let id = id(name);
            let (name, version) = id.split_once('@').expect("an id has a version");
            self.nodes.push(json!({ "id": id, "deps": deps }));
            self.packages.push(json!({
                "id": id,
                "license": licence,
                "manifest_path": format!("/made-up/{name}/Cargo.toml"),
                "name": name,
                "source": source,
                "version": version,
            }));
            self
        }
    }

    fn id(name: &str) -> String {
        if name.contains('@') {
            name.to_owned()
        } else {
            format!("{name}@1.0.0")
        }
    }
}
