//! Findings in as few calls as the service's limits allow.

use ecr_steward::policy::asff::{BATCH_BYTES, BATCH_COUNT, Batches};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(50) })]

    #[test]
    fn none_is_lost_and_no_batch_is_too_large(sizes in proptest::collection::vec(prop_oneof![
        9 => 1_usize..5_000, 1 => 100_000_usize..240_000,
    ], 0..350)) {
        let findings: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        let (whose, batches): (Vec<Vec<usize>>, Vec<Vec<String>>) = Batches::new(findings.iter().cloned().enumerate()).unzip();
        prop_assert_eq!(&batches.concat(), &findings);
        prop_assert_eq!(whose.concat(), (0..findings.len()).collect::<Vec<_>>());
        for batch in &batches {
            prop_assert!(!batch.is_empty() && batch.len() <= BATCH_COUNT);
            let bytes = batch.join(",").len() + 2;
            prop_assert!(bytes <= BATCH_BYTES);
        }
        // As few as can be, in this order: none takes what the one before it had room for.
        for pair in batches.windows(2) {
            let more = format!("[{},{}]", pair[0].join(","), pair[1][0]).len();
            prop_assert!(pair[0].len() == BATCH_COUNT || more > BATCH_BYTES);
        }
    }
}

/// How many findings of these lengths go into each batch.
fn counts(lengths: &[usize]) -> Vec<usize> {
    let findings = lengths.iter().map(|length| ((), "x".repeat(*length)));
    Batches::new(findings).map(|(_, texts)| texts.len()).collect()
}

#[test]
fn a_batch_may_be_exactly_full() {
    // Brackets and the comma are three bytes.
    assert_eq!(counts(&[BATCH_BYTES - 13, 10]), [2]);
    assert_eq!(counts(&[BATCH_BYTES - 12, 10]), [1, 1]);
    assert_eq!(counts(&[1; 200]), [100, 100]);
    assert_eq!(counts(&[BATCH_BYTES + 1, 1]), [1, 1]);
}

#[test]
fn a_finding_is_written_down_when_its_batch_is_wanted() {
    let written = std::cell::Cell::new(0);
    let findings = (0..1_000).map(|number| {
        written.set(written.get() + 1);
        (number, "x".to_owned())
    });
    let mut batches = Batches::new(findings);
    assert_eq!(batches.next().map(|(whose, _)| whose.len()), Some(100));
    assert!(written.get() <= 101, "{}", written.get());
}
