//! OpenVEX documents as tools write them: which waivers come of them, and which mistakes are told.

use super::{checked, digest, policy};
use ecr_steward::spec::findings::Waiver;
use serde_json::{Value, json};

const LOG4J: &str = "pkg:maven/org.apache.logging.log4j/log4j-core@2.4";

/// A document as `vexctl` writes it, with these statements.
fn document(statements: &Value) -> Value {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://openvex.dev/docs/public/vex-2e67563e128250cbcb3e98930df948dd053e43271d70dc50cfa22d57e03fe96f",
        "author": "security@example.com",
        "timestamp": "2026-09-01T10:00:00.25-06:00",
        "version": 1,
        "statements": statements,
    })
}

fn declared(document: &Value) -> Value {
    json!({"VexDocuments": [{"Document": document, "Until": "2027-01-31"}]})
}

fn waivers(statements: &Value) -> Vec<Waiver> {
    policy(&declared(&document(statements))).waivers
}

/// A statement that waives, changed by members of `over`; `null` takes one away.
fn statement(over: &Value) -> Value {
    let mut statement = json!({
        "vulnerability": {"name": "CVE-2026-0001"},
        "products": [{"@id": "pkg:deb/debian/openssl@1.1.1n-0+deb11u3?arch=amd64"}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    });
    for (key, value) in over.as_object().unwrap() {
        statement[key.as_str()] = value.clone();
    }
    statement
}

/// What a waiver is about, in one line: vulnerability, package, version, repositories, first digits of the digest.
fn line(waiver: &Waiver) -> String {
    let of = |text: Option<&str>| text.unwrap_or("any").to_owned();
    let repositories: Vec<&str> = waiver.repositories.iter().map(|glob| glob.0.as_str()).collect();
    [
        waiver.vulnerability.0.clone(),
        of(waiver.package.as_ref().map(|glob| glob.0.as_str())),
        of(waiver.version.as_deref()),
        repositories.join(","),
        of(waiver.digest.as_ref().and_then(|digest| digest.hex().get(..4))),
    ]
    .join(" ")
}

fn lines(statements: &Value) -> Vec<String> {
    waivers(statements).iter().map(line).collect()
}

#[test]
fn a_statement_about_a_package_waives_it_in_that_version_everywhere() {
    let made = waivers(&json!([statement(&json!({"impact_statement": "Only the command line is used"}))]));
    let [waiver] = made.as_slice() else { panic!("{made:#?}") };
    assert_eq!(line(waiver), "CVE-2026-0001 openssl 1.1.1n-0+deb11u3 * any");
    assert_eq!(waiver.reason, "vulnerable_code_not_in_execute_path; Only the command line is used");
    assert_eq!(waiver.owner.as_deref(), Some("security@example.com"));
    assert_eq!(waiver.path, "VexDocuments[0].Document.statements[0]");
}

#[test]
fn each_name_of_the_vulnerability_and_each_product_makes_a_waiver() {
    let made = lines(&json!([statement(&json!({
        "vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2019-17571", "name": "CVE-2019-17571",
            "aliases": ["GHSA-2qrg-x229-3v8q", "CVE-2019-17571", "DSA-4686-1"]},
        "products": [{"@id": "pkg:deb/debian/liblog4j1.2-java@1.2.17-8"}, {"identifiers": {"purl": LOG4J}, "@id": "urn:x"}],
    }))]));
    let parts = ["liblog4j1.2-java 1.2.17-8 * any", "org.apache.logging.log4j:log4j-core 2.4 * any"];
    let names = ["CVE-2019-17571", "GHSA-2qrg-x229-3v8q", "DSA-4686-1"];
    let all: Vec<String> = names.iter().flat_map(|name| parts.map(|part| format!("{name} {part}"))).collect();
    assert_eq!(made, all);
}

#[test]
fn a_package_url_names_packages_as_scanners_do() {
    let table = [
        ("pkg:rpm/redhat/openssl@1.1.1k-7.el8_6?arch=x86_64&epoch=1", "openssl 1.1.1k-7.el8_6"),
        ("pkg:deb/debian/attr@1:2.4.47-2", "attr 1:2.4.47-2"),
        ("pkg:deb/debian/libstdc%2B%2B6@12.2.0-14", "libstdc++6 12.2.0-14"),
        ("pkg:apk/wolfi/git", "git any"),
        ("pkg:npm/%40angular/core@12.0.0#src/main", "@angular/core 12.0.0"),
        ("pkg:npm/@angular/core", "@angular/core any"),
        ("pkg:npm/left-pad@1.0.0", "left-pad 1.0.0"),
        ("pkg:golang/github.com/gorilla/mux@v1.8.0", "github.com/gorilla/mux v1.8.0"),
        ("pkg:pypi/requests@2.31.0", "requests 2.31.0"),
        ("pkg:composer/symfony/http-kernel@5.4.0", "symfony/http-kernel 5.4.0"),
    ];
    for (url, told) in table {
        assert_eq!(
            lines(&json!([statement(&json!({"products": [{"@id": url}]}))])),
            [format!("CVE-2026-0001 {told} * any")]
        );
    }
}

#[test]
fn an_image_as_product_restricts_the_repository_and_not_the_package() {
    let a = "a".repeat(64);
    let table = [
        ("pkg:oci/orders".to_owned(), "any any orders any"),
        (format!("pkg:oci/orders@sha256%3A{a}"), "any any orders aaaa"),
        (format!("pkg:oci/orders@sha256:{a}?arch=arm64&tag=v1"), "any any orders aaaa"),
        (
            "pkg:oci/orders?repository_url=123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/orders".to_owned(),
            "any any shop/orders any",
        ),
        ("pkg:oci/orders?repository_url=https%3A%2F%2Fghcr.io/shop".to_owned(), "any any shop/orders any"),
        ("pkg:oci/orders?repository_url=ghcr.io".to_owned(), "any any orders any"),
        (format!("pkg:docker/shop/orders@sha256:{a}?repository_url=gcr.io"), "any any shop/orders aaaa"),
    ];
    for (url, told) in table {
        assert_eq!(lines(&json!([statement(&json!({"products": [{"@id": url}]}))])), [format!("CVE-2026-0001 {told}")]);
    }
    let hashed = json!({"products": [{"@id": "pkg:oci/orders", "hashes": {"sha-256": a}}]});
    assert_eq!(waivers(&json!([statement(&hashed)]))[0].digest, Some(digest('a')));
}

#[test]
fn parts_of_an_image_restrict_both() {
    let nested = json!({"products": [{"@id": "pkg:oci/orders", "subcomponents": [{"@id": LOG4J}, {"@id": "pkg:apk/alpine/zlib"}]}]});
    let told =
        ["CVE-2026-0001 org.apache.logging.log4j:log4j-core 2.4 orders any", "CVE-2026-0001 zlib any orders any"];
    assert_eq!(lines(&json!([statement(&nested)])), told);
}

/// The first form of OpenVEX: texts instead of maps, parts beside the products.
#[test]
fn documents_of_the_first_version_and_as_json_text_are_understood() {
    let old = json!({
        "@context": "https://openvex.dev/ns",
        "@id": "https://openvex.dev/docs/public/vex-6e8cc8c4d0c38e9e9a60949e5dc0279684d8ad5f6711d9a12bb52247b6cc7271",
        "author": "mailto:john@example.com",
        "role": "",
        "timestamp": "2023-01-16T20:41:55.708329108-06:00",
        "version": "1",
        "statements": [{
            "vulnerability": "CVE-2022-39046",
            "timestamp": "2022-10-11T20:29:19Z",
            "products": [format!("pkg:oci/miniprow@sha256:{}", "a".repeat(64)), "pkg:oci/prow"],
            "subcomponents": ["pkg:deb/debian/libc6@2.35-4"],
            "status": "fixed",
        }],
    });
    let made = policy(&declared(&old)).waivers;
    let told = ["CVE-2022-39046 libc6 2.35-4 miniprow aaaa", "CVE-2022-39046 libc6 2.35-4 prow any"];
    assert_eq!(made.iter().map(line).collect::<Vec<_>>(), told);
    assert_eq!(made[0].reason, "fixed");
    assert_eq!(policy(&declared(&json!(old.to_string()))).waivers, made);
}

#[test]
fn what_is_open_waives_nothing_and_takes_back_what_was_said_before() {
    for status in ["affected", "under_investigation"] {
        let open = |over: Value| {
            let mut open = statement(&over);
            open["status"] = json!(status);
            open
        };
        assert!(lines(&json!([open(json!({}))])).is_empty());
        let closed = statement(&json!({"timestamp": "2026-02-01T00:00:00Z"}));
        let count = |other: Value| lines(&json!([other, closed])).len();
        assert_eq!(
            count(open(json!({"timestamp": "2026-03-01T00:00:00Z"}))),
            0,
            "the later word holds, wherever it stands"
        );
        assert_eq!(count(open(json!({"timestamp": "2026-01-01T00:00:00Z"}))), 1);
        assert_eq!(
            count(open(json!({"timestamp": "2026-01-01T00:00:00Z", "last_updated": "2026-03-01T00:00:00Z"}))),
            0
        );
        let later = |over: &Value| count(open(over.clone()));
        assert_eq!(later(&json!({"vulnerability": "cve-2026-0001"})), 0, "without a time of its own, the document's");
        assert_eq!(later(&json!({"vulnerability": "CVE-2026-0002"})), 1);
        assert_eq!(later(&json!({"products": ["pkg:deb/debian/zlib1g"]})), 1);
        assert_eq!(later(&json!({"products": ["pkg:deb/debian/openssl@3.0"]})), 1);
        assert_eq!(later(&json!({"products": ["pkg:oci/orders"]})), 0, "openssl may be in that image");
    }
}

#[test]
fn what_stands_beside_the_document_restricts_it() {
    let images =
        json!([statement(&json!({"products": ["pkg:oci/orders", "pkg:oci/payments"]})), statement(&json!({}))]);
    let made = |repositories: Value| {
        let properties = json!({"VexDocuments":
            [{"Document": document(&images), "Until": "2027-01-31", "Repositories": repositories}]});
        policy(&properties).waivers.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        made(json!(["pay*", "x"])),
        ["CVE-2026-0001 any any payments any", "CVE-2026-0001 openssl 1.1.1n-0+deb11u3 pay*,x any"]
    );
    assert_eq!(made(json!(["x"])), ["CVE-2026-0001 openssl 1.1.1n-0+deb11u3 x any"]);
}

#[test]
fn a_statement_whose_place_only_the_user_knows_needs_it_said() {
    for (over, path) in [
        (json!({"products": null}), "products"),
        (json!({"products": [{"@id": "pkg:npm/our-app@1.0.0", "subcomponents": [{"@id": LOG4J}]}]}), "products[0]"),
    ] {
        let one = json!({"Document": document(&json!([statement(&over)])), "Until": "2027-01-31"});
        let problems = checked(&json!({"VexDocuments": [one]})).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert_eq!(problems[0].path, format!("VexDocuments[0].Document.statements[0].{path}"));
        assert!(problems[0].message.contains("Repositories beside the Document"), "{problems:#?}");
        let mut said = one;
        said["Repositories"] = json!(["shop-*"]);
        let made = policy(&json!({"VexDocuments": [said]})).waivers;
        assert!(made.len() == 1 && line(&made[0]).contains(" shop-* "), "{made:#?}");
    }
}

type Wrong = (Value, &'static str, &'static str);

fn wrong_documents() -> Vec<Wrong> {
    let without = |key: &str| {
        let mut document = document(&json!([statement(&json!({}))]));
        document.as_object_mut().unwrap().remove(key);
        declared(&document)
    };
    let with = |key: &str, value: Value| {
        let mut document = document(&json!([statement(&json!({}))]));
        document[key] = value;
        declared(&document)
    };
    vec![
        (json!({"VexDocuments": "x"}), "VexDocuments", "must be a list"),
        (json!({"VexDocuments": [7]}), "VexDocuments[0]", "must be a map"),
        (json!({"VexDocuments": [{"Until": "2027-01-31"}]}), "VexDocuments[0].Document", "is required"),
        (declared(&json!("{\"@context\"")), "VexDocuments[0].Document", "not JSON"),
        (declared(&json!("[]")), "VexDocuments[0].Document", "JSON text of a list"),
        (declared(&json!(["x"])), "VexDocuments[0].Document", "a map or JSON text"),
        (without("@context"), "VexDocuments[0].Document.@context", "CycloneDX and CSAF"),
        (with("@context", json!("https://openvex.dev/ns/v1.0.0")), "VexDocuments[0].Document.@context", "v0.2.0"),
        (with("@context", json!("https://cyclonedx.org")), "VexDocuments[0].Document.@context", "v0.2.0"),
        (without("author"), "VexDocuments[0].Document.author", "is required"),
        (without("timestamp"), "VexDocuments[0].Document.timestamp", "is required"),
        (with("timestamp", json!("yesterday")), "VexDocuments[0].Document.timestamp", "\"yesterday\""),
        (without("statements"), "VexDocuments[0].Document.statements", "is required"),
        (with("statements", json!([])), "VexDocuments[0].Document.statements", "at least one"),
        (with("statements", json!({})), "VexDocuments[0].Document.statements", "must be a list"),
        (with("statements", json!(["x"])), "VexDocuments[0].Document.statements[0]", "must be a map"),
    ]
}

fn wrong_statements() -> Vec<Wrong> {
    let at = |over: &Value| declared(&document(&json!([statement(&json!({})), statement(over)])));
    let product = |url: &str| at(&json!({"products": [{"@id": url}]}));
    let rows: Vec<Wrong> = vec![
        (at(&json!({"status": null})), "status", "is required"),
        (at(&json!({"status": "not-affected"})), "status", "did you mean not_affected?"),
        (at(&json!({"justification": null})), "justification", "is required with not_affected"),
        (at(&json!({"justification": "component_not_there"})), "justification", "component_not_present"),
        (at(&json!({"last_updated": "2026-13-01"})), "last_updated", "must be a time"),
        (at(&json!({"vulnerability": null})), "vulnerability", "is required"),
        (at(&json!({"vulnerability": ["CVE-2026-0001"]})), "vulnerability", "a name or a map"),
        (at(&json!({"vulnerability": "CVE-*"})), "vulnerability", "about one vulnerability"),
        (at(&json!({"vulnerability": {"description": "x"}})), "vulnerability.name", "is required"),
        (
            at(&json!({"vulnerability": {"name": "A", "aliases": ["B", "*"]}})),
            "vulnerability.aliases[1]",
            "one vulnerability",
        ),
        (at(&json!({"products": "pkg:oci/orders"})), "products", "must be a list"),
        (
            at(&json!({"products": ["pkg:oci/a1", {"identifiers": {"cpe23": "cpe:2.3:a"}}]})),
            "products[1]",
            "package URL",
        ),
        (at(&json!({"products": ["pkg:oci/a1", "pkg:oci/B"]})), "products[1]", "\"B\""),
        (product("https://example.com/app"), "products[0]", "is not a package URL"),
        (product("pkg:deb"), "products[0]", "without a type or a name"),
        (product("pkg:deb/debian/%zz"), "products[0]", "percent-encoded"),
        (product("pkg:deb/debian/%ff"), "products[0]", "percent-encoded"),
        (product("pkg:deb/debian/%2A"), "products[0]", "one package"),
        (product("pkg:oci/orders@sha256:abc"), "products[0]", "image digest"),
        (product("pkg:docker/orders@latest"), "products[0]", "may move"),
        (product("pkg:oci/orders?tag=latest"), "products[0]", "may move"),
        (
            at(&json!({"products": [{"@id": "pkg:oci/orders", "hashes": {"sha-256": "abc"}}]})),
            "products[0].hashes.sha-256",
            "image digest",
        ),
        (
            at(&json!({"products": [{"@id": "pkg:oci/orders", "subcomponents": [{"@id": "pkg:oci/a1"}]}]})),
            "products[0].subcomponents[0]",
            "a part of a product is a package",
        ),
        (
            at(&json!({"products": [{"@id": "pkg:oci/orders", "subcomponents": "x"}]})),
            "products[0].subcomponents",
            "must be a list",
        ),
    ];
    rows
}

#[test]
fn each_mistake_in_a_document_is_told_at_its_path() {
    let statements = wrong_statements()
        .into_iter()
        .map(|(wrong, path, word)| (wrong, format!("VexDocuments[0].Document.statements[1].{path}"), word));
    let documents = wrong_documents().into_iter().map(|(wrong, path, word)| (wrong, path.to_owned(), word));
    for (wrong, path, word) in documents.chain(statements) {
        let problems = checked(&wrong).expect_err(&format!("{wrong} is wrong"));
        let found = problems.iter().find(|problem| problem.path == path && problem.message.contains(word));
        assert!(found.is_some(), "{wrong}: no {word:?} at {path} in {problems:#?}");
        assert_eq!(problems.len(), 1, "one mistake is told once, not {problems:#?}");
    }
}

/// Names times products times parts: a small document could stand for more waivers than memory holds.
#[test]
fn a_document_that_makes_too_many_waivers_is_refused_before_it_makes_them() {
    let names: Vec<String> = (0..2_000).map(|n| format!("CVE-2026-{n:04}")).collect();
    let parts: Vec<String> = (0..2_000).map(|n| format!("pkg:deb/debian/p{n}")).collect();
    let table = [
        json!({"vulnerability": {"name": "A", "aliases": names}, "products": parts}),
        json!({"products": parts, "subcomponents": parts}),
        json!({"products": parts}),
    ];
    for over in table {
        let problems = checked(&declared(&document(&json!([statement(&over)])))).unwrap_err();
        assert!(problems.len() == 1 && problems[0].message.contains("1000"), "{problems:#?}");
    }
    let half: Vec<&String> = parts.iter().take(600).collect();
    let one = json!({"Document": document(&json!([statement(&json!({"products": half}))])), "Until": "2027-01-31"});
    let problems = checked(&json!({"VexDocuments": [one, one]})).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].path == "VexDocuments[1]" && problems[0].message.contains("1200"), "{problems:#?}");
}
