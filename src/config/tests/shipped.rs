//! x
#[test]
fn dump() {
    for k in crate::config::keys() {
        println!("@@{}|{}|{:?}|{}", k.table, k.key, k.otherwise, k.doc);
    }
}
