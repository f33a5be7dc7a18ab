//! The app as a part of a desktop: a real bus with a tray host and a notification server of the test's own on its other end.
//! A program apart, because a window wants the machine for itself; its tests take turns.

#[cfg(test)]
#[expect(
    dead_code,
    reason = "shared with the tests of `main.rs`, which use more of it"
)]
mod world;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod screen;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod services;

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::path::PathBuf;

    use tegata_tests::{
        desktop::Desktop, folders::make_private_dir, processes::wait_until, programs,
        relying_party::Polled, window::Window,
    };
    use tokio::sync::Mutex;

    use super::{
        screen::Screen,
        services::{Note, Services},
        world::{LIMIT, PERSON, PIN, World},
    };

    static TURN: Mutex<()> = Mutex::const_new(());

    /// What must never stand in a notification.
    const DETAILS: [&str; 4] = ["kiosk", "hanako", "Yamada", "localhost"];

    struct App {
        binary: PathBuf,
        desktop: Desktop,
        data_dir: PathBuf,
        folder: PathBuf,
    }

    impl App {
        async fn start(world: &World, name: &str) -> Self {
            let folder = programs::checkout()
                .join("target/artifacts/window/desktop")
                .join(name);
            let _ = std::fs::remove_dir_all(&folder);
            let data_dir = world.path("app");
            for dir in [&folder, &data_dir] {
                make_private_dir(dir).unwrap();
            }
            let desktop = Desktop::start(&world.path("desktop"), &folder)
                .await
                .unwrap();
            Self {
                binary: programs::built(programs::APP).unwrap(),
                desktop,
                data_dir,
                folder,
            }
        }

        async fn open(&self) -> Window {
            let (desktop, data) = (&self.desktop, &self.data_dir);
            Window::open(&self.binary, desktop, data, &self.folder, &self.folder)
                .await
                .unwrap()
        }

        /// Another start of the same app, which hands over and ends.
        async fn start_again(&self, argument: &str) {
            let again = programs::launch(&self.binary)
                .arg(argument)
                .envs(self.desktop.environment())
                .env("TEGATA_DEVICE_DATA", &self.data_dir)
                .run(LIMIT)
                .await
                .unwrap();
            again.ok().unwrap();
        }
    }

    async fn pair(window: &Window, world: &World) {
        let (link, invite) = world.invite().await;
        window.paste_invitation(&link).await.unwrap();
        window.agree_to_pair().await.unwrap();
        let digits = window.set_pin(PIN).await.unwrap();
        invite.confirm(&digits).await;
        window.await_paired().await.unwrap();
        window.go_on_to_inbox().await.unwrap();
    }

    fn assert_plain(note: &Note) {
        let text = format!("{note:?}").to_lowercase();
        for detail in DETAILS {
            assert!(!text.contains(&detail.to_lowercase()), "{text}");
        }
        let names: Vec<_> = note.actions.iter().step_by(2).map(String::as_str).collect();
        assert!(
            names
                .iter()
                .all(|name| ["default", "open", "deny"].contains(name)),
            "{names:?}"
        );
    }

    #[tokio::test]
    async fn a_request_is_told_without_detail_denied_from_there_and_withdrawn_when_answered_elsewhere()
     {
        let _turn = TURN.lock().await;
        let world = World::start_for(|setup| setup, &["--test"]).await;
        let (client, _) = world.client("kiosk", &[]).await;
        let app = App::start(&world, "notified").await;
        let mut services = Services::start(&app.desktop).await;
        let window = app.open().await;
        let item = services.await_item(LIMIT).await;
        pair(&window, &world).await;
        let phone = world.device("other phone").await;
        assert_eq!(item.status().await, "Active");
        // That a device was added is told too, apart from requests.
        let added = services.await_note(LIMIT).await;
        assert_plain(&added);
        assert_eq!(added.title, "The devices of an account have changed");

        let request = client.ask(PERSON, &[]).await.unwrap();
        let note = services.await_note(LIMIT).await;
        assert_plain(&note);
        assert_eq!(note.title, "New request to review");
        item.await_status("NeedsAttention", LIMIT).await;
        services.press(note.id, "approve").await;
        services.press(note.id, "deny").await;
        assert_eq!(services.await_closed(LIMIT).await, note.id);
        match client.poll_until_decided(&request).await.unwrap() {
            Polled::Error(code, _) => assert_eq!(code, "access_denied"),
            Polled::Tokens(_) => panic!("nothing approves but the person with the PIN"),
        }
        item.await_status("Active", LIMIT).await;

        // Answered on the other device; with two at once there is no denying from outside.
        client.ask(PERSON, &[]).await.unwrap();
        let one = services.await_note(LIMIT).await;
        let second = client.ask(PERSON, &[]).await.unwrap();
        let both = services.await_note(LIMIT).await;
        assert_eq!((both.id, both.replaced), (one.id, one.id));
        assert!(!both.actions.contains(&"deny".to_owned()), "{both:?}");
        assert!(both.body.contains('2'), "{both:?}");
        for _ in 0..2 {
            let id = phone.await_request().await.unwrap();
            phone.approve(&id, None, PIN).await.unwrap();
        }
        assert_eq!(services.await_closed(LIMIT).await, both.id);
        assert!(matches!(
            client.poll_until_decided(&second).await.unwrap(),
            Polled::Tokens(_)
        ));

        // Opening from outside shows the one request that waits.
        client.ask(PERSON, &[]).await.unwrap();
        let note = services.await_note(LIMIT).await;
        services.press(note.id, "default").await;
        window
            .session()
            .await_shown("approval.title")
            .await
            .unwrap();
        window.picture("01-opened").await.unwrap();

        // The menu ends the app, which takes its notification along.
        item.choose("Quit").await;
        assert_eq!(services.await_closed(LIMIT).await, note.id);
        services.await_item_gone(LIMIT).await;
        let log = app.data_dir.join("logs/tegata.log");
        assert!(log.is_file(), "{}", log.display());
        drop(window);
    }

    #[tokio::test]
    async fn a_link_that_is_opened_reaches_the_window_that_is_there_and_pairs_nothing() {
        let _turn = TURN.lock().await;
        let world = World::start().await;
        let app = App::start(&world, "link").await;
        let window = app.open().await;
        let root = "A".repeat(43);
        let link = format!("tegata://pair?v=1&i=https%3A%2F%2Fid.example&c=0123456789AB&k={root}");
        app.start_again(&link).await;
        let text = wait_until("the link's host is shown", LIMIT, async || {
            let shown = window
                .session()
                .run_script("return document.body.innerText", &[])
                .await?;
            let text = shown.as_str().unwrap_or_default().to_owned();
            Ok(text.contains("id.example").then_some(text))
        })
        .await
        .unwrap();
        window.picture("01-link").await.unwrap();
        assert!(
            !text.contains("0123"),
            "a code in an opened link is not taken: {text}"
        );
        window.close().await.unwrap();
    }

    #[tokio::test]
    async fn closing_hides_only_where_a_host_answers_and_the_tray_brings_the_window_back() {
        let _turn = TURN.lock().await;
        let world = World::start().await;
        let app = App::start(&world, "hidden").await;
        let window = app.open().await;
        let session = window.session();
        let screen = Screen::of(&app.desktop).await;

        // Nobody shows a tray: there is nothing that could bring a hidden window back.
        screen.close();
        session.await_shown("close.dialog").await.unwrap();
        assert!(!session.has("close.hide").await.unwrap());
        window.picture("01-no-tray").await.unwrap();
        session.click("close.stay").await.unwrap();
        assert!(screen.is_shown());

        let mut services = Services::start(&app.desktop).await;
        let item = services.await_item(LIMIT).await;
        screen.close();
        session.await_shown("close.hide").await.unwrap();
        window.picture("02-tray").await.unwrap();
        session.click("close.remember").await.unwrap();
        session.click("close.hide").await.unwrap();
        screen.await_shown(false, LIMIT).await;
        item.activate().await;
        screen.await_shown(true, LIMIT).await;
        session.await_shown("welcome.screen").await.unwrap();

        // It was remembered; the menu brings it back as well.
        screen.close();
        screen.await_shown(false, LIMIT).await;
        assert!(!session.has("close.dialog").await.unwrap());
        item.choose("Open Tegata").await;
        screen.await_shown(true, LIMIT).await;

        // The tray goes while the window is hidden.
        screen.close();
        screen.await_shown(false, LIMIT).await;
        drop(item);
        services.end().await;
        screen.await_shown(true, LIMIT).await;
        screen.close();
        session.await_shown("close.dialog").await.unwrap();
        assert!(screen.is_shown(), "without a tray it asks again");
        session.click("close.stay").await.unwrap();
        window.close().await.unwrap();
    }

    #[tokio::test]
    async fn pages_can_ask_for_a_camera() {
        let _turn = TURN.lock().await;
        let world = World::start().await;
        let app = App::start(&world, "camera").await;
        let window = app.open().await;
        let has = window
            .session()
            .run_script("return typeof navigator.mediaDevices?.getUserMedia", &[])
            .await
            .unwrap();
        assert_eq!(has, "function");
        window.close().await.unwrap();
    }
}
