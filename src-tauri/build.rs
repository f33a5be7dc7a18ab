//! Lists the app's own commands in the build manifest, which makes each of them need a permission in a capability.

fn main() {
    let commands: &'static [&'static str] = tegata_ui_contract::command_names();
    let manifest = tauri_build::AppManifest::new().commands(commands);
    let attributes = tauri_build::Attributes::new().app_manifest(manifest);
    tauri_build::try_build(attributes)
        .expect("tauri.conf.json, capabilities and icons fit together");
}
