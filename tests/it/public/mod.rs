//! Repositories in the public gallery: what may be declared of them, and what becomes of them.

mod adoption;
mod declared;
mod drift;
mod kinds;
mod life;
mod logos;
mod outputs;
mod regions;
