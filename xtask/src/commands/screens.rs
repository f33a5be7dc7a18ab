//! `cargo xtask screens`

use std::{env, ffi::OsString, path::PathBuf, process::Command, time::Duration};

use super::{check_node, prepare_ui, with_stages};
use crate::{
    args::ScreensOptions,
    failure::Failure,
    install::{self, Fetched},
    node::{UI, npm},
    packages::{BROWSERS, Purpose},
    project::{self, Project},
    stage::{Output, Stages},
};

/// Pictures of every screen, each checked for accessibility.
pub(crate) fn run(project: &Project, options: ScreensOptions) -> Result<(), Failure> {
    with_stages(project, |stages| {
        check_node(project, stages)?;
        let fetched = [Fetched::NodeForUi];
        install::ensure(project, stages, Purpose::Test, &fetched, options.consent)?;
        prepare_ui(project, stages)?;
        take(project, stages, options.docs)
    })
}

/// Takes the pictures, with `docs` also those that the documentation shows.
pub(super) fn take(project: &Project, stages: &mut Stages, docs: bool) -> Result<(), Failure> {
    let browser = found_browser();
    stages.run(
        "UI screens",
        Duration::from_mins(15),
        Output::Progress,
        [command(project, docs, browser)],
    )
}

fn command(project: &Project, docs: bool, browser: Option<PathBuf>) -> Command {
    let mut screens = npm(project, UI, ["run", "screens"]);
    if docs {
        screens.args(["--", "--docs"]);
    }
    if let Some(browser) = browser {
        screens.env("CHROMIUM", browser);
    }
    screens
}

/// The browser to use on this machine.
pub(super) fn found_browser() -> Option<PathBuf> {
    browser(env::var_os("CHROMIUM"), project::on_path)
}

/// The browser that was named, or the first of those that are good enough. The script knows only the first of them.
fn browser(named: Option<OsString>, on_path: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    named
        .filter(|name| !name.is_empty())
        .map(PathBuf::from)
        .or_else(|| BROWSERS.iter().find_map(|name| on_path(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;

    #[test]
    fn starts_whatever_browser_counted_as_installed() {
        for found in BROWSERS {
            let on_path =
                |name: &str| (name == *found).then(|| PathBuf::from(format!("/bin/{name}")));
            let expected = Some(PathBuf::from(format!("/bin/{found}")));
            assert_eq!(browser(None, on_path), expected, "{found}");
            assert_eq!(browser(Some(OsString::new()), on_path), expected);
            let named = browser(Some("/opt/mine".into()), on_path);
            assert_eq!(named, Some("/opt/mine".into()), "the one that was named");
        }
        assert_eq!(browser(None, |_| None), None);
    }

    #[test]
    fn tells_the_script_which_browser_and_whether_to_write_pictures_for_the_documentation() {
        let project = Project::find().unwrap();
        let words =
            |command: &Command| -> Vec<_> { command.get_args().map(OsStr::to_os_string).collect() };
        let plain = command(&project, false, None);
        assert_eq!(words(&plain), ["run", "screens"]);
        assert_eq!(plain.get_envs().count(), 0);
        let docs = command(&project, true, Some("/bin/google-chrome".into()));
        assert_eq!(words(&docs), ["run", "screens", "--", "--docs"]);
        let browser = docs.get_envs().next().unwrap();
        assert_eq!(browser.0, "CHROMIUM");
        assert_eq!(browser.1, Some(OsStr::new("/bin/google-chrome")));
    }
}
