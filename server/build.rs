//! The assets are built in: a file that is added to them is a change.

fn main() {
    println!("cargo::rerun-if-changed=../assets");
}
