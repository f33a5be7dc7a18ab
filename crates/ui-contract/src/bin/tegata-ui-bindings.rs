//! Writes the generated TypeScript of the UI contract. Run by `cargo xtask gen`.

use std::{io, path::Path};

fn main() -> io::Result<()> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/generated");
    tegata_ui_contract::export_bindings(&dir)
}
