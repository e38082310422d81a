//! What is remembered of findings.

use super::*;
use ecr_steward::flow::findings::{Entry, Records as _};
use ecr_steward::policy::record::ImageRecord;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read as _, Write as _};

const CONFLICT: &str = "<Error><Code>PreconditionFailed</Code></Error>";

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).expect("gzip");
    text
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

fn path(said: &Said) -> &str {
    said.url.split('?').next().unwrap()
}

#[test]
fn a_record_comes_back_as_it_was_written_over_exactly_what_was_read() {
    run(async {
        let mut record = ImageRecord::new(image());
        record.tags = vec!["v1".to_owned()];
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"one\"")], "");
        tape.then(200, &[("etag", "\"two\"")], "");
        tape.then(412, &[], CONFLICT);
        let forwarder = tape.forwarder();
        let first = forwarder.save_record(&record, &Version::New).await.unwrap();
        assert_eq!(first, Version::Tag("\"one\"".to_owned()));
        forwarder.save_record(&record, &first).await.unwrap();
        assert_eq!(forwarder.save_record(&record, &first).await.unwrap_err().kind, FaultKind::Conflict);
        let said = tape.said();
        assert_eq!((said[0].headers["if-none-match"].as_str(), said[1].headers["if-match"].as_str()), ("*", "\"one\""));
        assert_eq!(said[0].headers["content-type"], "application/gzip");
        assert!(!said[0].headers.get("content-encoding").is_some_and(|value| value.contains("gzip")));
        let key = format!("/findings/images/123456789012/eu-west-1/shop/web/{}.json.gz", "a".repeat(64));
        assert!(path(&said[0]).ends_with(&key), "{}", said[0].url);
        assert_eq!(said[0].bytes, said[1].bytes, "the same bytes for the same record");
        assert!(unpacked(&said[0].bytes).contains("\"v1\""));
        tape.then_bytes(200, &[("etag", "\"two\"")], &said[1].bytes);
        let read = forwarder.record(&image()).await;
        assert_eq!(read, Ok(Some((record, Version::Tag("\"two\"".to_owned())))));
        tape.said();
    });
}

#[test]
fn a_record_that_is_not_there_is_none_and_one_of_a_newer_version_is_not_touched() {
    run(async {
        let newer = ImageRecord { version: 2, ..ImageRecord::new(image()) };
        let strange = json!({"version": 3, "images": "in another form"});
        let tape = Tape::default();
        tape.then(404, &[], "<Error><Code>NoSuchKey</Code></Error>");
        tape.then(404, &[], "<Error><Code>NoSuchBucket</Code></Error>");
        for text in [serde_json::to_string(&newer).unwrap(), strange.to_string(), "{\"version\": 1}".to_owned()] {
            tape.then_bytes(200, &[("etag", "\"x\"")], &packed(&text));
        }
        tape.then(200, &[("etag", "\"x\"")], "not gzip");
        let forwarder = tape.forwarder();
        assert_eq!(forwarder.record(&image()).await, Ok(None));
        assert_eq!(
            forwarder.record(&image()).await.unwrap_err().kind,
            FaultKind::Invalid,
            "no bucket is not no record"
        );
        for words in ["newer ecr-steward (version 2)", "newer ecr-steward (version 3)", "cannot be read", "not gzip"] {
            let fault = forwarder.record(&image()).await.unwrap_err();
            assert!(fault.kind == FaultKind::Unexpected && fault.message.contains(words), "{words}: {fault}");
            assert!(fault.message.starts_with("findings/images/"), "{fault}");
        }
        tape.said();
    });
}

#[test]
fn documents_are_json_over_what_was_read_or_over_anything() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"one\"")], "{\"a\": 1}");
        for _ in 0..3 {
            tape.then(200, &[("etag", "\"two\"")], "");
        }
        tape.then(204, &[], "");
        tape.then(204, &[], "");
        let forwarder = tape.forwarder();
        let (document, version) = forwarder.document("findings/run.json").await.unwrap().unwrap();
        assert_eq!((&document, &version), (&json!({"a": 1}), &Version::Tag("\"one\"".to_owned())));
        for over in [None, Some(&Version::New), Some(&version)] {
            let written = forwarder.save_document("findings/run.json", &document, over).await;
            assert_eq!(written, Ok(Version::Tag("\"two\"".to_owned())));
        }
        forwarder.forget_document("findings/run.json").await.unwrap();
        forwarder.forget_record(&image()).await.unwrap();
        let said = tape.said();
        assert!(!said[1].headers.keys().any(|name| name.starts_with("if-")), "{:?}", said[1].headers);
        assert_eq!((said[2].headers["if-none-match"].as_str(), said[3].headers["if-match"].as_str()), ("*", "\"one\""));
        assert_eq!((said[1].headers["content-type"].as_str(), said[1].json()), ("application/json", json!({"a": 1})));
        assert_eq!((said[4].method.as_str(), path(&said[4])), ("DELETE", path(&said[0])));
        assert!(said[5].method == "DELETE" && path(&said[5]).ends_with(".json.gz"), "{}", said[5].url);
    });
}

#[test]
fn what_lies_directly_below_a_prefix_is_listed_page_by_page() {
    run(async {
        let object = |key: &str| {
            format!("<Contents><Key>{key}</Key><LastModified>2026-11-18T06:13:20.000Z</LastModified></Contents>")
        };
        let list = |inner: &str| format!("<ListBucketResult>{inner}</ListBucketResult>");
        let more = "<CommonPrefixes><Prefix>p/deeper/</Prefix></CommonPrefixes><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
        let tape = Tape::default();
        tape.then(200, &[], &list(&format!("{}{}{more}", object("p/a"), object("p/b"))));
        tape.then(200, &[], &list("<IsTruncated>false</IsTruncated>"));
        let forwarder = tape.forwarder();
        let (entries, token) = forwarder.entries("p/", None).await.unwrap();
        let modified = 1_794_982_400;
        let entry = |key: &str| Entry { key: key.to_owned(), modified };
        assert_eq!(entries, [entry("p/a"), entry("p/b")]);
        assert_eq!(forwarder.entries("p/", token).await, Ok((Vec::new(), None)));
        let said = tape.said();
        assert!(said[0].url.contains("delimiter=%2F") && said[0].url.contains("prefix=p%2F"), "{}", said[0].url);
        assert!(said[1].url.contains("continuation-token=t"), "{}", said[1].url);
    });
}

#[test]
fn every_image_remembered_of_a_registry_is_listed_however_deep_its_repository_lies() {
    run(async {
        let key = |rest: &str| format!("<Contents><Key>findings/images/123456789012/eu-west-1/{rest}</Key></Contents>");
        let (one, two) = (format!("aa/{}.json.gz", "b".repeat(64)), format!("shop/web/{}.json.gz", "a".repeat(64)));
        let keys = [one.as_str(), two.as_str(), "aa/notes.txt", "aa/short.json.gz"].map(key).concat();
        let tape = Tape::default();
        let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
        tape.then(200, &[], &format!("<ListBucketResult>{keys}{more}</ListBucketResult>"));
        tape.then(200, &[], "<ListBucketResult></ListBucketResult>");
        let forwarder = tape.forwarder();
        let (images, token) = forwarder.remembered(&place(), None).await.unwrap();
        let first = ImageRef { repository: name("aa"), digest: digest('b'), ..image() };
        assert_eq!(images, [first, image()]);
        assert_eq!(forwarder.remembered(&place(), token).await, Ok((Vec::new(), None)));
        let said = tape.said();
        assert!(said[0].url.contains("prefix=findings%2Fimages%2F123456789012%2Feu-west-1%2F"), "{}", said[0].url);
        assert!(!said[0].url.contains("delimiter") && said[1].url.contains("continuation-token=t"));
    });
}

#[test]
fn the_archive_is_gzip_with_the_same_bytes_for_the_same_lines_whenever_it_is_written() {
    run(async {
        let tape = Tape::default();
        tape.then(200, &[("etag", "\"a\"")], "");
        tape.then(200, &[("etag", "\"b\"")], "");
        let forwarder = tape.forwarder();
        forwarder.put_archive("archive/x.ndjson.gz", ["{}\n", "{}\n"].map(str::to_owned).into_iter()).await.unwrap();
        forwarder.put_archive("archive/x.ndjson.gz", ["{}\n", "{}\n"].map(str::to_owned).into_iter()).await.unwrap();
        let said = tape.said();
        assert_eq!(said[0].bytes, said[1].bytes);
        assert_eq!(said[0].bytes[4..8], [0; 4], "the header holds no time");
        assert_eq!(unpacked(&said[0].bytes), "{}\n{}\n");
        assert!(!said[0].headers.keys().any(|name| name.starts_with("if-")), "over whatever is there");
        assert_eq!(said[0].headers["content-type"], "application/gzip");
    });
}
