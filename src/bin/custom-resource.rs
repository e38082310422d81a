//! The function behind the custom resources and its own delayed queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ecr_steward::handler::start::custom_resource().await
}
