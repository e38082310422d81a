//! What only the command line asks.

use super::*;

#[test]
fn only_a_missing_bucket_is_a_missing_bucket() {
    run(async {
        let tape = Tape::default();
        for (status, code) in [(404, "NoSuchBucket"), (404, "NoSuchKey"), (403, "AccessDenied")] {
            tape.then(status, &[], &format!("<Error><Code>{code}</Code></Error>"));
        }
        tape.then(200, &[], "");
        let aws = tape.aws().with_state_bucket("another");
        assert_eq!(aws.has_state_bucket().await, Ok(false));
        assert_eq!(aws.has_state_bucket().await, Ok(true));
        assert_eq!(aws.has_state_bucket().await.unwrap_err().kind, FaultKind::Denied);
        assert_eq!(aws.has_state_bucket().await, Ok(true));
        assert!(tape.said().iter().all(|said| said.url.contains("another") && !said.url.contains("state")));
    });
}

#[test]
fn the_account_is_the_registry_and_an_answer_without_one_is_a_fault() {
    run(async {
        let tape = Tape::of(&[(200, json!({"registryId": "123456789012"})), (200, json!({}))]);
        let aws = tape.aws();
        assert_eq!(aws.account().await, Ok("123456789012".to_owned()));
        assert_eq!(aws.account().await.unwrap_err().kind, FaultKind::Unexpected);
        tape.said();
    });
}

#[test]
fn a_stack_is_found_by_its_name_and_a_resource_tells_its_type() {
    run(async {
        let stack = format!(
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>{STACK}</StackId><StackName>shop</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        );
        let gone = "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id shop does not exist</Message></Error></ErrorResponse>";
        let tape = Tape::default();
        tape.then(200, &[], &stack);
        tape.then(400, &[], gone);
        tape.then(200, &[], &resource("CREATE_COMPLETE"));
        tape.then(400, &[], gone);
        let aws = tape.aws();
        assert_eq!(aws.find_stack("shop").await, Ok(Some((STACK.to_owned(), "CREATE_COMPLETE".to_owned()))));
        assert_eq!(aws.find_stack("shop").await, Ok(None));
        assert_eq!(aws.resource_type("shop", "Fleet").await, Ok(Some("Custom::EcrFleet".to_owned())));
        assert_eq!(aws.resource_type("shop", "Fleet").await, Ok(None));
        assert!(tape.said()[0].body.contains("StackName=shop"));
    });
}
