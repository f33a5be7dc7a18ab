//! Rules about how manifests are written, on their text: comments are part of them.

/// A member takes the workspace's lints as they are.
pub(super) fn lints(manifest: &str) -> Vec<String> {
    let inherits =
        section(manifest, "[lints]").any(|line| line.replace(' ', "") == "workspace=true");
    if inherits {
        vec![]
    } else {
        vec!["has no `[lints] workspace = true`".to_owned()]
    }
}

/// Every shared dependency has a comment of its own in the line above it; our own crates need none.
pub(super) fn purposes(manifest: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let mut above = "";
    let mut entries = 0;
    for line in section(manifest, "[workspace.dependencies]") {
        let is_entry = !line.is_empty() && !line.starts_with('#');
        if let Some((name, value)) = line.split_once('=').filter(|_| is_entry) {
            entries += 1;
            // `# --- data ---` heads a group and is the purpose of nothing.
            let has_purpose = above.starts_with("# ") && !above.starts_with("# ---");
            if !has_purpose && !value.contains("path =") {
                violations.push(format!(
                    "{} has no comment that says what it is for",
                    name.trim()
                ));
            }
        }
        above = line;
    }
    if entries == 0 {
        violations.push("has no shared dependencies".to_owned());
    }
    violations
}

/// The trimmed lines of a table, up to the next one.
fn section<'a>(manifest: &'a str, header: &str) -> impl Iterator<Item = &'a str> {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(move |line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
}

#[test]
fn only_inherited_lints_count() {
    for (manifest, ok) in [
        (
            "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n",
            true,
        ),
        ("[lints]\nworkspace=true\n[dependencies]\n", true),
        ("[package]\nname = \"a\"\n", false),
        ("[lints]\nworkspace = false\n", false),
        ("[lints]\n[dependencies]\nworkspace = true\n", false),
        ("[lints.rust]\nunsafe_code = \"allow\"\n", false),
        ("# [lints]\n# workspace = true\n", false),
    ] {
        assert_eq!(lints(manifest).is_empty(), ok, "{manifest}");
    }
}

#[test]
fn a_dependency_needs_a_purpose_of_its_own() {
    let head = "[workspace.dependencies]\n";
    for (entries, unexplained) in [
        ("# JSON.\nserde_json = \"1\"\n", vec![]),
        (
            "tegata-a = { path = \"crates/a\" }\n# JSON.\nserde_json = \"1\"\n",
            vec![],
        ),
        ("# In two\n# lines.\nserde_json = \"1\"\n", vec![]),
        ("serde_json = \"1\"\n", vec!["serde_json"]),
        ("# --- data ---\nserde_json = \"1\"\n", vec!["serde_json"]),
        ("# JSON.\n\nserde_json = \"1\"\n", vec!["serde_json"]),
        (
            "# JSON.\nserde_json = \"1\"\nurl = { version = \"2\" }\n",
            vec!["url"],
        ),
    ] {
        let expected: Vec<_> = unexplained
            .iter()
            .map(|name| format!("{name} has no comment that says what it is for"))
            .collect();
        assert_eq!(
            purposes(&format!("{head}{entries}[profile.dev]\nx = 1\n")),
            expected,
            "{entries}"
        );
    }
    assert_eq!(purposes("[workspace]\n"), ["has no shared dependencies"]);
}
