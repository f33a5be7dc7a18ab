//! (h) The app's packages: what they depend on, what they tell desktops, and that an unpacked one pairs.
//!
//! Here they are made of the app as it was built for tests; `cargo xtask bundle --check` runs the same on those that
//! it has made.

#[cfg(test)]
mod package;
#[cfg(test)]
#[path = "../e2e/world.rs"]
#[expect(
    dead_code,
    reason = "shared with the end-to-end tests, which use more of it"
)]
mod world;

use std::{collections::BTreeSet, fs, process::Command};

use tegata_tests::{desktop::Desktop, folders::make_private_dir, programs, window::Window};

use package::{Deb, Linked, is_tuned, run};
use world::{PERSON, PIN, World};

/// In the package, as its path on a system is without the slash before it.
const PROGRAM: &str = "usr/bin/tegata-app";

/// What Debian calls the packages of the libraries that the app's program links.
const PACKAGES: &[(&str, &str)] = &[
    ("ld-linux-aarch64.so.1", "libc6"),
    ("ld-linux-x86-64.so.2", "libc6"),
    ("libc.so.6", "libc6"),
    ("libcairo.so.2", "libcairo2"),
    ("libgcc_s.so.1", "libgcc-s1"),
    ("libgdk-3.so.0", "libgtk-3-0"),
    ("libgdk_pixbuf-2.0.so.0", "libgdk-pixbuf-2.0-0"),
    ("libgio-2.0.so.0", "libglib2.0-0"),
    ("libglib-2.0.so.0", "libglib2.0-0"),
    ("libgobject-2.0.so.0", "libglib2.0-0"),
    ("libgtk-3.so.0", "libgtk-3-0"),
    (
        "libjavascriptcoregtk-4.1.so.0",
        "libjavascriptcoregtk-4.1-0",
    ),
    ("libm.so.6", "libc6"),
    ("libpango-1.0.so.0", "libpango-1.0-0"),
    ("libsoup-3.0.so.0", "libsoup-3.0-0"),
    ("libwebkit2gtk-4.1.so.0", "libwebkit2gtk-4.1-0"),
];

/// Most that an installed package may take, in KiB. The program for tests is neither small nor without names.
const TUNED_KIB: u64 = 10_000_000 / 1024;
const UNTUNED_KIB: u64 = 200 * 1024;

async fn deb() -> Deb {
    Deb::unpack(&package::find("deb").await)
}

#[tokio::test]
async fn the_deb_depends_on_exactly_what_its_program_links() {
    let deb = deb().await;
    let program = deb.path(PROGRAM);
    let linked = Linked::of(&program);
    let mut packages = BTreeSet::new();
    for soname in &linked.libraries {
        let known = PACKAGES.iter().find(|(library, _)| library == soname);
        let (_, package) = known.unwrap_or_else(|| {
            panic!("{soname} is new: name its package here and in tauri.linux.conf.json")
        });
        if let Some(owner) = package::owner(&program, soname) {
            // Ubuntu has renamed some for 64-bit times, and their new names provide the old ones.
            let owner = owner.strip_suffix("t64").unwrap_or(&owner);
            assert_eq!(owner, *package, "{soname}");
        }
        packages.insert(*package);
    }
    let depends = deb.depends();
    let named: BTreeSet<&str> = depends.keys().copied().collect();
    assert_eq!(named, packages);
    let promised = depends.get("libc6").copied().flatten();
    let promised = promised.and_then(package::version);
    assert!(
        promised >= Some(linked.c_library),
        "the program needs version {:?} of the C library, the package asks for {promised:?}",
        linked.c_library
    );
}

#[tokio::test]
async fn the_deb_tells_desktops_and_software_centres_what_it_is() {
    let deb = deb().await;
    assert_eq!(deb.field("Package"), "tegata");
    assert_eq!(deb.field("Section"), "utils");
    assert!(deb.field("Recommends").contains("gnome-keyring |"));
    let entry = deb.path("usr/share/applications/Tegata.desktop");
    run(Command::new("desktop-file-validate").arg(&entry));
    let entry = fs::read_to_string(&entry).unwrap();
    for line in [
        "Exec=tegata-app %u",
        "Icon=tegata-app",
        "MimeType=x-scheme-handler/tegata;",
        "Comment=Approve or deny sign-in requests",
    ] {
        assert!(entry.lines().any(|other| other == line), "{line}: {entry}");
    }
    // Looks up in the desktop entry and among the icons what the metadata names.
    run(Command::new("appstreamcli")
        .args(["validate-tree", "--no-net"])
        .arg(deb.path("")));
    let files = deb.files();
    let icons = "/usr/share/icons/hicolor";
    let sizes = [16, 24, 32, 48, 64, 128, 256, 512].map(|size| format!("{size}x{size}"));
    for size in &sizes {
        let icon = format!("{icons}/{size}/apps/tegata-app.png");
        assert!(files.contains(&icon), "{icon} in {files:?}");
    }
    for file in [
        "/usr/share/icons/hicolor/scalable/apps/tegata-app.svg",
        "/usr/share/icons/hicolor/symbolic/apps/tegata-app-symbolic.svg",
        "/usr/share/metainfo/org.tegata.Tegata.metainfo.xml",
        "/usr/share/doc/tegata/copyright",
    ] {
        assert!(files.contains(file), "{file} in {files:?}");
    }
}

#[tokio::test]
async fn the_packages_say_whose_work_is_linked_and_under_which_licence() {
    let deb = deb().await;
    let listed = fs::read_to_string(deb.path("usr/share/doc/tegata/third-party-licences.txt"));
    let listed = listed.unwrap();
    // One of each way to say it: its own text, one for all, the screens, and one that comes without its text.
    for linked in ["tokio 1.", "ring 0.17", "svelte 5.", "selectors "] {
        let title = format!("\n{linked}");
        assert!(listed.contains(&title), "{linked} is not listed");
    }
    for text in [
        "Copyright (c) Tokio Contributors",
        "Mozilla Public License Version 2.0",
        "Apache License",
    ] {
        assert!(listed.contains(text), "no {text}");
    }
    // What is needed to build alone is not in the program.
    assert!(!listed.contains("\ntauri-build "), "{listed}");
    let rpm = package::find("rpm").await;
    let files = run(Command::new("rpm")
        .args(["--query", "--list", "--package"])
        .arg(&rpm));
    assert!(files.contains("/usr/share/licenses/tegata/third-party-licences.txt"));
}

#[tokio::test]
async fn the_installed_deb_takes_no_more_than_it_may() {
    let deb = deb().await;
    let installed: u64 = deb.field("Installed-Size").parse().unwrap();
    let bytes = |path: &String| {
        let below = path.trim_start_matches('/');
        fs::metadata(deb.path(below)).unwrap().len()
    };
    let files = deb.files().iter().map(bytes).sum::<u64>() / 1024;
    // It counts folders too.
    assert!(
        files.abs_diff(installed) < 500,
        "{files} of {installed} KiB"
    );
    let most = if is_tuned() { TUNED_KIB } else { UNTUNED_KIB };
    assert!(installed <= most, "{installed} of {most} KiB");
}

#[tokio::test]
async fn the_rpm_holds_the_same_and_requires_libraries_that_the_program_links() {
    let deb = deb().await;
    let rpm = package::find("rpm").await;
    let query = |what: &str| {
        run(Command::new("rpm")
            .args(["--query", "--package", what])
            .arg(&rpm))
    };
    let with_licences = |path: &&str| {
        path.starts_with("/usr/share/doc/") || path.starts_with("/usr/share/licenses/")
    };
    let listed = query("--list");
    let listed: BTreeSet<&str> = listed.lines().filter(|path| !with_licences(path)).collect();
    let files = deb.files();
    let files: BTreeSet<&str> = files
        .iter()
        .map(String::as_str)
        .filter(|path| !with_licences(path))
        .collect();
    assert_eq!(listed, files);
    let linked = Linked::of(&deb.path(PROGRAM));
    let requires = query("--requires");
    let libraries: Vec<&str> = requires
        .lines()
        .filter_map(|line| Some(line.split_once(".so.")?.0))
        .collect();
    assert!(libraries.len() >= 3, "{requires}");
    for library in libraries {
        let soname = format!("{library}.so.");
        assert!(
            linked.libraries.iter().any(|one| one.starts_with(&soname)),
            "{library} is not linked"
        );
    }
    let (major, minor) = linked.c_library;
    let promised = requires
        .split("libc.so.6(GLIBC_")
        .nth(1)
        .and_then(package::version);
    assert!(promised >= Some((major, minor)), "{requires}");
    assert!(query("--recommends").contains("gnome-keyring"));
}

#[tokio::test]
async fn unpacked_into_a_bare_folder_it_starts_in_an_empty_home_and_pairs() {
    let deb = deb().await;
    let world = World::start().await;
    let artifacts = programs::checkout().join("target/artifacts/bundle");
    if artifacts.exists() {
        fs::remove_dir_all(&artifacts).expect("what an earlier run left can be removed");
    }
    let (screens, logs) = (artifacts.join("screens"), artifacts.join("logs"));
    for dir in [&artifacts, &screens, &logs] {
        make_private_dir(dir).unwrap();
    }
    let home = world.path("desktop");
    let desktop = Desktop::start(&home, &logs).await.unwrap();
    let window = Window::open_as_installed(&deb.path(PROGRAM), &desktop, &screens, &logs)
        .await
        .unwrap();
    window.picture("01-welcome").await.unwrap();
    let (link, invite) = world.invite().await;
    let shown = window.paste_invitation(&link).await.unwrap();
    assert!(shown.account.contains(PERSON), "{shown:?}");
    window.agree_to_pair().await.unwrap();
    let digits = window.set_pin(PIN).await.unwrap();
    invite.confirm(&digits).await;
    window.await_paired().await.unwrap();
    window.go_on_to_inbox().await.unwrap();
    window.picture("02-paired").await.unwrap();
    window.close().await.unwrap();
    assert!(
        home.join("home/.local/share")
            .read_dir()
            .unwrap()
            .next()
            .is_some(),
        "its data are in that home"
    );
}
