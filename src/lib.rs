//! certrotd: keeps what Huawei Cloud serves equal to what lies on this disk.

#![forbid(unsafe_code)]

pub mod apply;
pub mod cert;
pub mod cli;
pub mod cloud;
pub mod config;
pub mod cycle;
pub mod daemon;
pub mod files;
pub mod model;
pub mod observe;
pub mod plan;
pub mod record;
pub mod schedule;
pub mod sim;
pub mod telemetry;
pub mod tell;

#[cfg(test)]
mod scratch;
