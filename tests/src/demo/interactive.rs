//! The demo for a person: server and app, until Ctrl-C.

use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use anyhow::{Context as _, bail};

use tegata_device::secret_store::KEYRING_LABEL_VARIABLE;

use super::{Args, DemoFolder, DemoPages, console};
use crate::{
    desktop::{Desktop, person_has_display},
    excerpt::last_lines,
    processes::Program,
    programs,
    server::{Server, ServerSetup},
    terminal_device::TerminalDevice,
};

/// How often the demo looks whether its programs still run. Nobody waits for it.
const LOOK: Duration = Duration::from_millis(500);

/// Said before the terminal device's commands when the app has no display to be seen on.
const NO_DISPLAY: &str = "\nThere is no display, so the app's window is on a virtual one that nobody sees; \
    use the terminal device:";

/// Starts everything and waits; returns only when something ended that should not have.
pub(super) async fn run(args: &Args, folder: &mut DemoFolder) -> anyhow::Result<()> {
    let mut server = start_server(args, folder).await?;
    let pages = DemoPages::new(&server);
    // Kept until the end: dropping the desktop ends it.
    let (desktop, mut app) = if args.has_window() {
        let (desktop, app) = open_app(args, folder).await?;
        (desktop, Some(app))
    } else {
        (None, None)
    };
    if desktop.is_some() {
        console::say(NO_DISPLAY);
    }
    let device = if app.is_some() && desktop.is_none() {
        None
    } else {
        // On data of its own: the app, which may be running, has its own to itself.
        Some(TerminalDevice::new(&args.device()?, &folder.terminal_device())?.command_line())
    };
    console::say(&explanation(folder, &server, &pages, device.as_deref()));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        if !server.is_running()? {
            bail!("the server has ended\n{}", last_lines(&server.log(), 10));
        }
        if let Some(program) = &mut app
            && !program.is_running()?
        {
            let words = program.last_words();
            app = None;
            console::say(&format!(
                "The app has been closed; the server goes on. Ctrl-C ends the demo; run it again to open the app \
                 again.\n{words}"
            ));
        }
    }
}

async fn start_server(args: &Args, folder: &mut DemoFolder) -> anyhow::Result<Server> {
    if let Some(port) = folder.port() {
        check_port(port)?;
    }
    let log = folder.logs().join("server.log");
    let setup = ServerSetup::new(&args.server()?, &folder.server(), &log)
        .port(folder.port().unwrap_or(0))
        .demo();
    let server = setup.start().await?;
    folder.remember_port(server.port())?;
    Ok(server)
}

/// A paired device knows the server by its port, so another one will not do.
fn check_port(port: u16) -> anyhow::Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {port}, by which the paired app knows this demo's server, is taken by another program. End that \
             program, or start over on another port with --reset; the app is then paired again."
        ),
        Err(error) => Err(error).context(format!("listen on port {port}")),
    }
}

async fn open_app(args: &Args, folder: &DemoFolder) -> anyhow::Result<(Option<Desktop>, Program)> {
    let logs = folder.logs();
    let mut launch = programs::launch(&args.app()?)
        .env("TEGATA_DEVICE_DATA", folder.device())
        // Under a name of its own, so that the demo's secrets do not stand among those of an app in real use.
        .env(KEYRING_LABEL_VARIABLE, "tegata-demo")
        .log_to(logs.join("app.log"));
    let desktop = if person_has_display() {
        None
    } else {
        let desktop = Desktop::start(&folder.desktop(), &logs).await?;
        launch = launch.envs(desktop.environment());
        Some(desktop)
    };
    Ok((desktop, launch.start()?))
}

/// What to do next: with the terminal device, if its command line is given, otherwise in the app.
fn explanation(
    folder: &DemoFolder,
    server: &Server,
    pages: &DemoPages,
    device: Option<&str>,
) -> String {
    let (kiosk, pairing) = (pages.kiosk_url(), pages.pairing_url());
    let data = folder.root().display();
    let (first, pair, approve) = match device {
        None => (
            String::new(),
            "and press the button; in the app: Add an account, paste the page's link, set a PIN;\n             \
             type the app's six digits into the page",
            "in the app: read the request, type the code that the page shows, and your PIN",
        ),
        Some(command_line) => (
            format!(
                "In another terminal, once:\n\n  alias tegata-demo-device=\"{command_line}\"\n\n"
            ),
            "and press the button; run this with the page's link, and type its six digits into the page:\n             \
             tegata-demo-device pair 'LINK'",
            "tegata-demo-device inbox\n             \
             tegata-demo-device approve ID --code CODE\n             \
             with the inbox's ID and the page's code; then type your PIN",
        ),
    };
    format!(
        "\nTegata is running.\n\n{first}  \
         1  Pair     open {pairing}\n             {pair}\n  \
         2  Sign in  open {kiosk}\n             and press Sign in\n  \
         3  Approve  {approve}\n\n\
         The server is {issuer}; its data and logs are in {data}.\n\
         Ctrl-C stops everything. Run again to go on where you left; --reset starts over.\n",
        issuer = server.issuer(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_with_what_to_do() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        let error = check_port(port).unwrap_err().to_string();
        assert!(
            error.contains(&port.to_string()) && error.contains("--reset"),
            "{error}"
        );
        drop(other);
        check_port(port).unwrap();
    }
}
