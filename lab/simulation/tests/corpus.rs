//! The schedules that the fuzzer of `lab/fuzz` found worth keeping, those that once broke a law among them.

use std::path::Path;

use simulation::crowd::feed;

#[test]
fn no_known_crowd_breaks_a_law() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/rooms");
    let mut count = 0;
    for entry in std::fs::read_dir(&corpus).expect("a corpus") {
        let path = entry.expect("a file").path();
        println!("{}", path.display());
        feed(&std::fs::read(path).expect("bytes"));
        count += 1;
    }
    assert!(count > 3, "{count} files in {}", corpus.display());
}
