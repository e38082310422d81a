//! Findings in as few calls as the service's limits allow.

use ecr_steward::policy::asff::{BATCH_BYTES, BATCH_COUNT, Batches};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 300, ..ProptestConfig::with_cases(50) })]

    /// Rows: 21.
    #[test]
    fn none_is_lost_and_no_batch_is_too_large(sizes in proptest::collection::vec(prop_oneof![
        9 => 1_usize..5_000, 1 => 100_000_usize..240_000,
    ], 0..350)) {
        let findings: Vec<String> = sizes.iter().map(|size| "x".repeat(*size)).collect();
        let batches: Vec<&[String]> = Batches::new(&findings).collect();
        prop_assert_eq!(&batches.concat(), &findings);
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

#[test]
fn a_batch_may_be_exactly_full() {
    // Brackets and the comma are three bytes.
    let exact = vec!["x".repeat(BATCH_BYTES - 13), "y".repeat(10)];
    assert_eq!(Batches::new(&exact).count(), 1);
    let over = vec!["x".repeat(BATCH_BYTES - 12), "y".repeat(10)];
    assert_eq!(Batches::new(&over).count(), 2);
    let hundred = vec!["x"; 200];
    assert_eq!(Batches::new(&hundred).map(<[&str]>::len).collect::<Vec<_>>(), [100, 100]);
    let alone = vec!["x".repeat(BATCH_BYTES + 1), "y".to_owned()];
    assert_eq!(Batches::new(&alone).map(<[String]>::len).collect::<Vec<_>>(), [1, 1]);
}
