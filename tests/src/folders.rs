//! Folders and files that only their owner may read.

use std::{fs, io::Write as _, path::Path};

use anyhow::Context as _;

/// Makes a folder, and those above it, with access for the owner alone. An existing one is restricted too.
///
/// # Errors
///
/// It cannot be made or restricted.
pub fn make_private_dir(dir: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("make the folder {}", dir.display()))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("restrict access to {}", dir.display()))?;
    }
    Ok(())
}

/// Writes a file that only the owner may read, replacing what is there.
///
/// # Errors
///
/// It cannot be written.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut options = fs::File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .with_context(|| format!("write {}", path.display()))
}
