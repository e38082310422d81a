//! Settings: strict about what is needed, total about what is wrong, silent about secrets.

use ecr_steward::config::{BadEnvironment, DriftSettings, FindingsSettings, Settings};

const GOOD: [(&str, &str); 6] = [
    ("AWS_REGION", "eu-west-1"),
    ("STATE_BUCKET", "state"),
    ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/q"),
    ("PARAMETER_PREFIX", "/ecr-steward"),
    ("AWS_ACCESS_KEY_ID", "AKIA"),
    ("AWS_SECRET_ACCESS_KEY", "very-secret"),
];

/// What the findings function needs besides.
const FINDINGS: [(&str, &str); 8] = [
    ("ACCOUNT_ID", "123456789012"),
    ("PARTITION", "aws"),
    ("DEAD_LETTER_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/dead"),
    ("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:topic"),
    ("EVENT_BUS_NAME", "ecr-steward"),
    ("STACK_NAME", "ecr-steward"),
    ("MAX_RECEIVES", "5"),
    ("REPOSITORY_NAME_PATTERN", "*"),
];

/// What the drift function needs beside what the two above have.
const DRIFT: [(&str, &str); 2] = [
    ("SETTLE_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/settle"),
    ("FUNCTION_ROLE_ARN", "arn:aws:iam::123456789012:role/ecr-steward-drift"),
];

/// Reads the good environment with some variables set otherwise; an empty value is a variable that is not set.
fn read(other: &[(&str, &str)]) -> Result<Settings, BadEnvironment> {
    Settings::read(&|name| lookup(other, name))
}

/// The same for the findings function.
fn read_findings(other: &[(&str, &str)]) -> Result<FindingsSettings, BadEnvironment> {
    FindingsSettings::read(&|name| lookup(other, name))
}

/// The same for the drift function.
fn read_drift(other: &[(&str, &str)]) -> Result<DriftSettings, BadEnvironment> {
    DriftSettings::read(&|name| lookup(other, name))
}

fn lookup(other: &[(&str, &str)], name: &str) -> Option<String> {
    let set = other.iter().chain(&GOOD).chain(&FINDINGS).chain(&DRIFT).find(|(variable, _)| *variable == name)?;
    Some(set.1.to_owned())
}

#[test]
fn each_needed_variable_is_missed_by_name() {
    assert!(read(&[]).is_ok());
    for (name, _) in GOOD {
        let BadEnvironment(wrong) = read(&[(name, "")]).unwrap_err();
        assert!(wrong.contains(&format!("{name} is not set")), "{wrong:?}");
    }
}

#[test]
fn nonsense_is_refused_by_name() {
    let nonsense = [
        ("AWS_REGION", "the moon"),
        ("AWS_REGION", "europe"),
        ("STATE_BUCKET", "No Bucket!"),
        ("STATE_BUCKET", "ab"),
        ("QUEUE_URL", "nonsense"),
        ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com"),
        ("PARAMETER_PREFIX", "/aws/x"),
    ];
    for (name, value) in nonsense {
        let BadEnvironment(wrong) = read(&[(name, value)]).unwrap_err();
        let [line] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert!(line.starts_with(name) && line.contains(value), "{line}");
    }
    for region in ["us-gov-west-1", "cn-north-1", "ap-southeast-5", "eusc-de-east-1"] {
        assert!(read(&[("AWS_REGION", region)]).is_ok(), "{region}");
    }
}

/// Rows: 4.
#[test]
fn everything_wrong_is_told_at_once() {
    let BadEnvironment(wrong) =
        read(&[("STATE_BUCKET", ""), ("PARAMETER_PREFIX", "x/"), ("WARM_UP", "1"), ("QUEUE_URL", "nonsense")])
            .unwrap_err();
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    STATE_BUCKET is not set
    QUEUE_URL must be the URL of a queue, not "nonsense"
    PARAMETER_PREFIX must begin with a slash and not end with one, not "x/"
    WARM_UP is "1"; on and off are known
    "#);
}

#[test]
fn a_parameter_prefix_is_a_path_that_ssm_takes() {
    for good in ["/a", "/platform/ecr", "/a.b-c_d"] {
        assert!(read(&[("PARAMETER_PREFIX", good)]).is_ok(), "{good}");
    }
    for bad in ["a", "/a/", "/", "//a", "/a b", "/aws/x", "/ssm", "/AWSome", "/a/é"] {
        assert!(read(&[("PARAMETER_PREFIX", bad)]).is_err(), "{bad}");
    }
}

#[test]
fn an_endpoint_of_a_service_goes_before_the_one_for_all() {
    let endpoints =
        read(&[("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_ECR", "http://ecr")]).unwrap().endpoints;
    assert_eq!([endpoints.of("ECR"), endpoints.of("S3")], [Some("http://ecr"), Some("http://all")]);
    assert!(endpoints.are_local());
    let one = read(&[("AWS_ENDPOINT_URL_ECR", "https://vpce")]).unwrap().endpoints;
    assert!(!one.are_local(), "an endpoint of one service is also used on AWS");
    assert_eq!([one.of("ECR"), one.of("S3")], [Some("https://vpce"), None]);
}

/// Rows: 43.
#[test]
fn credentials_do_not_show_themselves() {
    let settings = read(&[("AWS_SESSION_TOKEN", "token-of-the-session")]).unwrap();
    let shown = format!("{settings:?}");
    for secret in ["very-secret", "token-of-the-session", "AKIA"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_findings_function_needs_what_the_others_need_and_more() {
    let settings = read_findings(&[]).unwrap();
    assert_eq!(settings.shared, read(&[]).unwrap());
    assert_eq!((settings.account.as_str(), settings.partition.as_str()), ("123456789012", "aws"));
    assert_eq!(settings.dead_letter_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/dead");
    assert_eq!(settings.topic_arn, "arn:aws:sns:eu-west-1:123456789012:topic");
    assert_eq!((settings.event_bus.as_str(), settings.max_receives), ("ecr-steward", 5));
    assert_eq!(settings.stack_name, "ecr-steward");
    for (name, _) in GOOD.iter().chain(&FINDINGS) {
        let BadEnvironment(wrong) = read_findings(&[(name, "")]).unwrap_err();
        assert_eq!(wrong, [format!("{name} is not set")]);
    }
}

#[test]
fn nonsense_for_the_findings_function_is_refused_by_name() {
    let nonsense = [
        ("ACCOUNT_ID", "12345678901"),
        ("ACCOUNT_ID", "12345678901a"),
        ("PARTITION", "azure"),
        ("PARTITION", "awsome"),
        ("PARTITION", "aws-CN"),
        ("DEAD_LETTER_URL", "dead"),
        ("TOPIC_ARN", "topic"),
        ("TOPIC_ARN", "arn:aws:sqs:eu-west-1:123456789012:topic"),
        ("TOPIC_ARN", "arn:aws:sns:eu-west-1::topic"),
        ("EVENT_BUS_NAME", "my bus"),
        ("EVENT_BUS_NAME", "a/b"),
        ("STACK_NAME", "my_stack"),
        ("STACK_NAME", "1st"),
        ("MAX_RECEIVES", "0"),
        ("MAX_RECEIVES", "1001"),
        ("MAX_RECEIVES", "five"),
        ("MAX_RECEIVES", "-1"),
        ("WARM_UP", "1"),
    ];
    for (name, value) in nonsense {
        let BadEnvironment(wrong) = read_findings(&[(name, value)]).unwrap_err();
        let [line] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert!(line.starts_with(name) && line.contains(value), "{line}");
    }
    let fine = [
        ("PARTITION", "aws-us-gov"),
        ("EVENT_BUS_NAME", "arn:aws:events:eu-west-1:123456789012:event-bus/bus"),
        ("EVENT_BUS_NAME", "default"),
        ("MAX_RECEIVES", "1"),
        ("MAX_RECEIVES", "1000"),
    ];
    for (name, value) in fine {
        assert!(read_findings(&[(name, value)]).is_ok(), "{name} {value}");
    }
}

#[test]
fn services_of_the_findings_half_have_endpoints_of_their_own_as_aws_spells_them() {
    for service in ["SECURITYHUB", "SNS", "EVENTBRIDGE"] {
        let endpoints = read(&[(&format!("AWS_ENDPOINT_URL_{service}"), "http://own")]).unwrap().endpoints;
        assert_eq!([endpoints.of(service), endpoints.of("ECR")], [Some("http://own"), None]);
    }
}

#[test]
fn the_drift_function_needs_what_the_findings_function_needs_but_for_the_bus_and_two_more() {
    let settings = read_drift(&[]).unwrap();
    assert_eq!(settings.shared, read(&[]).unwrap());
    assert_eq!((settings.account.as_str(), settings.partition.as_str()), ("123456789012", "aws"));
    assert_eq!(settings.dead_letter_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/dead");
    assert_eq!(settings.settle_queue_url, "https://sqs.eu-west-1.amazonaws.com/123456789012/settle");
    assert_eq!((settings.topic_arn.as_str(), settings.max_receives), ("arn:aws:sns:eu-west-1:123456789012:topic", 5));
    assert_eq!((settings.stack_name.as_str(), settings.repository_pattern.as_str()), ("ecr-steward", "*"));
    assert_eq!(settings.role_arn, "arn:aws:iam::123456789012:role/ecr-steward-drift");
    let needed = GOOD.iter().chain(&FINDINGS).chain(&DRIFT).filter(|(name, _)| *name != "EVENT_BUS_NAME");
    for (name, _) in needed {
        let BadEnvironment(wrong) = read_drift(&[(name, "")]).unwrap_err();
        assert_eq!(wrong, [format!("{name} is not set")]);
    }
    assert!(read_drift(&[("EVENT_BUS_NAME", "")]).is_ok());
}

#[test]
fn nonsense_for_the_drift_function_is_refused_by_name() {
    let nonsense = [
        ("SETTLE_QUEUE_URL", "settle"),
        ("FUNCTION_ROLE_ARN", "ecr-steward-drift"),
        ("FUNCTION_ROLE_ARN", "arn:aws:iam::123456789012:user/me"),
        ("FUNCTION_ROLE_ARN", "arn:aws:iam::123456789012:role/"),
        ("FUNCTION_ROLE_ARN", "arn:aws:sts::123456789012:role/x"),
        ("FUNCTION_ROLE_ARN", "arn:aws:iam::1:role/x"),
        ("ACCOUNT_ID", "1"),
        ("MAX_RECEIVES", "0"),
    ];
    for (name, value) in nonsense {
        let BadEnvironment(wrong) = read_drift(&[(name, value)]).unwrap_err();
        let [line] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert!(line.starts_with(name) && line.contains(value), "{line}");
    }
    let path = "arn:aws-cn:iam::123456789012:role/a/path/name";
    assert!(read_drift(&[("FUNCTION_ROLE_ARN", path)]).is_ok());
}
