//! How many repositories may be changed, over all workers of a sweep or by events within 24 hours.

/// Where the count is kept in the state bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purse {
    /// One sweep's, by its id.
    Sweep(String),
    /// That of events, over a rolling 24 hours.
    Events,
}

/// What may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose.
    pub purse: Purse,
    /// How many repositories in all.
    pub allowed: usize,
}
