//! The planner's rules as tables, its memory as a fold, its invariants, and a storm over all of it.

mod backoff;
mod ca;
mod clocks;
mod coverage;
mod fixture;
mod folding;
mod import;
mod invariants;
mod needs;
mod push;
mod ssl;
mod storm;
