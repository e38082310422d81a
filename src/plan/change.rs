//! One AWS write, holding every argument it needs.

use crate::model::catalog::Catalog;
use crate::model::name::RepositoryName;
use crate::model::repository::{Encryption, Mutability, Tags};

/// How much a write can hurt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// Something new appears.
    Additive,
    /// Something that exists changes.
    Altering,
    /// Something is gone afterwards.
    Destructive,
}

/// What to do when a repository that was to be deleted turns out to hold images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotEmpty {
    /// The request fails and names it.
    Fail,
    /// It stays as it is, tags included, and is reported.
    Keep,
    /// It is handed back: these tags come off.
    HandBack(Vec<String>),
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `ecr:CreateRepository`, tags included, so that there is no moment without an owner.
    CreateRepository {
        /// The repository.
        name: RepositoryName,
        /// Tag mutability.
        mutability: Mutability,
        /// The scan flag.
        scan_on_push: bool,
        /// Encryption.
        encryption: Encryption,
        /// All tags.
        tags: Tags,
    },
    /// `ecr-public:CreateRepository`: the same in the public gallery.
    CreatePublicRepository {
        /// The repository.
        name: RepositoryName,
        /// What the gallery shows.
        catalog: Box<Catalog>,
        /// All tags.
        tags: Tags,
    },
    /// `ecr-public:PutRepositoryCatalogData`
    PutRepositoryCatalogData {
        /// The repository.
        name: RepositoryName,
        /// What the gallery shows; a logo only where it is to be written.
        catalog: Box<Catalog>,
    },
    /// `ecr:PutImageTagMutability`
    PutImageTagMutability {
        /// The repository.
        name: RepositoryName,
        /// The new value.
        mutability: Mutability,
    },
    /// `ecr:PutImageScanningConfiguration`
    PutImageScanningConfiguration {
        /// The repository.
        name: RepositoryName,
        /// The new value.
        scan_on_push: bool,
    },
    /// `ecr:PutLifecyclePolicy`
    PutLifecyclePolicy {
        /// The repository.
        name: RepositoryName,
        /// The whole policy.
        text: String,
    },
    /// `ecr:DeleteLifecyclePolicy`
    DeleteLifecyclePolicy {
        /// The repository.
        name: RepositoryName,
    },
    /// `ecr:SetRepositoryPolicy`
    SetRepositoryPolicy {
        /// The repository.
        name: RepositoryName,
        /// The whole policy.
        text: String,
    },
    /// `ecr:DeleteRepositoryPolicy`
    DeleteRepositoryPolicy {
        /// The repository.
        name: RepositoryName,
    },
    /// `ecr:TagResource`; other tags stay.
    TagResource {
        /// The repository's ARN.
        arn: String,
        /// Tags to set.
        tags: Tags,
    },
    /// `ecr:UntagResource`
    UntagResource {
        /// The repository's ARN.
        arn: String,
        /// Keys to remove.
        keys: Vec<String>,
    },
    /// `ecr:DeleteRepository`
    DeleteRepository {
        /// The repository.
        name: RepositoryName,
        /// Its ARN, for handing it back instead.
        arn: String,
        /// Images included?
        force: bool,
        /// What else to do when it holds images and `force` is not set.
        not_empty: NotEmpty,
    },
    /// `ssm:PutParameter`
    PutParameter {
        /// The parameter's name.
        path: String,
        /// Its value.
        value: String,
        /// Whose it is; written as a tag when the parameter is new.
        owner: String,
        /// Must it not exist yet?
        new: bool,
    },
    /// `ssm:DeleteParameter`
    DeleteParameter {
        /// The parameter's name.
        path: String,
    },
}

impl Change {
    /// How much it can hurt.
    pub const fn risk(&self) -> Risk {
        match self {
            Self::CreateRepository { .. }
            | Self::CreatePublicRepository { .. }
            | Self::PutParameter { new: true, .. } => Risk::Additive,
            Self::PutRepositoryCatalogData { .. }
            | Self::PutImageTagMutability { .. }
            | Self::PutImageScanningConfiguration { .. }
            | Self::PutLifecyclePolicy { .. }
            | Self::SetRepositoryPolicy { .. }
            | Self::TagResource { .. }
            | Self::UntagResource { .. }
            | Self::PutParameter { new: false, .. } => Risk::Altering,
            Self::DeleteLifecyclePolicy { .. }
            | Self::DeleteRepositoryPolicy { .. }
            | Self::DeleteRepository { .. }
            | Self::DeleteParameter { .. } => Risk::Destructive,
        }
    }

    /// Does a repository come into being by it?
    pub const fn is_creation(&self) -> bool {
        matches!(self, Self::CreateRepository { .. } | Self::CreatePublicRepository { .. })
    }

    /// The IAM action that allows it in the public gallery.
    pub const fn public_action(&self) -> &'static str {
        match self {
            Self::SetRepositoryPolicy { .. } => "ecr-public:SetRepositoryPolicy",
            Self::DeleteRepositoryPolicy { .. } => "ecr-public:DeleteRepositoryPolicy",
            Self::TagResource { .. } => "ecr-public:TagResource",
            Self::UntagResource { .. } => "ecr-public:UntagResource",
            Self::DeleteRepository { .. } => "ecr-public:DeleteRepository",
            other => other.action(),
        }
    }

    /// The IAM action that allows it; see [`Self::public_action`] for what both registries have.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::CreateRepository { .. } => "ecr:CreateRepository",
            Self::CreatePublicRepository { .. } => "ecr-public:CreateRepository",
            Self::PutRepositoryCatalogData { .. } => "ecr-public:PutRepositoryCatalogData",
            Self::PutImageTagMutability { .. } => "ecr:PutImageTagMutability",
            Self::PutImageScanningConfiguration { .. } => "ecr:PutImageScanningConfiguration",
            Self::PutLifecyclePolicy { .. } => "ecr:PutLifecyclePolicy",
            Self::DeleteLifecyclePolicy { .. } => "ecr:DeleteLifecyclePolicy",
            Self::SetRepositoryPolicy { .. } => "ecr:SetRepositoryPolicy",
            Self::DeleteRepositoryPolicy { .. } => "ecr:DeleteRepositoryPolicy",
            Self::TagResource { .. } => "ecr:TagResource",
            Self::UntagResource { .. } => "ecr:UntagResource",
            Self::DeleteRepository { .. } => "ecr:DeleteRepository",
            Self::PutParameter { .. } => "ssm:PutParameter",
            Self::DeleteParameter { .. } => "ssm:DeleteParameter",
        }
    }
}
