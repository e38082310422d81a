//! The function that forwards what scans find.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ecr_steward::handler::start_findings::findings().await
}
