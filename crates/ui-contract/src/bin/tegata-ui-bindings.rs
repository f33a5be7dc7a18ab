//! Writes the generated TypeScript of the UI contract, or with `--check` compares it. Run by `cargo xtask gen`.

use std::{fs, io, path::Path, process::ExitCode};

const USAGE: &str = "usage: tegata-ui-bindings [--check]";

fn main() -> io::Result<ExitCode> {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            tegata_ui_contract::export_bindings(&committed)?;
            Ok(ExitCode::SUCCESS)
        }
        ["--check"] => {
            let fresh = tempfile::tempdir()?;
            tegata_ui_contract::export_bindings(fresh.path())?;
            compare(fresh.path(), &committed)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, USAGE)),
    }
}

/// Every file that would be written must be there already, to the byte.
fn compare(fresh: &Path, committed: &Path) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for entry in fs::read_dir(fresh)? {
        let name = entry?.file_name();
        if fs::read(committed.join(&name)).ok() != Some(fs::read(fresh.join(&name))?) {
            let name = name.display();
            io::Write::write_all(
                &mut io::stderr(),
                format!("ui/src/generated/{name} is out of date; run `cargo xtask gen --write`\n")
                    .as_bytes(),
            )?;
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}
