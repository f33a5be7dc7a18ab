//! The `tegata-server` command.

fn main() -> std::process::ExitCode {
    tegata_server::cli::run()
}
