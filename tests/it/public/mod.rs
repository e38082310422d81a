//! Repositories in the public gallery: what may be declared of them, and what becomes of them.

mod adoption;
mod declared;
mod drift;
mod life;
mod logos;
mod outputs;
