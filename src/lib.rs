//! certrotd: keeps what Huawei Cloud serves equal to what lies on this disk.

pub mod config;
pub mod model;
pub mod telemetry;
