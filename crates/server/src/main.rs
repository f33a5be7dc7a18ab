//! The `tegata-server` command.

/// The system's allocator took an eighth of the server's CPU time under load.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    tegata_server::cli::run()
}
