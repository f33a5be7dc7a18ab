//! A real account of a real server on the device whose data the app opens.

use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    time::timeout,
};

use super::desktop::Desktop;
use crate::server_process::ServerProcess;

/// How long pairing may take. A key is derived from the PIN on purpose slowly.
const PATIENCE: Duration = Duration::from_mins(1);

/// Any PIN that a device takes.
const PIN: &str = "739154\n";

/// Pairs the device in `data` with a new account of `server` by the terminal program, which keeps its secrets in the
/// desktop's keyring where the app finds them.
///
/// # Errors
/// The terminal program or the server refuses; its words are in `log`.
pub(super) async fn pair(
    program: &Path,
    desktop: &Desktop,
    server: &ServerProcess,
    data: &Path,
    log: &Path,
) -> anyhow::Result<()> {
    let mut admin = server.admin()?;
    admin.add_user("reader").await?;
    let invited = admin.invite("reader").await?;
    let mut device = desktop
        .command(program, log)?
        .arg("--data-dir")
        .arg(data)
        .args(["pair", &invited.link, "--yes", "--json"])
        .args(["--name", "Desk", "--pin-fd", "0"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut input = device.stdin.take().context("its input is not ours")?;
    input.write_all(PIN.as_bytes()).await?;
    drop(input);
    let output = device.stdout.take().context("its output is not ours")?;
    let mut lines = BufReader::new(output).lines();
    let words = || format!("the terminal device does not pair; see {}", log.display());
    let digits = timeout(PATIENCE, async {
        while let Some(line) = lines.next_line().await? {
            let event: Value = serde_json::from_str(&line)?;
            if let Some(digits) = event["digits"].as_str() {
                return Ok(digits.to_owned());
            }
        }
        bail!("it has ended without digits")
    });
    let digits = digits.await.with_context(words)?.with_context(words)?;
    admin.confirm(&invited, &digits).await?;
    // Read to the end, so that it never waits for us.
    let ended = timeout(PATIENCE, async {
        while lines.next_line().await?.is_some() {}
        device.wait().await
    });
    let status = ended.await.with_context(words)??;
    anyhow::ensure!(status.success(), words());
    Ok(())
}
