//! Publishing URLs as SSM parameters.

use super::*;

#[test]
fn a_new_parameter_has_tags_and_an_old_one_is_overwritten_since_ssm_takes_only_one_of_both() {
    run(async {
        let tape = Tape::of(&[
            (200, json!({"Version": 1})),
            (200, json!({"Version": 2})),
            (
                200,
                json!({"Parameters": [
            {"Name": "/x", "Value": "v"}], "InvalidParameters": ["/y"]}),
            ),
        ]);
        let aws = tape.aws();
        for new in [true, false] {
            let (path, value, owner) = ("/x".to_owned(), "v".to_owned(), "guid/Fleet".to_owned());
            aws.perform(&Change::PutParameter { path, value, owner, new }).await.unwrap();
        }
        let found = aws.parameters(&["/x".to_owned(), "/y".to_owned()]).await.unwrap();
        assert_eq!(found, BTreeMap::from([("/x".to_owned(), "v".to_owned())]));
        let said = tape.said();
        let (first, second) = (said[0].json(), said[1].json());
        assert_eq!(first["Tags"][0], json!({"Key": "ecr-steward:owner", "Value": "guid/Fleet"}));
        assert!(first.get("Overwrite").is_none(), "{first}");
        assert!(second.get("Tags").is_none(), "{second}");
        assert_eq!(second["Overwrite"], true);
    });
}

#[test]
fn the_owner_of_a_parameter_is_its_owner_tag_and_nothing_else() {
    run(async {
        let tag = |key: &str| json!({"Key": key, "Value": "guid/Fleet"});
        let tape = Tape::of(&[
            (200, json!({"TagList": [tag("team"), tag("ecr-steward:owner")]})),
            (200, json!({"TagList": [tag("team")]})),
            (400, refused("InvalidResourceId", "")),
            (400, refused("AccessDeniedException", "no")),
        ]);
        let aws = tape.aws();
        assert_eq!(aws.parameter_owner("/x").await, Ok(Some("guid/Fleet".to_owned())));
        assert_eq!(aws.parameter_owner("/x").await, Ok(None));
        assert_eq!(aws.parameter_owner("/x").await, Ok(None), "it vanished since it was read");
        assert_eq!(aws.parameter_owner("/x").await.unwrap_err().kind, FaultKind::Denied);
        assert_eq!(tape.said()[0].json(), json!({"ResourceType": "Parameter", "ResourceId": "/x"}));
    });
}

#[test]
fn a_parameter_is_deleted_by_its_name_and_one_that_is_gone_is_not_found() {
    run(async {
        let tape = Tape::of(&[(200, json!({})), (400, refused("ParameterNotFound", ""))]);
        let (aws, delete) = (tape.aws(), Change::DeleteParameter { path: "/x".to_owned() });
        aws.perform(&delete).await.unwrap();
        assert_eq!(aws.perform(&delete).await.unwrap_err().kind, FaultKind::NotFound);
        let said = &tape.said()[0];
        assert_eq!(said.headers["x-amz-target"], "AmazonSSM.DeleteParameter");
        assert_eq!(said.json(), json!({"Name": "/x"}));
    });
}

/// Rows: 45.
#[test]
fn ssm_throttles_early_and_is_asked_again() {
    run(async {
        let throttled = (400, refused("ThrottlingException", "Rate exceeded"));
        let tape = Tape::of(&[throttled.clone(), throttled, (200, json!({"Version": 1}))]);
        let (path, value, owner) = ("/x".to_owned(), "v".to_owned(), "o".to_owned());
        tape.aws().perform(&Change::PutParameter { path, value, owner, new: true }).await.unwrap();
        let said = tape.said();
        assert_eq!(said[0].json(), said[2].json(), "the very same write");
    });
}
