//! Start at login by a desktop entry in the person's `autostart` folder.

use super::super::HIDDEN;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const FILE: &str = "org.tegata.Tegata.desktop";

/// The entry. That it is there is the setting.
pub(crate) struct Autostart {
    folder: Option<PathBuf>,
    program: Option<PathBuf>,
}

impl Autostart {
    pub(crate) fn locate() -> Self {
        // An AppImage runs from a folder that is gone at the next login.
        let program = std::env::var_os("APPIMAGE")
            .map(PathBuf::from)
            .or_else(|| std::env::current_exe().ok());
        let folder = directories::BaseDirs::new().map(|dirs| dirs.config_dir().join("autostart"));
        Self { folder, program }
    }

    #[cfg(test)]
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_owned()),
            program: Some("/opt/a \"b\"/tegata-app".into()),
        }
    }

    pub(crate) fn is_available(&self) -> bool {
        self.folder.is_some() && self.program.is_some()
    }

    pub(crate) fn is_on(&self) -> bool {
        let entry = self.folder.as_ref().map(|folder| folder.join(FILE));
        entry.is_some_and(|entry| entry.exists())
    }

    /// Writes or removes the entry.
    pub(crate) fn set(&self, on: bool) -> io::Result<()> {
        let (Some(folder), Some(program)) = (&self.folder, &self.program) else {
            return if on {
                Err(io::ErrorKind::Unsupported.into())
            } else {
                Ok(())
            };
        };
        let entry = folder.join(FILE);
        if on {
            fs::create_dir_all(folder)?;
            return fs::write(entry, text(program));
        }
        match fs::remove_file(entry) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn text(program: &Path) -> String {
    let program = quoted(&program.to_string_lossy());
    format!(
        "[Desktop Entry]\nType=Application\nName=Tegata\nExec={program} {HIDDEN}\nIcon=tegata-app\n\
         Terminal=false\nX-GNOME-Autostart-enabled=true\n"
    )
}

/// Desktop Entry Specification, "The Exec key": quoted, and what is special within quotes escaped; then once more for the
/// string type, and `%` doubled.
fn quoted(program: &str) -> String {
    let mut text = String::from("\"");
    for character in program.chars() {
        match character {
            '"' | '`' | '$' => text.extend(["\\\\", character.encode_utf8(&mut [0; 4])]),
            '\\' => text.push_str("\\\\\\\\"),
            '%' => text.push_str("%%"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod entry_tests {
    use super::*;

    #[test]
    fn the_entry_is_written_and_removed_and_starts_the_app_hidden() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("config/autostart");
        let autostart = Autostart::in_folder(&folder);
        assert!(autostart.is_available() && !autostart.is_on());
        autostart.set(false).unwrap();
        autostart.set(true).unwrap();
        assert!(autostart.is_on());
        let written = fs::read_to_string(folder.join(FILE)).unwrap();
        assert!(
            written.contains(r#"Exec="/opt/a \\"b\\"/tegata-app" --hidden"#),
            "{written}"
        );
        autostart.set(false).unwrap();
        assert!(!autostart.is_on());
    }

    #[test]
    fn paths_cannot_be_read_as_anything_else() {
        assert_eq!(quoted("/usr/bin/tegata-app"), "\"/usr/bin/tegata-app\"");
        assert_eq!(quoted("a$b`c%d\\"), r#""a\\$b\\`c%%d\\\\""#);
    }
}
