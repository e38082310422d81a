//! Findings as Security Hub takes them: the AWS Security Finding Format.

/// Findings one `BatchImportFindings` takes (Security Hub API model).
pub const BATCH_COUNT: usize = 100;
/// Bytes of findings sent in one call: the service takes 6 MB (Security Hub user guide, "Guidelines for
/// BatchImportFindings"), and the envelope needs some of them.
pub const BATCH_BYTES: usize = 5_500_000;
