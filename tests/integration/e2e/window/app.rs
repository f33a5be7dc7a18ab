//! The app of one test, and what every test does with it.

use std::{fs, path::PathBuf};

use tegata_tests::{
    desktop::Desktop,
    folders::make_private_dir,
    programs,
    relying_party::{Acknowledged, Polled, RelyingParty},
    window::Window,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::world::{LIMIT, PERSON, PIN, World};

/// The person may be asked as often as a test likes.
pub(crate) const TEST_ACCOUNT: &[&str] = &["--test"];

static TURN: Mutex<()> = Mutex::const_new(());

/// Waits until no other test has a window open.
pub(crate) async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

/// The app of one test: its desktop, its data, its pictures.
pub(crate) struct App {
    binary: PathBuf,
    desktop: Desktop,
    data_dir: PathBuf,
    screens: PathBuf,
    logs: PathBuf,
}

impl App {
    pub(crate) async fn start(world: &World, name: &str) -> Self {
        let artifacts = artifacts(name);
        let (screens, logs) = (artifacts.join("screens"), artifacts.join("logs"));
        let data_dir = world.path("app");
        for dir in [&screens, &logs, &data_dir] {
            make_private_dir(dir).unwrap();
        }
        Self {
            binary: programs::built(programs::APP).unwrap(),
            desktop: Desktop::start(&world.path("desktop"), &logs).await.unwrap(),
            data_dir,
            screens,
            logs,
        }
    }

    /// Stands in for the desktop's own program that opens pages; answers the file that it writes their addresses into.
    #[cfg(unix)]
    pub(crate) fn catch_pages(&mut self, world: &World) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = world.path("programs");
        make_private_dir(&folder).unwrap();
        let (program, pages) = (folder.join("xdg-open"), folder.join("pages"));
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '{}'\n",
            pages.display()
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        self.desktop.prefer_programs(&folder);
        pages
    }

    pub(crate) async fn open(&self) -> Window {
        let Self {
            binary,
            desktop,
            data_dir,
            screens,
            logs,
        } = self;
        Window::open(binary, desktop, data_dir, screens, logs)
            .await
            .unwrap()
    }

    /// Opens it as the desktop does for a link.
    pub(crate) async fn open_by_link(&self, link: &str) -> Window {
        let Self {
            binary,
            desktop,
            data_dir,
            screens,
            logs,
        } = self;
        Window::open_by_link(binary, desktop, data_dir, screens, logs, link)
            .await
            .unwrap()
    }

    /// Starts the app a second time, which hands its link to the first and ends.
    pub(crate) async fn start_again(&self, link: &str) {
        programs::launch(&self.binary)
            .arg(link)
            .envs(self.desktop.environment())
            .env("TEGATA_DEVICE_DATA", &self.data_dir)
            .run(LIMIT)
            .await
            .unwrap()
            .ok()
            .unwrap();
    }

    /// Pairs by an administrator's invitation.
    pub(crate) async fn pair(&self, window: &Window, world: &World) {
        let (link, invite) = world.invite().await;
        window.paste_invitation(&link).await.unwrap();
        window.agree_to_pair().await.unwrap();
        let digits = window.set_pin(PIN).await.unwrap();
        invite.confirm(&digits).await;
        window.await_paired().await.unwrap();
        window.go_on_to_inbox().await.unwrap();
    }
}

/// Asks, and opens the request in the window.
pub(crate) async fn open_new(
    window: &Window,
    client: &RelyingParty,
    further: &[(&str, &str)],
) -> Acknowledged {
    let request = client.ask(PERSON, further).await.unwrap();
    window.await_request().await.unwrap();
    window.open_request().await.unwrap();
    request
}

/// Leaves a result for the empty inbox.
pub(crate) async fn leave(window: &Window) {
    window.session().click("result.done").await.unwrap();
    window.session().await_shown("inbox.empty").await.unwrap();
}

pub(crate) async fn assert_error(client: &RelyingParty, request: &Acknowledged, wanted: &str) {
    match client.poll_until_decided(request).await.unwrap() {
        Polled::Error(code, _) => assert_eq!(code, wanted),
        Polled::Tokens(_) => panic!("tokens instead of {wanted}"),
    }
}

/// A folder for what this test leaves behind, without what an earlier run left there.
pub(crate) fn artifacts(name: &str) -> PathBuf {
    let dir = programs::checkout().join("target/artifacts").join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).expect("what an earlier run left can be removed");
    }
    make_private_dir(&dir).expect("there is room for pictures");
    dir
}
