//! The peer's process.

use crate::relying_party::RelyingParty;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::{net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// How the generator's client is called.
const CLIENT_ID: &str = "bench-rp";

/// How long the peer may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// node-oidc-provider, with one client. It is killed when this is dropped.
pub(super) struct PeerProcess {
    child: Child,
    // The peer ends when this is closed.
    input: ChildStdin,
    pid: u32,
    address: SocketAddr,
    issuer: String,
    versions: String,
}

impl PeerProcess {
    /// Starts it on the cores that this thread is on, and registers a client.
    ///
    /// # Errors
    /// Node or the package is missing, or the peer is not ready within half a minute.
    pub(super) async fn start() -> anyhow::Result<(Self, RelyingParty)> {
        let script: PathBuf = [env!("CARGO_MANIFEST_DIR"), "peer", "provider.mjs"]
            .iter()
            .collect();
        let mut child = Command::new("node")
            .arg(script)
            .env("NODE_ENV", "production")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start `node`")?;
        let pid = child.id().context("the peer has ended")?;
        let mut input = child.stdin.take().context("no standard input")?;
        let output = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(output).lines();

        let issuer = text(&answer(&mut lines).await?, "issuer")?;
        let address = issuer
            .strip_prefix("http://")
            .context("the peer's issuer is not plain HTTP")?
            .parse()?;
        let relying_party = RelyingParty::new(CLIENT_ID, &issuer)?;
        let client = json!({ "client_id": CLIENT_ID, "jwks": relying_party.jwks() });
        input.write_all(format!("{client}\n").as_bytes()).await?;
        let ready = answer(&mut lines).await?;
        let versions = format!(
            "node-oidc-provider {} on Node {}",
            text(&ready, "provider")?,
            text(&ready, "node")?
        );
        let process = Self {
            child,
            input,
            pid,
            address,
            issuer,
            versions,
        };
        Ok((process, relying_party))
    }

    /// Process id.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its issuer identifier.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What it is, with the versions of the package and of Node.
    pub(super) fn versions(&self) -> &str {
        &self.versions
    }

    /// Ends it and waits for that.
    ///
    /// # Errors
    /// It does not end in time, or says that it failed.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input);
        let status = timeout(PATIENCE, self.child.wait())
            .await
            .context("the peer did not end")??;
        if !status.success() {
            bail!("the peer ended with {status}");
        }
        Ok(())
    }
}

/// The next line that is an object. The package writes notices of its own among them.
async fn answer(lines: &mut Lines<BufReader<ChildStdout>>) -> anyhow::Result<Value> {
    let read = async {
        while let Some(line) = lines.next_line().await? {
            if line.starts_with('{') {
                return Ok(serde_json::from_str(&line)?);
            }
        }
        bail!("the peer ended before it was ready")
    };
    timeout(PATIENCE, read)
        .await
        .context("the peer did not start in time")?
}

fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    let text = answer[member]
        .as_str()
        .with_context(|| format!("the peer did not say its {member}"))?;
    Ok(text.to_owned())
}
