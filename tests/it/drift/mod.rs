//! One repository's visit: looked at, judged, guarded and mended, in the world in memory.

mod world;
