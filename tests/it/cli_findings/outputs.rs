//! `outputs` as a user meets it: of a file, of a stack, of a project.

use super::*;
use ecr_steward::spec::Gallery;
use ecr_steward::spec::fleet::{Surroundings, check};
use ecr_steward::spec::outputs::{Source, document};
use ecr_steward::spec::public;

const SPEC: &str = "Type: Custom::EcrRepositories
Properties: {ProjectName: shop, Environment: dev, RepositoryNames: [customer-service, 2nd/api]}
";
const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// A state bucket with the outputs of these resources of the stack, each of one repository called like it.
fn deployed(resources: &[&str]) -> Cloud {
    let cloud = Cloud::start();
    for id in resources {
        let properties = json!({"ProjectName": "shop", "Environment": "dev", "RepositoryNames": [id.to_lowercase()]});
        let around = Surroundings { partition: "aws", parameter_prefix: "/ecr-steward" };
        let fleet = check(properties.as_object().unwrap(), &around).unwrap();
        let place = place();
        let source = Source { fleet: &fleet, place: &place, parameter_prefix: "/ecr-steward", outputs_uri: "s3://x" };
        let bytes = serde_json::to_vec(&document(source)).unwrap();
        cloud.state().objects.insert(format!("outputs/{GUID}/{id}.json"), bytes);
    }
    cloud
}

/// The same, and a public fleet.
fn deployed_with_public(resources: &[&str]) -> Cloud {
    let cloud = deployed(resources);
    let properties = json!({"RepositoryNames": ["tools/lint"]});
    let mut fleet = public::check(properties.as_object().unwrap(), "aws").unwrap();
    fleet.gallery = Some(Gallery { uri: "public.ecr.aws/a1b2c3d4".to_owned() });
    let place = place();
    let source = Source { fleet: &fleet, place: &place, parameter_prefix: "/ecr-steward", outputs_uri: "s3://x" };
    let bytes = serde_json::to_vec(&document(source)).unwrap();
    cloud.state().objects.insert(format!("outputs/{GUID}/Zoo.json"), bytes);
    cloud
}

#[test]
fn public_fleets_log_in_to_the_gallery_and_need_no_pull_secret() {
    let cloud = deployed_with_public(&["Fleet"]);
    let docker = cloud.run(&["outputs", "--stack", "shop", "--format", "docker"]);
    let lines: Vec<&str> = docker.data.lines().collect();
    assert_eq!((docker.code, docker.talk.as_str()), (0, ""));
    assert_eq!(
        lines[1],
        "aws ecr-public get-login-password --region us-east-1 | docker login --username AWS --password-stdin public.ecr.aws"
    );
    assert_eq!(
        lines[lines.len() - 4..],
        [
            "# tools/lint",
            "docker build -t tools/lint .",
            "docker tag tools/lint:latest public.ecr.aws/a1b2c3d4/tools/lint:latest",
            "docker push public.ecr.aws/a1b2c3d4/tools/lint:latest",
        ]
    );
    let pods = cloud.run(&["outputs", "--stack", "shop", "--format", "kubernetes"]);
    assert_eq!(pods.code, 0);
    assert_eq!(pods.data.matches("--dry-run=client").count(), 1);
    assert!(!pods.data.contains("lint") && pods.data.lines().all(|line| !line.starts_with(' ')), "{}", pods.data);
    assert!(pods.talk.contains("nothing in the words of kubernetes for tools/lint: "), "{}", pods.talk);
    let alone = ["outputs", "--stack", "shop", "--logical-id", "Zoo", "--format", "kubernetes"];
    let alone = cloud.run(&alone);
    assert_eq!((alone.code, alone.data.as_str()), (0, ""));
}

#[test]
fn a_fleet_whose_outputs_lack_the_commands_is_skipped_with_a_word() {
    let cloud = deployed(&["Fleet", "Other"]);
    let key = format!("outputs/{GUID}/Fleet.json");
    let mut old: Value = serde_json::from_slice(&cloud.state().objects[&key]).unwrap();
    for gone in ["DockerLoginCommand", "K8sImagePullSecretCommand"] {
        old.as_object_mut().unwrap().remove(gone);
    }
    cloud.state().objects.insert(key, serde_json::to_vec(&old).unwrap());
    for (format, command) in [("docker", "DockerLoginCommand"), ("kubernetes", "K8sImagePullSecretCommand")] {
        let run = cloud.run(&["outputs", "--stack", "shop", "--format", format]);
        assert_eq!(run.code, 0, "{}", run.talk);
        assert!(run.data.contains("shop-dev-other") && !run.data.contains("shop-dev-fleet"), "{}", run.data);
        assert!(run.talk.contains(&format!("for fleet: its outputs have no {command}")), "{}", run.talk);
    }
}

#[test]
fn a_file_has_outputs_before_it_is_deployed() {
    let cloud = Cloud::start();
    let of = |format: &str| {
        let run = cloud.run_with(&["outputs", "-", "--format", format], SPEC);
        assert_eq!((run.code, run.talk.as_str()), (0, ""), "{format}");
        run.data
    };
    assert_eq!(
        of("table"),
        format!("2nd/api           {HOST}/shop-dev-2nd/api\ncustomer-service  {HOST}/shop-dev-customer-service\n")
    );
    assert_eq!(
        of("env"),
        format!(
            "_2ND_API_REPOSITORY_URL='{HOST}/shop-dev-2nd/api'\nCUSTOMER_SERVICE_REPOSITORY_URL='{HOST}/shop-dev-customer-service'\n"
        )
    );
    let docker = of("docker");
    let script: Vec<&str> = docker.lines().collect();
    assert_eq!(
        script[0],
        format!("aws ecr get-login-password --region eu-west-1 | docker login --username AWS --password-stdin {HOST}")
    );
    assert_eq!(
        script[7..],
        [
            "# customer-service",
            "docker build -t customer-service .",
            &format!("docker tag customer-service:latest {HOST}/shop-dev-customer-service:latest"),
            &format!("docker push {HOST}/shop-dev-customer-service:latest"),
        ]
    );
    let kubernetes = of("kubernetes");
    assert!(kubernetes.contains("kubectl create secret docker-registry ecr-secret --docker-server="), "{kubernetes}");
    assert!(kubernetes.contains("#     - name: ecr-secret\n#   containers:\n#     - name: 2nd-api\n"), "{kubernetes}");
    let json: Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!(json["RegistryUri"], HOST);
    assert_eq!(json.get("OutputsUri"), None, "nothing was deployed");
}

#[test]
fn what_is_deployed_is_read_from_the_state_bucket() {
    let cloud = deployed(&["Fleet", "Other"]);
    let one = cloud.run(&["outputs", "--stack", "shop", "--logical-id", "Fleet", "--format", "json"]);
    assert_eq!(one.code, 0, "{}", one.talk);
    let value: Value = serde_json::from_str(&one.data).unwrap();
    assert_eq!(value["RepositoryUrls"], json!({"fleet": format!("{HOST}/shop-dev-fleet")}));
    let both = cloud.run(&["outputs", "--stack", "shop", "--format", "env"]);
    assert_eq!(
        both.data,
        format!("FLEET_REPOSITORY_URL='{HOST}/shop-dev-fleet'\nOTHER_REPOSITORY_URL='{HOST}/shop-dev-other'\n")
    );
    let project = ["outputs", "--project", "shop", "--environment", "dev", "--format", "env"];
    assert_eq!(cloud.run(&project).data, both.data);
    let docker = cloud.run(&["outputs", "--stack", "shop", "--format", "docker"]).data;
    assert_eq!(docker.matches("docker login").count(), 1, "one registry, one login");
    let elsewhere = cloud.run(&["outputs", "--project", "shop", "--environment", "prod"]);
    assert!(elsewhere.code == 2 && elsewhere.talk.contains("no fleet of project shop, environment prod"));
    let nothing = cloud.run(&["outputs", "--stack", "shop", "--logical-id", "Flet"]);
    assert!(
        nothing.code == 2 && nothing.talk.contains("has no outputs of a Custom::EcrRepositories Flet"),
        "{}",
        nothing.talk
    );
}

#[test]
fn what_cannot_be_shown_is_said() {
    let cloud = Cloud::start();
    let twice = SPEC.replace("2nd/api", "customer_service");
    let run = cloud.run_with(&["outputs", "-", "--format", "env"], &twice);
    assert_eq!((run.code, run.data.as_str()), (2, ""));
    assert!(run.talk.contains("would both be CUSTOMER_SERVICE_REPOSITORY_URL"), "{}", run.talk);
    let bad = cloud.run_with(&["outputs", "-"], &SPEC.replace("dev", "Dev"));
    assert!(bad.code == 1 && bad.talk.contains("Environment: contains 'D'"), "{}", bad.talk);
    let csv = cloud.run_with(&["outputs", "-", "--format", "csv"], SPEC);
    assert!(csv.talk.contains("outputs does not write csv; ask for table, json, yaml, env, docker or kubernetes"));
    assert_eq!(cloud.run(&["outputs"]).code, 2, "of what?");
    assert_eq!(cloud.run(&["outputs", "--project", "shop"]).code, 2);
}
