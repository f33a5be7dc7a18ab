//! Starts windows in turns and looks what they do when nothing happens.

use anyhow::Context as _;
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::{
    process::Child,
    time::{Instant, sleep},
};

use super::{
    Windows,
    desktop::Desktop,
    screen::{Painted, Picture, Screen},
    tree::{self, TreeUsage},
};

/// Left alone for this long, a window has done what it does after its start.
const SETTLE: Duration = Duration::from_secs(5);

/// A program with one window.
pub(super) struct Candidate {
    /// Where it is.
    pub(super) program: PathBuf,
    /// The device's data, if it has such.
    pub(super) data: Option<PathBuf>,
    /// Where its output goes.
    pub(super) log: PathBuf,
    /// The server that it keeps a connection to, if it does.
    pub(super) server: Option<SocketAddr>,
}

/// One start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Until there was a window.
    pub(super) shown: Duration,
    /// Until the first picture with something on it.
    pub(super) first: Duration,
    /// Until the picture that stays.
    pub(super) last: Duration,
    /// CPU time of all its processes until it was known that it stays, which is a second later.
    pub(super) cpu: Duration,
}

/// A window that is left alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Idle {
    /// For how long.
    pub(super) time: Duration,
    /// How often a thread woke up in this time.
    pub(super) wakeups: u64,
    /// CPU time that was used in it, and what is in memory at its end.
    pub(super) usage: TreeUsage,
}

/// Starts each once to fill the caches, then all in turns `rounds` times, and leaves each alone for `idle_for`.
///
/// # Errors
/// One cannot be started, does not come to rest, or not always with the same picture.
pub(super) async fn compare(
    desktop: &Desktop,
    candidates: &[Candidate; 2],
    rounds: usize,
    idle_for: Duration,
) -> anyhow::Result<Windows> {
    let screen = Screen::watch(desktop)?;
    let mut pictures = Vec::new();
    for candidate in candidates {
        let (child, painted) = begin(desktop, &screen, candidate, None).await?;
        tree::end(child).await?;
        pictures.push(painted.picture);
    }
    let mut starts = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        let mut order = [0, 1];
        // Who comes second would otherwise always find the machine as the same other one has left it.
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let (Some(candidate), Some(picture), Some(starts)) = (
                candidates.get(index),
                pictures.get(index),
                starts.get_mut(index),
            ) else {
                continue;
            };
            starts.push(measure(desktop, &screen, candidate, picture).await?);
        }
    }
    let [empty, app] = candidates;
    Ok(Windows {
        starts,
        idle: [
            idle(desktop, &screen, empty, idle_for).await?,
            idle(desktop, &screen, app, idle_for).await?,
        ],
    })
}

async fn begin(
    desktop: &Desktop,
    screen: &Screen,
    candidate: &Candidate,
    picture: Option<&Picture>,
) -> anyhow::Result<(Child, Painted)> {
    anyhow::ensure!(
        screen.picture()?.is_none(),
        "there is already a window on the display"
    );
    let mut command = desktop.command(&candidate.program, &candidate.log)?;
    if let Some(data) = &candidate.data {
        command.env("TEGATA_DEVICE_DATA", data);
    }
    let start = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", candidate.program.display()))?;
    let painted = screen
        .at_rest(start, picture)
        .await
        .with_context(|| candidate.program.display().to_string())?;
    Ok((child, painted))
}

async fn measure(
    desktop: &Desktop,
    screen: &Screen,
    candidate: &Candidate,
    picture: &Picture,
) -> anyhow::Result<Start> {
    let (child, painted) = begin(desktop, screen, candidate, Some(picture)).await?;
    let root = child.id().context("it has already ended")?;
    let usage = tree::usage(root)?;
    tree::end(child).await?;
    Ok(Start {
        shown: painted.shown,
        first: painted.first,
        last: painted.last,
        cpu: usage.cpu,
    })
}

async fn idle(
    desktop: &Desktop,
    screen: &Screen,
    candidate: &Candidate,
    time: Duration,
) -> anyhow::Result<Idle> {
    let (child, _) = begin(desktop, screen, candidate, None).await?;
    let root = child.id().context("it has already ended")?;
    sleep(SETTLE).await;
    let (before, woken_before) = (tree::usage(root)?, tree::wakeups(root)?);
    let start = Instant::now();
    sleep(time).await;
    let (after, woken_after) = (tree::usage(root)?, tree::wakeups(root)?);
    let time = start.elapsed();
    if let Some(server) = candidate.server {
        anyhow::ensure!(
            tree::is_connected(root, server)?,
            "the app is not connected to its server"
        );
    }
    tree::end(child).await?;
    anyhow::ensure!(
        before.processes == after.processes,
        "processes came or went while the window was left alone"
    );
    Ok(Idle {
        time,
        wakeups: tree::woken(&woken_before, &woken_after),
        usage: TreeUsage {
            cpu: after.cpu.saturating_sub(before.cpu),
            ..after
        },
    })
}
