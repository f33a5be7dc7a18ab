//! Starts the app.

fn main() -> anyhow::Result<()> {
    tegata_app_lib::run()
}
