//! Writes `docs/conformance.md` from the list of requirements and the tests that name them; `--check` compares instead. Run
//! by `cargo xtask gen`.

use anyhow::bail;
use tegata_tests::conformance;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["--write"] => conformance::write(),
        ["--check"] => conformance::check(),
        _ => bail!("usage: tegata-conformance [--write | --check]"),
    }
}
