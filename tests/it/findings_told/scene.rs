//! One image and its findings, as scanners tell them.

use ecr_steward::model::finding::{Cvss, Finding, FindingId, Fix, Package, Scanner, Severity};
use ecr_steward::model::image::{Digest, ImageRef, Parent};
use ecr_steward::model::name::RepositoryName;
use ecr_steward::model::place::Place;
use ecr_steward::model::scan::ScanStatus;
use ecr_steward::policy::asff::Telling;
use ecr_steward::policy::change::{Change, ChangeKind, ImageChange, SeverityCounts};
use ecr_steward::policy::record::Waived;

/// 2026-03-01T08:30:00.125Z
pub(super) const CREATED: i64 = 1_772_353_800_125;
/// A day later.
pub(super) const UPDATED: i64 = CREATED + 86_400_000;

pub(super) fn digest(fill: char) -> Digest {
    Digest::parse(&format!("sha256:{}", fill.to_string().repeat(64))).unwrap()
}

pub(super) fn image() -> ImageRef {
    let place =
        Place { partition: "aws".to_owned(), region: "eu-west-1".to_owned(), account: "111122223333".to_owned() };
    ImageRef { place, repository: RepositoryName::parse("team/app").unwrap(), digest: digest('a') }
}

pub(super) fn tags() -> Vec<String> {
    vec!["latest".to_owned(), "v1.4.2".to_owned()]
}

pub(super) fn parent() -> Parent {
    Parent { digest: digest('b'), tags: vec!["v1.4.2".to_owned()], platform: Some("linux/arm64/v8".to_owned()) }
}

pub(super) fn waived() -> Waived {
    Waived {
        reason: "not reachable: TLS ends at the load balancer".to_owned(),
        owner: Some("team-x".to_owned()),
        until: "2027-01-31".to_owned(),
    }
}

pub(super) fn basic() -> Finding {
    Finding {
        package: "openssl".to_owned(),
        version: "1.1.1n-0+deb11u3".to_owned(),
        description: "The X.509 GeneralName type confusion.\nA pointer may be read, or the service may end.".to_owned(),
        url: "https://security-tracker.debian.org/tracker/CVE-2026-0001".to_owned(),
        cvss: vec![Cvss {
            version: "3.1".to_owned(),
            score: 7.4,
            vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:H".to_owned(),
            source: String::new(),
        }],
        ..Finding::new(Scanner::Basic, "CVE-2026-0001", "HIGH")
    }
}

pub(super) fn enhanced() -> Finding {
    Finding {
        package: "org.apache.logging.log4j:log4j-core".to_owned(),
        version: "2.14.1".to_owned(),
        title: "CVE-2021-44228 - org.apache.logging.log4j:log4j-core".to_owned(),
        description: "Log4j2 lookups do not protect against attacker-controlled endpoints.".to_owned(),
        url: "https://nvd.nist.gov/vuln/detail/CVE-2021-44228".to_owned(),
        references: vec!["https://logging.apache.org/log4j/2.x/security.html".to_owned(), "not a link".to_owned()],
        fix: Fix::Yes,
        exploit: Some(true),
        epss: Some(0.974_33),
        cvss: vec![Cvss {
            version: "3.1".to_owned(),
            score: 10.0,
            vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H".to_owned(),
            source: "NVD".to_owned(),
        }],
        details: Package {
            architecture: "arm64".to_owned(),
            manager: "JAR".to_owned(),
            fixed_in: "2.17.1".to_owned(),
            layer: digest('c').to_string(),
            paths: vec!["app/lib/log4j-core-2.14.1.jar".to_owned(), "app/old/log4j-core-2.14.1.jar".to_owned()],
            ..Package::default()
        },
        inspector_arn: "arn:aws:inspector2:eu-west-1:111122223333:finding/0123456789abcdef0123456789abcdef".to_owned(),
        first_observed: Some(CREATED - 5_000),
        ..Finding::new(Scanner::Enhanced, "CVE-2021-44228", "CRITICAL")
    }
}

pub(super) fn not_scanned() -> Finding {
    Finding {
        title: "Image could not be scanned: UNSUPPORTED_IMAGE".to_owned(),
        description: "ECR cannot read this image: the operating system is not known to it.".to_owned(),
        severity: Severity::Medium,
        ..Finding::new(Scanner::Steward, "UNSUPPORTED_IMAGE", "MEDIUM")
    }
}

/// What a telling borrows.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) image: ImageRef,
    pub(super) tags: Vec<String>,
    pub(super) parent: Option<Parent>,
    pub(super) finding: Finding,
    pub(super) id: FindingId,
    pub(super) waived: Option<Waived>,
}

impl Scene {
    pub(super) fn of(finding: Finding) -> Self {
        let image = image();
        let id = finding.id(&image);
        Self { image, tags: tags(), parent: None, finding, id, waived: None }
    }

    pub(super) fn telling(&self) -> Telling<'_> {
        Telling {
            image: &self.image,
            tags: &self.tags,
            parent: self.parent.as_ref(),
            finding: &self.finding,
            id: &self.id,
            created: CREATED,
            updated: UPDATED,
            archived: false,
            waived: self.waived.as_ref(),
        }
    }
}

/// Several scenes of one image, as one change.
pub(super) fn change<'a>(
    first: &'a Scene,
    status: &'a ScanStatus,
    scenes: &[(ChangeKind, &'a Scene)],
) -> ImageChange<'a> {
    let told = |&(kind, scene): &(ChangeKind, &'a Scene)| Change {
        kind,
        id: &scene.id,
        finding: &scene.finding,
        waived: scene.waived.as_ref(),
    };
    ImageChange {
        image: &first.image,
        tags: &first.tags,
        parent: first.parent.as_ref(),
        status,
        completed_at: Some(CREATED),
        owner: Some("team-x"),
        previous: None,
        active: scenes.iter().map(|(_, scene)| scene.finding.severity).collect::<SeverityCounts>(),
        changes: scenes.iter().map(told).collect(),
        generation: UPDATED.to_string(),
    }
}
