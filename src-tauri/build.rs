//! Lists the app's own commands in the build manifest, which makes each of them need a permission in a capability; and takes
//! the words that are said outside the window out of the texts of the screens.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// Messages of the shell; all others are the screens'.
const PREFIX: &str = "desktop-";

fn main() {
    let commands: &'static [&'static str] = tegata_ui_contract::command_names();
    let manifest = tauri_build::AppManifest::new().commands(commands);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    tauri_build::try_build(attributes)
        .expect("tauri.conf.json, capabilities and icons fit together");
    write_words().expect("the texts can be read, and the words written");
}

/// `WORDS`: language tag and Fluent source. A language is a file or a folder of files, named by its tag.
fn write_words() -> io::Result<()> {
    let folder = Path::new("../ui/locales");
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut table = String::from("pub(super) const WORDS: &[(&str, &str)] = &[\n");
    for path in entries(folder)? {
        let sources = if path.is_dir() {
            entries(&path)?
        } else {
            vec![path.clone()]
        };
        let mut words = String::new();
        for source in sources.iter().filter(|path| is_fluent(path)) {
            println!("cargo:rerun-if-changed={}", source.display());
            keep_ours(&fs::read_to_string(source)?, &mut words);
        }
        let tag = path.file_stem().unwrap_or_default().to_string_lossy();
        writeln!(table, "    ({tag:?}, {words:?}),").map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(out.join("words.rs"), table)
}

/// A message begins at the start of a line and goes on in lines that do not, or that close a selector.
fn keep_ours(source: &str, words: &mut String) {
    let mut ours = false;
    for line in source.lines() {
        if !line.is_empty() && !line.starts_with([' ', '}']) {
            ours = line.starts_with(PREFIX);
        }
        if ours && !line.is_empty() {
            words.push_str(line);
            words.push('\n');
        }
    }
}

fn is_fluent(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "ftl")
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
