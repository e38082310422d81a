//! Answers CloudFormation for an invocation of the custom-resource function that ended without answering.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    ecr_steward::handler::start::responder().await
}
