//! One sign-in without a person: pairing, request, approval, and the checks that a stranger would make.

use std::{fs, path::Path};

use anyhow::{Context as _, ensure};
use tegata_protocol::{
    Clock as _, SystemClock,
    bytes::encode_b64u,
    device::{
        evidence::{EvidenceFile, EvidenceFinding, parse_evidence_file, verify_evidence},
        receipt::evidence_hash,
    },
};

use super::{Args, DemoFolder, DemoPages, SignedIn, console, timeline::Timeline};
use crate::{
    desktop::Desktop,
    folders::make_private_dir,
    id_token::{Expected, verify_id_token},
    pairing_page::PairingPage,
    server::{Server, ServerSetup},
    terminal_device::TerminalDevice,
    window::Window,
};

/// The PIN of a device that exists for one run. Not among the common ones that a device refuses.
const PIN: &str = "482915";

/// How long `tegata verify` and the like may take.
const COMMAND: std::time::Duration = std::time::Duration::from_secs(30);

/// Walks through one sign-in.
pub(super) async fn run(args: &Args, folder: &DemoFolder) -> anyhow::Result<()> {
    let timeline = Timeline::start();
    let (server, mut hand) = tokio::try_join!(start_server(args, folder), async {
        Hand::start(args, folder).await
    })?;
    timeline.note(&format!("the server listens on {}", server.issuer()));
    timeline.note(&hand.describe());
    let pages = DemoPages::new(&server);

    let invitation = pages.invite().await?;
    timeline.note("the pairing page shows an invitation");
    hand.pair(&invitation, &timeline).await?;

    let sign_in = pages.sign_in().await?;
    timeline.note("Sign in was pressed at the kiosk, which shows a code");
    hand.approve(sign_in.transfer_code.as_deref(), &timeline)
        .await?;
    let signed_in = pages.await_approval(&sign_in).await?;
    timeline.note(&format!(
        "the kiosk says who signed in: {}",
        signed_in.claims["sub"]
    ));

    let client_file = folder.evidence().join("client-evidence.json");
    pages.save_evidence(&signed_in, &client_file).await?;
    timeline.note("the client's evidence is downloaded");
    let device_file = folder.evidence().join("device-evidence.json");
    let device = hand.export(args, folder, &device_file).await?;
    timeline.note("the device's evidence is exported");

    let expected = Expected {
        issuer: server.issuer(),
        client_id: signed_in.claims["aud"].as_str().unwrap_or_default(),
        access_token: None,
        now: SystemClock.now(),
    };
    let verified = verify_id_token(&signed_in.id_token, &server.jwks().await?, expected)?;
    ensure!(
        verified == signed_in.claims,
        "the kiosk shows other claims than the ID token has"
    );
    timeline.note("the ID token verifies against the provider's published keys");
    check_claims(&server, &signed_in, &client_file, &device_file)?;
    timeline.note("the claims fit the provider, the client's receipt and the person's signature");
    // Offline from here on.
    server.stop().await?;
    timeline.note("the server has stopped");
    for file in [&client_file, &device_file] {
        let report = device.verify(file, COMMAND).await?;
        ensure!(
            report.lines().last() == Some("receipt verified"),
            "tegata verify does not end as it should:\n{report}"
        );
        timeline.note(&format!("tegata verify accepts {}", file.display()));
    }
    console::say("\nverified ID token claims");
    console::say(&serde_json::to_string_pretty(&signed_in.claims)?);
    console::say("\nreceipt verified");
    Ok(())
}

async fn start_server(args: &Args, folder: &DemoFolder) -> anyhow::Result<Server> {
    let log = folder.logs().join("server.log");
    ServerSetup::new(&args.server()?, &folder.server(), &log)
        .demo()
        .start()
        .await
}

/// What stands in for the person's hands.
#[derive(Debug)]
enum Hand {
    Terminal(TerminalDevice),
    // Dropped in this order: the window before the desktop that it is on.
    Window(Box<Window>, Box<Desktop>),
}

impl Hand {
    async fn start(args: &Args, folder: &DemoFolder) -> anyhow::Result<Self> {
        if args.terminal {
            let device = TerminalDevice::new(&args.device()?, &folder.device())?;
            return Ok(Self::Terminal(device));
        }
        let (screens, logs) = (folder.screens(), folder.logs());
        make_private_dir(&screens)?;
        make_private_dir(&folder.device())?;
        let desktop = Desktop::start(&folder.desktop(), &logs).await?;
        let window =
            Window::open(&args.app()?, &desktop, &folder.device(), &screens, &logs).await?;
        window.picture("01-welcome").await?;
        Ok(Self::Window(Box::new(window), Box::new(desktop)))
    }

    fn describe(&self) -> String {
        match self {
            Self::Terminal(_) => "the terminal device is used, without a display".to_owned(),
            Self::Window(_, desktop) => format!(
                "the app's window is open on a virtual display ({}) with a keyring of its own",
                desktop.display()
            ),
        }
    }

    async fn pair(&mut self, page: &PairingPage, timeline: &Timeline) -> anyhow::Result<()> {
        match self {
            Self::Terminal(device) => {
                let pairing = device
                    .begin_pairing(page.link(), PIN, "demo terminal")
                    .await?;
                timeline.note("the terminal device shows six digits");
                page.confirm(pairing.digits()).await?;
                timeline.note("the digits are typed into the pairing page");
                pairing.finish().await?;
            }
            Self::Window(window, _) => {
                let shown = window.paste_invitation(page.link()).await?;
                window.picture("02-host-and-account").await?;
                timeline.note(&format!(
                    "the app asks about {} at {}",
                    shown.account, shown.host
                ));
                ensure!(
                    page.link().contains(&shown.host),
                    "the app shows another host than the invitation's: {}",
                    shown.host
                );
                window.agree_to_pair().await?;
                window.picture("03-set-pin").await?;
                let digits = window.set_pin(PIN).await?;
                window.picture("04-six-digits").await?;
                timeline.note("the app shows six digits");
                page.confirm(&digits).await?;
                timeline.note("the digits are typed into the pairing page");
                window.await_paired().await?;
                window.picture("05-paired").await?;
                window.go_on_to_inbox().await?;
                window.picture("06-empty-inbox").await?;
            }
        }
        timeline.note("the device is paired");
        Ok(())
    }

    async fn approve(&mut self, code: Option<&str>, timeline: &Timeline) -> anyhow::Result<()> {
        match self {
            Self::Terminal(device) => {
                let id = device.await_request().await?;
                timeline.note("the request is in the device's inbox");
                device.approve(&id, code, PIN).await?;
            }
            Self::Window(window, _) => {
                window.await_request().await?;
                timeline.note("the request is in the app's inbox");
                window.picture("07-inbox").await?;
                let title = window.open_request().await?;
                window.picture("08-question").await?;
                timeline.note(&format!("the app asks: {title}"));
                window.fill_in(code, PIN).await?;
                window.picture("09-filled-in").await?;
                window.approve().await?;
                window.picture("10-approved").await?;
            }
        }
        timeline.note("the device says: approved");
        Ok(())
    }

    /// Exports the device's evidence with the terminal program, which also opens the app's data, and answers the
    /// program.
    async fn export(
        self,
        args: &Args,
        folder: &DemoFolder,
        file: &Path,
    ) -> anyhow::Result<TerminalDevice> {
        let device = match self {
            Self::Terminal(device) => device,
            Self::Window(window, desktop) => {
                let outcomes = window.history().await?;
                window.picture("11-history").await?;
                ensure!(
                    outcomes == ["approved"],
                    "the app's history shows {outcomes:?}"
                );
                // One process at a time uses an app's data.
                window.close().await?;
                TerminalDevice::on_desktop(&args.device()?, &folder.device(), desktop)
            }
        };
        device.export_latest(file).await?;
        Ok(device)
    }
}

/// What the kiosk showed against what the receipts say, each verified here again: the token's evidence hash is that of
/// the receipt that the device holds, and the person's key signed an approval.
fn check_claims(
    server: &Server,
    signed_in: &SignedIn,
    client_file: &Path,
    device_file: &Path,
) -> anyhow::Result<()> {
    let claims = &signed_in.claims;
    ensure!(
        claims["iss"] == server.issuer(),
        "the token is from {}",
        claims["iss"]
    );
    let client = evidence(client_file)?;
    let device = evidence(device_file)?;
    ensure!(
        client.root == device.root,
        "client and device know different root keys"
    );
    let trusted = device.root.thumbprint();
    let EvidenceFinding::Client(receipt) = verify_evidence(&client, trusted)?.finding else {
        anyhow::bail!("the client's file holds no client receipt");
    };
    ensure!(
        claims["sub"] == receipt.sub.as_str() && claims["aud"] == receipt.aud.as_str(),
        "the token and the client's receipt are about different people or clients"
    );
    let EvidenceFinding::Decision(decision) = verify_evidence(&device, trusted)?.finding else {
        anyhow::bail!("the device's file holds no decision");
    };
    ensure!(
        decision
            .enrolled
            .as_ref()
            .is_some_and(|enrolled| enrolled.countersigned),
        "the deciding key is not the account's"
    );
    let held = evidence_hash(device.receipt.as_deref().unwrap_or_default());
    ensure!(
        claims["tegata_evidence"] == encode_b64u(&held.0),
        "the token names other evidence than the device holds"
    );
    Ok(())
}

fn evidence(file: &Path) -> anyhow::Result<EvidenceFile> {
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    Ok(parse_evidence_file(&bytes)?)
}
