//! The program `tegata-demo`: a server, a device and a consumption page on one machine.
//!
//! By itself it opens the app for a person and waits for Ctrl-C (`interactive`); with `--once` it walks through one
//! sign-in without a person and checks every result independently (`once`).

mod args;
mod console;
mod folder;
mod interactive;
mod once;
mod pages;
mod timeline;

pub use args::Args;
use folder::{DemoFolder, Mode};
pub use pages::{DemoPages, SignIn, SignedIn};

use anyhow::Context as _;

/// Runs the demo until it is over or the person ends it.
///
/// # Errors
///
/// Whatever it failed with; the message says where logs are.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let mode = if args.once { Mode::Once } else { Mode::Person };
    let dir = args.data_dir(mode)?;
    let mut folder = DemoFolder::open(&dir, mode, args.reset).await?;
    let logs = folder.logs();
    let work = async {
        match mode {
            Mode::Once => once::run(&args, &folder).await,
            Mode::Person => interactive::run(&args, &mut folder).await,
        }
    };
    let outcome = tokio::select! {
        outcome = work => outcome,
        signal = async {
            let signal = asked_to_end().await;
            console::say("\nstopping…");
            signal
        } => {
            console::say(&format!("{} received: everything the demo started has been ended.", signal?));
            match mode {
                // Nobody got what was asked for.
                Mode::Once => Err(anyhow::anyhow!("ended before the sign-in was complete")),
                Mode::Person => Ok(()),
            }
        }
    };
    outcome.with_context(|| format!("the demo failed; its logs are in {}", logs.display()))
}

/// Waits for Ctrl-C or, on Unix, a polite request to end.
async fn asked_to_end() -> anyhow::Result<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("listen for signals")?;
        let mut hang_up = signal(SignalKind::hangup()).context("listen for signals")?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.map(|()| "Ctrl-C").context("listen for Ctrl-C"),
            _ = terminate.recv() => Ok("SIGTERM"),
            _ = hang_up.recv() => Ok("SIGHUP"),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c()
        .await
        .map(|()| "Ctrl-C")
        .context("listen for Ctrl-C")
}
