//! The engine from a terminal.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    ecr_steward::cli::run().await
}
