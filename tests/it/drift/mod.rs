//! One repository's visit: looked at, judged, guarded and mended, in the world in memory. `scene` is the function around
//! it; `mending`, `guards`, `breaker` and `previews` are about the baseline, `fleets` about declarations, `housekeeping`
//! about untagged images, `crashes` and `converge` about every way through, and `reverting` about the way back.

mod breaker;
mod converge;
mod crashes;
mod fleets;
mod guards;
mod housekeeping;
mod mending;
mod previews;
mod reverting;
mod scene;
mod world;
