//! Declarations made from the fuzzer's bytes: the known properties, mostly with values of their kind, and junk.

mod policies;

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Map, Number, Value, json};

/// How a property's value is made.
type Make = fn(&mut Unstructured<'_>) -> Result<Value>;

/// What may be said for the fleet and for one repository alike.
const SETTINGS: [(&str, Make); 20] = [
    ("ImageTagMutability", |u| {
        text(u, &["MUTABLE", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION"])
    }),
    ("ImageTagMutabilityExclusions", |u| texts(u, &["latest", "dev-*", "*a*", "7"])),
    ("ScanOnPush", flag),
    ("EncryptionType", |u| text(u, &["AES256", "KMS", "KMS_DSSE"])),
    ("KmsKey", |u| text(u, &["alias/images", "11112222-3333-4444-5555-666677778888"])),
    ("ProtectedTagPatterns", |u| texts(u, &["latest", "prod-*", "*-stable", "1"])),
    ("TagPrefixes", |u| texts(u, &["v", "release-", "2"])),
    ("MaxImageCount", number),
    ("ImageRetentionDays", number),
    ("UntaggedRetentionDays", number),
    ("MaxUntaggedImages", number),
    ("LifecyclePolicy", policies::lifecycle),
    ("PullPrincipals", |u| texts(u, &policies::PRINCIPALS)),
    ("PushPrincipals", |u| texts(u, &policies::PRINCIPALS)),
    ("LambdaPullArns", |u| {
        texts(u, &["arn:aws:lambda:eu-west-1:123456789012:function:*", "arn:aws:lambda:eu-west-1:1:function:f"])
    }),
    ("PullOrganizations", |u| texts(u, &["o-a1b2c3d4e5", "o-short"])),
    ("PolicyStatements", |u| list(u, policies::statement)),
    ("PolicyMode", |u| text(u, &["Merge", "Exclusive"])),
    ("AllowPublicPrincipals", flag),
    ("Tags", tags),
];

/// What is said once.
const FLEET: [(&str, Make); 14] = [
    ("ProjectName", |u| text(u, &["shop", "a/b", "secrets", "7"])),
    ("Environment", |u| text(u, &["dev", "eu/prod", "1"])),
    ("RepositoryNames", names),
    ("NamePattern", |u| text(u, &["{name}", "{project}/{environment}/{name}", "x-{name}__{name}", "{stage}"])),
    ("Overrides", overrides),
    ("EmptyOnDelete", flag),
    ("OnRemove", |u| text(u, &["Delete", "Retain"])),
    ("OnDelete", |u| text(u, &["Delete", "Retain"])),
    ("AdoptExisting", flag),
    ("DriftMode", |u| text(u, &["Enforce", "ReportOnly", "Off"])),
    ("PublishParameters", flag),
    ("PropagateStackTags", flag),
    ("ReturnValues", |u| texts(u, &["RepositoryUrls", "Url.*", "Url.a", "Arn.1", "RegistryId"])),
    ("ServiceTimeout", number),
];

const SHORT_NAMES: [&str; 5] = ["a", "b-c", "d/e", "1", "true"];

/// A declaration: one that is accepted, and over it whatever the bytes say.
pub(crate) fn made_from(u: &mut Unstructured<'_>) -> Result<Map<String, Value>> {
    let mut all = Map::from_iter([
        ("ProjectName".to_owned(), json!("shop")),
        ("Environment".to_owned(), json!("dev")),
        ("RepositoryNames".to_owned(), json!(SHORT_NAMES)),
    ]);
    while !u.is_empty() {
        let (key, value) = if u.ratio(1, 3)? { property(u, &FLEET)? } else { property(u, &SETTINGS)? };
        all.insert(key, value);
    }
    Ok(all)
}

fn property(u: &mut Unstructured<'_>, known: &[(&str, Make)]) -> Result<(String, Value)> {
    let (key, make) = u.choose(known)?;
    let key = if u.ratio(1, 24)? { u.arbitrary()? } else { (*key).to_owned() };
    let value = if u.ratio(1, 12)? { junk(u, 2)? } else { make(u)? };
    Ok((key, value))
}

/// A scalar in one of the spellings people give it: one of the words, a part of one, or something else.
pub(crate) fn text(u: &mut Unstructured<'_>, words: &[&str]) -> Result<Value> {
    let word = *u.choose(words)?;
    Ok(match u.int_in_range(0..=15_u8)? {
        0 => json!(u.arbitrary::<&str>()?),
        1 => json!(format!("{word}{}", u.arbitrary::<char>()?)),
        2 => json!(word.chars().skip(1).collect::<String>()),
        3 => return number(u),
        4 => return flag(u),
        // What looks like a number is one where nobody wrote quotes: the account id of a YAML file.
        5..=9 => word.parse::<u64>().map_or_else(|_| json!(word), Value::from),
        _ => json!(word),
    })
}

/// A list that is made item by item; the bytes say how long.
pub(crate) fn list(
    u: &mut Unstructured<'_>,
    mut make: impl FnMut(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Value> {
    let length = u.int_in_range(0..=6)?;
    (0..length).map(|_| make(u)).collect()
}

pub(crate) fn texts(u: &mut Unstructured<'_>, words: &[&str]) -> Result<Value> {
    list(u, |u| text(u, words))
}

pub(crate) fn flag(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=7_u8)? {
        0 => json!("True"),
        1 => json!(" false "),
        2 => json!(u.int_in_range(0..=1)?),
        3 => json!("yes"),
        _ => json!(u.arbitrary::<bool>()?),
    })
}

pub(crate) fn number(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match u.int_in_range(0..=9_u8)? {
        0 => json!(u.arbitrary::<i64>()?),
        1 => Number::from_f64(u.arbitrary()?).map_or(Value::Null, Value::Number),
        2 => json!(u.arbitrary::<u64>()?),
        3 => json!(format!(" {} ", u.arbitrary::<u8>()?)),
        4 => json!(*u.choose(&[0_i64, 1, 3_600, 2_147_483_647, 2_147_483_648, 4_294_967_296])?),
        5 => json!(format!("{:+}", u.arbitrary::<i16>()?)),
        _ => json!(u.arbitrary::<u8>()?),
    })
}

/// Anything JSON can say, not too deep.
pub(crate) fn junk(u: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 4 } else { 6_u8 })? {
        0 => Value::Null,
        1 => flag(u)?,
        2 => number(u)?,
        3 | 4 => json!(u.arbitrary::<&str>()?),
        5 => list(u, |u| junk(u, depth - 1))?,
        _ => {
            let length = u.int_in_range(0..=3)?;
            (0..length).map(|_| Ok((String::arbitrary(u)?, junk(u, depth - 1)?))).collect::<Result<Map<_, _>>>()?.into()
        }
    })
}

fn names(u: &mut Unstructured<'_>) -> Result<Value> {
    if u.ratio(1, 16)? {
        // One too many is refused at once; a thousand would take the time of a thousand inputs.
        let count = *u.choose(&[0, 30, 1_001])?;
        return Ok((0..count).collect::<Vec<u16>>().into());
    }
    texts(u, &SHORT_NAMES)
}

fn overrides(u: &mut Unstructured<'_>) -> Result<Value> {
    let length = u.int_in_range(0..=3)?;
    let one = |u: &mut Unstructured<'_>| {
        let short = if u.ratio(1, 12)? { u.arbitrary()? } else { (*u.choose(&SHORT_NAMES)?).to_owned() };
        let count = u.int_in_range(0..=3)?;
        let own = (0..count).map(|_| property(u, &SETTINGS)).collect::<Result<Map<_, _>>>()?;
        Ok((short, own.into()))
    };
    Ok((0..length).map(|_| one(u)).collect::<Result<Map<_, _>>>()?.into())
}

fn tags(u: &mut Unstructured<'_>) -> Result<Value> {
    const WORDS: [&str; 5] = ["team", "web", "4711", "aws:x", "Project"];
    if u.arbitrary()? {
        return list(u, |u| Ok(json!({"Key": text(u, &WORDS)?, "Value": text(u, &WORDS)?})));
    }
    let length = u.int_in_range(0..=60)?;
    let one = |u: &mut Unstructured<'_>| {
        let key = if u.arbitrary()? { format!("k{}", u.arbitrary::<u8>()?) } else { (*u.choose(&WORDS)?).to_owned() };
        Ok((key, text(u, &WORDS)?))
    };
    Ok((0..length).map(|_| one(u)).collect::<Result<Map<_, _>>>()?.into())
}
