//! throwaway
use std::time::Instant;
fn main() {
    let t = Instant::now();
    let a = client::api::Api::new("http://127.0.0.1:1".parse().unwrap());
    println!("{:?}", t.elapsed());
    let t = Instant::now();
    let b = client::api::Api::new("http://127.0.0.1:1".parse().unwrap());
    println!("{:?}", t.elapsed());
    drop((a, b));
}
