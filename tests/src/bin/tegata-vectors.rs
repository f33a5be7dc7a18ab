//! Writes the test vectors of the device protocol and the examples of its document; `--check` compares instead. Run by
//! `cargo xtask gen`.

use anyhow::bail;
use tegata_tests::vectors::generate;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["--write"] => generate::write(),
        ["--check"] => generate::check(),
        _ => bail!("usage: tegata-vectors [--write | --check]"),
    }
}
