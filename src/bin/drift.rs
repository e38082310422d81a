//! The function that keeps repositories to their declarations and the account to its baseline.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ecr_steward::handler::start_drift::drift().await
}
