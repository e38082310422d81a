//! How the pieces of a declaration that have a language of their own are kept in the state bucket: as that
//! language's text, so that a later version reads them with its own parser.

/// A lifecycle wish: absent, or the policy's text.
pub(super) mod lifecycle {
    use crate::lifecycle::{Policy, parse_text};
    use crate::model::Wish;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(wish: &Wish<Policy>, to: S) -> Result<S::Ok, S::Error> {
        match wish {
            Wish::Is(policy) => Some(policy.to_text()),
            Wish::Leave | Wish::Absent => None,
        }
        .serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Wish<Policy>, D::Error> {
        Option::<String>::deserialize(from)?.map_or(Ok(Wish::Absent), |text| {
            parse_text(&text).map(Wish::Is).map_err(|_| D::Error::custom("a stored lifecycle policy cannot be read"))
        })
    }
}

/// Statements, as one policy document's text.
pub(super) mod statements {
    use crate::model::policy::{Document, Statement};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(statements: &[Statement], to: S) -> Result<S::Ok, S::Error> {
        (!statements.is_empty()).then(|| Document::from_statements(statements.to_vec()).to_text()).serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<Statement>, D::Error> {
        Option::<String>::deserialize(from)?.map_or(Ok(Vec::new()), |text| {
            Document::parse_text(&text)
                .map(|document| document.statements().to_vec())
                .map_err(|_| D::Error::custom("stored policy statements cannot be read"))
        })
    }
}

/// The policy mode, in the words of the property.
pub(super) mod mode {
    use crate::model::policy::Mode;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's `with` passes a reference")]
    pub(crate) fn serialize<S: Serializer>(mode: &Mode, to: S) -> Result<S::Ok, S::Error> {
        match mode {
            Mode::Merge => "Merge",
            Mode::Exclusive => "Exclusive",
        }
        .serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Mode, D::Error> {
        match String::deserialize(from)?.as_str() {
            "Merge" => Ok(Mode::Merge),
            "Exclusive" => Ok(Mode::Exclusive),
            other => Err(D::Error::custom(format!("policy mode {other:?} is unknown"))),
        }
    }
}
