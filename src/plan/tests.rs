//! The planner's rules as tables, its memory as a fold, and its invariants.

mod alone;
mod alone_instances;
mod back;
mod backoff;
mod bind;
mod ca;
mod clocks;
mod coverage;
mod drift;
mod fixture;
mod folding;
mod greeting;
mod import;
mod invariants;
mod needs;
mod never;
mod overlap;
mod paused;
mod places;
mod push;
mod retire;
mod room;
mod scale;
mod serve;
mod ssl;
