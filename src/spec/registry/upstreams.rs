//! The upstream registries that a pull-through cache knows: their names, their addresses, how ECR signs in there.

use super::{Around, arns};
use crate::model::place::Place;
use crate::spec::fields::nearest;

/// Where an upstream is.
enum Address {
    /// At one place.
    At(&'static str),
    /// `<name>.azurecr.io`
    Azure,
    /// `<account>.dkr.ecr.<region>.amazonaws.com`
    Ecr,
}

/// What ECR signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing: everybody may read.
    Nothing,
    /// A secret.
    Secret,
    /// A role, where it is another account's.
    Role,
}

/// One of them.
pub(super) struct Upstream {
    /// ECR's own word for it (ECR API model, `UpstreamRegistry`).
    pub(super) word: &'static str,
    /// What ECR signs in with.
    pub(super) needs: Needs,
    address: Address,
}

/// All of them (ECR API model, `UpstreamRegistry` and `CreatePullThroughCacheRuleRequest`; ECR user guide, "Sync an
/// upstream registry with an Amazon ECR private registry"; Chainguard's address: its own guide for ECR).
static UPSTREAMS: [Upstream; 9] = [
    Upstream { word: "ecr", needs: Needs::Role, address: Address::Ecr },
    Upstream { word: "ecr-public", needs: Needs::Nothing, address: Address::At("public.ecr.aws") },
    Upstream { word: "quay", needs: Needs::Nothing, address: Address::At("quay.io") },
    Upstream { word: "k8s", needs: Needs::Nothing, address: Address::At("registry.k8s.io") },
    Upstream { word: "docker-hub", needs: Needs::Secret, address: Address::At("registry-1.docker.io") },
    Upstream { word: "github-container-registry", needs: Needs::Secret, address: Address::At("ghcr.io") },
    Upstream { word: "gitlab-container-registry", needs: Needs::Secret, address: Address::At("registry.gitlab.com") },
    Upstream { word: "azure-container-registry", needs: Needs::Secret, address: Address::Azure },
    Upstream { word: "chainguard", needs: Needs::Secret, address: Address::At("cgr.dev") },
];

impl Upstream {
    /// Is this its address?
    pub(super) fn is_at(&self, url: &str, around: &Around<'_>) -> bool {
        match self.address {
            Address::At(address) => url == address,
            Address::Azure => url.strip_suffix(".azurecr.io").is_some_and(is_label),
            Address::Ecr => account_of(url, around).is_some(),
        }
    }

    /// Its address, where it has but one.
    pub(super) const fn only_address(&self) -> Option<&'static str> {
        match self.address {
            Address::At(address) => Some(address),
            Address::Azure | Address::Ecr => None,
        }
    }

    /// What its address looks like.
    pub(super) fn form(&self, around: &Around<'_>) -> String {
        match self.address {
            Address::At(address) => address.to_owned(),
            Address::Azure => "<name>.azurecr.io".to_owned(),
            Address::Ecr => format!("<account>.dkr.ecr.<region>.{}", dns_suffix(around)),
        }
    }
}

/// A part of a host name; Azure's registries have 5 to 50 letters and digits, which is for Azure to say.
fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

fn dns_suffix(around: &Around<'_>) -> &'static str {
    let place = Place { partition: around.partition.to_owned(), region: String::new(), account: String::new() };
    place.dns_suffix()
}

/// All of them by name.
pub(super) fn choices() -> Vec<(&'static str, &'static Upstream)> {
    UPSTREAMS.iter().map(|upstream| (upstream.word, upstream)).collect()
}

/// The one at an address.
pub(super) fn at(url: &str, around: &Around<'_>) -> Option<&'static Upstream> {
    UPSTREAMS.iter().find(|upstream| upstream.is_at(url, around))
}

/// The account and Region of a private registry, by its address.
pub(super) fn account_of<'u>(url: &'u str, around: &Around<'_>) -> Option<(&'u str, &'u str)> {
    let host = url.strip_suffix(dns_suffix(around))?.strip_suffix('.')?;
    let (account, region) = host.split_once(".dkr.ecr.")?;
    (arns::is_account(account) && arns::is_region(region)).then_some((account, region))
}

/// What is wrong with an address, and what was meant.
pub(super) fn wrong_address(url: &str, wanted: Option<&Upstream>, around: &Around<'_>) -> String {
    let bare = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or(url);
    let bare = bare.trim_end_matches('/');
    let shown: String = url.chars().take(100).collect();
    if let Some(wanted) = wanted {
        let other = at(bare, around).filter(|other| other.word != wanted.word);
        let whose = other.map_or_else(String::new, |other| format!(" but of {}", other.word));
        let (word, form) = (wanted.word, wanted.form(around));
        return format!("{shown:?} is not the address of {word}{whose}; expected {form}");
    }
    if at(bare, around).is_some() {
        return format!("{shown:?} is more than an address; expected {bare}");
    }
    let hint = match bare {
        "docker.io" | "hub.docker.com" | "index.docker.io" => Some("registry-1.docker.io"),
        _ => nearest(bare, UPSTREAMS.iter().filter_map(Upstream::only_address)),
    };
    let hint = hint.map_or_else(String::new, |address| format!("; did you mean {address}?"));
    let forms: Vec<String> = UPSTREAMS.iter().map(|upstream| upstream.form(around)).collect();
    format!("{shown:?} is no upstream that ECR caches; there are {}{hint}", forms.join(", "))
}
