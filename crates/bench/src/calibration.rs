//! What this machine takes, now, for work that everybody knows.

use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, OpenOptions},
    hint::black_box,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::Instant,
};

use crate::{
    cpu,
    latency::Latencies,
    report::{Row, Table},
};

/// Bytes of a typical signed thing: about what a prompt has.
const SIGNED_BYTES: usize = 600;

/// The yardsticks of one run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// CPU time of one ES256 signature by ring over 600 bytes, in µs.
    pub sign_us: f64,
    /// CPU time of one ES256 verification by ring over 600 bytes, in µs.
    pub verify_us: f64,
    /// Median time of writing 4 KiB in place and `fdatasync`, in µs. Waiting, not CPU; neighbours change it.
    pub sync_us: f64,
    /// CPU time of sending 600 bytes over a loopback TCP connection and getting 300 back, both ends together, in µs.
    pub exchange_us: f64,
    /// Cores that the run may use.
    pub cores: usize,
}

impl Calibration {
    /// Measures all of them; takes about two seconds. `scratch` MUST be on the disk that is measured afterwards.
    ///
    /// # Errors
    /// `scratch` cannot be written, or no loopback connection can be made.
    pub fn measure(scratch: &Path) -> anyhow::Result<Self> {
        let (sign_us, verify_us) = signatures()?;
        Ok(Self {
            sign_us,
            verify_us,
            sync_us: synced_write(scratch)?,
            exchange_us: exchange()?,
            cores: cpu::cores()?.len(),
        })
    }

    /// As a table.
    pub fn table(&self) -> Table {
        let row = |label: &str, value: f64| Row {
            label: label.to_owned(),
            cells: vec![Some(value)],
        };
        Table {
            id: "calibration".to_owned(),
            title: format!(
                "What this machine takes, in the same run ({} cores)",
                self.cores
            ),
            columns: vec!["µs".to_owned()],
            rows: vec![
                row("ES256 signature by ring, CPU", self.sign_us),
                row("ES256 verification by ring, CPU", self.verify_us),
                row(
                    "4 KiB written in place and synced, median time",
                    self.sync_us,
                ),
                row(
                    "600 bytes there and 300 back over TCP, CPU of both ends",
                    self.exchange_us,
                ),
            ],
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "ring's own signer wants ring's own randomness"
)]
fn signatures() -> anyhow::Result<(f64, f64)> {
    let random = SystemRandom::new();
    let unusable = |_| anyhow::anyhow!("ring makes no key");
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(unusable)?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random)
        .map_err(|_| anyhow::anyhow!("ring does not read its own key"))?;
    let message = vec![7; SIGNED_BYTES];
    let signature = key.sign(&random, &message).map_err(unusable)?;
    let public =
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref().to_vec());
    let sign = cpu::micros_per_call(7, 2000, || {
        let _ = black_box(key.sign(&random, black_box(&message)));
    });
    let verify = cpu::micros_per_call(7, 1000, || {
        let _ = black_box(public.verify(black_box(&message), signature.as_ref()));
    });
    Ok((sign, verify))
}

fn synced_write(scratch: &Path) -> anyhow::Result<f64> {
    fs::create_dir_all(scratch)?;
    let path = scratch.join("calibration");
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(&path)?;
    let page = [7; 4096];
    file.write_all(&page)?;
    file.sync_all()?;
    let mut latencies = Latencies::default();
    for _ in 0..400 {
        let start = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        file.sync_data()?;
        latencies.record(start.elapsed());
    }
    fs::remove_file(path)?;
    Ok(latencies.millis_at(0.5) * 1000.0)
}

fn exchange() -> anyhow::Result<f64> {
    const ROUNDS: u32 = 5000;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let mut near = TcpStream::connect(listener.local_addr()?).await?;
        let (mut far, _) = listener.accept().await?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        let echo = tokio::spawn(async move {
            let mut question = [0; 600];
            for _ in 0..ROUNDS {
                far.read_exact(&mut question).await?;
                far.write_all(&[1; 300]).await?;
            }
            Ok::<_, std::io::Error>(())
        });
        let before = cpu::of_this_thread();
        let mut answer = [0; 300];
        for _ in 0..ROUNDS {
            near.write_all(&[1; 600]).await?;
            near.read_exact(&mut answer).await?;
        }
        let spent = cpu::of_this_thread().saturating_sub(before);
        echo.await??;
        Ok(spent.as_secs_f64() * 1e6 / f64::from(ROUNDS))
    })
}
