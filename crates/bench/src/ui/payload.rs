//! How much there is to load: the screens' scripts and styles as a web server would send them.

use anyhow::Context as _;
use flate2::{Compression, write::GzEncoder};
use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

/// Bytes of files of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Bytes {
    /// As they are.
    pub(super) plain: usize,
    /// Each file compressed by itself with gzip's best level.
    pub(super) compressed: usize,
}

impl Bytes {
    fn add(&mut self, file: &[u8]) -> anyhow::Result<()> {
        self.plain += file.len();
        self.compressed += compressed(file)?;
        Ok(())
    }
}

/// What is in a folder and the folders in it, by the files' extension.
///
/// # Errors
/// It is not there, which for `ui/dist` means that the screens have not been built, or cannot be read.
pub(super) fn by_extension(folder: &Path) -> anyhow::Result<BTreeMap<String, Bytes>> {
    let mut sums = BTreeMap::new();
    add(folder, &mut sums)?;
    Ok(sums)
}

fn add(folder: &Path, sums: &mut BTreeMap<String, Bytes>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("there is no {}; build the screens first", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            add(&path, sums)?;
            continue;
        }
        let bytes = fs::read(&path)?;
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let sum = sums.entry(extension.into_owned()).or_default();
        sum.add(&bytes)?;
    }
    Ok(())
}

fn compressed(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The language whose texts come with the scripts.
const ALWAYS: &str = "en";

/// What a start loads before anything is pressed, for each language by its tag: what the page names, and the language's
/// texts.
///
/// # Errors
/// The screens have not been built, or not in the way that is known here: one page, one file of texts for each folder of
/// `locales` but English.
pub(super) fn at_start(folder: &Path, locales: &Path) -> anyhow::Result<BTreeMap<String, Bytes>> {
    let page = folder.join("index.html");
    let text = fs::read_to_string(&page)
        .with_context(|| format!("there is no {}; build the screens first", page.display()))?;
    let mut sum = Bytes::default();
    sum.add(&fs::read(&page)?)?;
    let mut named = 0;
    for path in text.split("=\"./").skip(1) {
        let path = path.split('"').next().unwrap_or_default();
        sum.add(&fs::read(folder.join(path)).with_context(|| path.to_owned())?)?;
        named += 1;
    }
    anyhow::ensure!(named >= 2, "{} names no scripts", page.display());
    let files = names(&folder.join("assets"))?;
    let mut sums = BTreeMap::new();
    for tag in names(locales)? {
        let texts: Vec<_> = files
            .iter()
            .filter(|name| name.starts_with(&format!("{tag}-")) && is_script(name))
            .collect();
        let mut sum = sum;
        match texts.as_slice() {
            [] if tag == ALWAYS => {}
            [texts] if tag != ALWAYS => sum.add(&fs::read(folder.join("assets").join(texts))?)?,
            _ => anyhow::bail!("texts in {tag} are in other files than expected: {texts:?}"),
        }
        sums.insert(tag, sum);
    }
    Ok(sums)
}

fn is_script(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "js")
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_by_kind_in_every_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("assets")).unwrap();
        fs::write(folder.path().join("index.html"), "<p>").unwrap();
        for name in ["a.js", "assets/b.js"] {
            fs::write(folder.path().join(name), "a".repeat(1000)).unwrap();
        }
        let sums = by_extension(folder.path()).unwrap();
        assert_eq!(sums["html"].plain, 3);
        assert_eq!(sums["js"].plain, 2000);
        assert!(sums["js"].compressed < 100, "{sums:?}");
    }

    #[test]
    fn a_start_loads_what_the_page_names_and_one_language() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for made in ["dist/assets", "locales/en", "locales/ja"] {
            fs::create_dir_all(at(made)).unwrap();
        }
        let page = r#"<script type="module" src="./assets/a-1.js"></script><link href="./assets/a-1.css">"#;
        fs::write(at("dist/index.html"), page).unwrap();
        for (name, size) in [
            ("a-1.js", 100),
            ("a-1.css", 20),
            ("later-1.js", 4000),
            ("ja-1.js", 2),
        ] {
            fs::write(at("dist/assets").join(name), "a".repeat(size)).unwrap();
        }
        let sums = at_start(&at("dist"), &at("locales")).unwrap();
        assert_eq!(sums.len(), 2);
        assert_eq!(sums["en"].plain, page.len() + 120);
        assert_eq!(sums["ja"].plain, page.len() + 122);
        fs::write(at("dist/assets/ja-2.js"), "two files of texts").unwrap();
        assert!(at_start(&at("dist"), &at("locales")).is_err());
    }
}
