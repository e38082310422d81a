//! Asking CloudFormation.

use super::*;

/// Rows: 54.
#[test]
fn a_stack_that_is_gone_is_none_and_tags_of_aws_are_not_its_own() {
    run(async {
        let gone = "<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>";
        let there = "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>s</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>UPDATE_IN_PROGRESS</StackStatus><RootId>arn:root</RootId><Tags><member><Key>team</Key><Value>pay</Value></member><member><Key>aws:x</Key><Value>1</Value></member></Tags></member></Stacks></DescribeStacksResult></DescribeStacksResponse>";
        let tape = Tape::default();
        tape.then(400, &[], gone);
        tape.then(200, &[], there);
        tape.then(400, &[], &gone.replace("Stack with id x", "Resource Fleet"));
        let aws = tape.aws();
        assert_eq!(aws.stack(STACK).await, Ok(None));
        let stack = aws.stack(STACK).await.unwrap().unwrap();
        assert_eq!((stack.status.as_str(), stack.root.as_deref()), ("UPDATE_IN_PROGRESS", Some("arn:root")));
        assert_eq!(stack.tags, Tags::from([("team".to_owned(), "pay".to_owned())]));
        assert_eq!(aws.has_resource(STACK, "Fleet").await, Ok(false));
        tape.said();
    });
}

#[test]
fn a_resource_is_there_until_it_was_deleted_or_left_behind() {
    for (status, there) in [
        ("CREATE_COMPLETE", true),
        ("UPDATE_IN_PROGRESS", true),
        ("DELETE_IN_PROGRESS", true),
        ("DELETE_FAILED", true),
        ("DELETE_COMPLETE", false),
        ("DELETE_SKIPPED", false),
    ] {
        run(async {
            let tape = Tape::default();
            tape.then(200, &[], &resource(status));
            assert_eq!(tape.aws().has_resource(STACK, "Fleet").await, Ok(there), "{status}");
            let body = tape.one().body;
            assert!(body.contains("Action=DescribeStackResource&"), "{body}");
            assert!(body.contains("LogicalResourceId=Fleet"), "{body}");
        });
    }
}

/// Rows: 19.
#[test]
fn only_absence_is_absence_and_every_other_refusal_is_a_fault() {
    run(async {
        let error = |code: &str, message: &str| {
            format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>")
        };
        let tape = Tape::default();
        for _ in 0..2 {
            tape.then(403, &[("x-amzn-requestid", "r-1")], &error("AccessDenied", "not authorized"));
            tape.then(400, &[], &error("ValidationError", "1 validation error detected"));
        }
        let aws = tape.aws();
        let denied = aws.stack(STACK).await.unwrap_err();
        assert_eq!((denied.kind, denied.request_id.as_deref()), (FaultKind::Denied, Some("r-1")));
        assert_eq!(aws.stack(STACK).await.unwrap_err().kind, FaultKind::Invalid);
        assert_eq!(aws.has_resource(STACK, "Fleet").await.unwrap_err().kind, FaultKind::Denied);
        assert_eq!(aws.has_resource(STACK, "Fleet").await.unwrap_err().kind, FaultKind::Invalid);
        tape.said();
    });
}
