//! How much there is to load: the screens' scripts and styles as a web server would send them, and the program.

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
        sum.plain += bytes.len();
        sum.compressed += compressed(&bytes)?;
    }
    Ok(())
}

fn compressed(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

/// The bytes of a 64-bit little-endian ELF program that are loaded when it runs: without symbols and lines, which a
/// package need not have.
///
/// # Errors
/// It is no such program.
pub(super) fn loaded(program: &[u8]) -> anyhow::Result<u64> {
    const LOAD: u32 = 1;
    anyhow::ensure!(
        program.starts_with(b"\x7fELF\x02\x01"),
        "no 64-bit little-endian ELF program"
    );
    // The ELF header: e_phoff at 32, e_phentsize at 54, e_phnum at 56. A program header: p_type at 0, p_filesz at 32.
    let table = usize::try_from(u64::from_le_bytes(field(program, 32)?))?;
    let size = usize::from(u16::from_le_bytes(field(program, 54)?));
    let count = usize::from(u16::from_le_bytes(field(program, 56)?));
    let mut sum = 0;
    for index in 0..count {
        let header = table.saturating_add(index * size);
        if u32::from_le_bytes(field(program, header)?) == LOAD {
            sum += u64::from_le_bytes(field(program, header.saturating_add(32))?);
        }
    }
    Ok(sum)
}

fn field<const N: usize>(program: &[u8], at: usize) -> anyhow::Result<[u8; N]> {
    let bytes = program.get(at..at.saturating_add(N));
    Ok(bytes.context("a program that is cut off")?.try_into()?)
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
    fn what_is_loaded_is_less_than_the_file() {
        let program = fs::read(std::env::current_exe().unwrap()).unwrap();
        let loaded = loaded(&program).unwrap();
        assert!(loaded > 100_000 && loaded < program.len() as u64);
        assert!(super::loaded(&program[..60]).is_err());
    }
}
