//! Which operating system this is, as far as installing needs to know.

/// A family of systems that get the same instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    Arch,
    /// Debian and what is made from it; on these and on Ubuntu packages are installed.
    Debian,
    Fedora,
    MacOs,
    /// Another Linux distribution, by the name it gives itself.
    OtherLinux(String),
    /// Another operating system, by Rust's name for it.
    OtherSystem(&'static str),
    /// Ubuntu itself, which has some packages under other names.
    Ubuntu,
    Windows,
}

impl Platform {
    /// The platform that this program runs on.
    pub(crate) fn current() -> Self {
        match std::env::consts::OS {
            "linux" => {
                let file = ["/etc/os-release", "/usr/lib/os-release"]
                    .iter()
                    .find_map(|path| std::fs::read_to_string(path).ok());
                Self::from_os_release(&file.unwrap_or_default())
            }
            "macos" => Self::MacOs,
            "windows" => Self::Windows,
            other => Self::OtherSystem(other),
        }
    }

    /// Decides by `ID`, then by `ID_LIKE`, of an os-release file (os-release(5)).
    fn from_os_release(text: &str) -> Self {
        let id = value(text, "ID").unwrap_or_default();
        let like = value(text, "ID_LIKE").unwrap_or_default();
        if id == "ubuntu" {
            return Self::Ubuntu;
        }
        for word in std::iter::once(id.as_str()).chain(like.split_whitespace()) {
            match word {
                "debian" | "ubuntu" => return Self::Debian,
                "fedora" | "rhel" => return Self::Fedora,
                "arch" => return Self::Arch,
                _ => {}
            }
        }
        let name = value(text, "PRETTY_NAME").filter(|name| !name.is_empty());
        Self::OtherLinux(name.unwrap_or_else(|| "this Linux distribution".to_owned()))
    }
}

/// The value of the last assignment to `key`, without the quotes that the shell would remove.
fn value(text: &str, key: &str) -> Option<String> {
    let assigned = text.lines().rev().find_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        (name == key).then_some(value)
    })?;
    let quoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| assigned.strip_prefix(quote)?.strip_suffix(quote));
    Some(quoted.unwrap_or(assigned).replace('\\', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_distributions_by_id_and_by_what_they_are_like() {
        for (text, expected) in [
            ("ID=debian\n", Platform::Debian),
            (
                "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n",
                Platform::Ubuntu,
            ),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                Platform::Debian,
            ),
            ("ID='pop'\nID_LIKE='ubuntu debian'\n", Platform::Debian),
            ("ID=fedora\n", Platform::Fedora),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                Platform::Fedora,
            ),
            ("ID=arch\n", Platform::Arch),
            ("ID=endeavouros\nID_LIKE=\"arch\"\n", Platform::Arch),
            (
                "ID=nixos\nPRETTY_NAME=\"NixOS 26.05\"\n",
                Platform::OtherLinux("NixOS 26.05".to_owned()),
            ),
            (
                "",
                Platform::OtherLinux("this Linux distribution".to_owned()),
            ),
            (
                "# ID=debian\nVERSION_ID=12\nID_X=debian\n",
                Platform::OtherLinux("this Linux distribution".to_owned()),
            ),
        ] {
            assert_eq!(Platform::from_os_release(text), expected, "{text:?}");
        }
    }

    #[test]
    fn reads_values_as_a_shell_would() {
        let text = "A=plain\nB=\"two words\"\nC='single'\nD=\"a \\\"b\\\"\"\nE=\nA=last\n";
        assert_eq!(value(text, "A").as_deref(), Some("last"));
        assert_eq!(value(text, "B").as_deref(), Some("two words"));
        assert_eq!(value(text, "C").as_deref(), Some("single"));
        assert_eq!(value(text, "D").as_deref(), Some("a \"b\""));
        assert_eq!(value(text, "E").as_deref(), Some(""));
        assert_eq!(value(text, "F"), None);
    }
}
