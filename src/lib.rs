//! certrotd: keeps what Huawei Cloud serves equal to what lies on this disk.

pub mod cert;
pub mod model;
