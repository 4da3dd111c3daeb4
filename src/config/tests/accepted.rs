//! x
use super::{CLOUD, read};
#[test]
fn dump() {
    for text in std::fs::read_to_string("/tmp/cases.txt").unwrap().split("\n----\n") {
        let whole =
            if text.starts_with('!') { text[1..].to_owned() } else { format!("{CLOUD}{text}") };
        println!("=== {text}");
        match read(&whole) {
            Ok(c) => println!("OK {:?}", c.warnings),
            Err(e) => println!("{e}"),
        }
    }
}
