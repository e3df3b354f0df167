// Does one operation of Arc and Weak many times and prints the nanoseconds it
// took. See ../rust_test.go.

use std::env;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

struct Resource {
    _fields: [usize; 8],
}

impl Drop for Resource {
    fn drop(&mut self) {
        black_box(self);
    }
}

fn resource() -> Resource {
    Resource { _fields: black_box([0; 8]) }
}

fn timed(n: u64, mut op: impl FnMut()) -> u128 {
    let start = Instant::now();
    for _ in 0..n {
        op();
    }
    start.elapsed().as_nanos()
}

// All threads clone and drop one Arc; the time of the slowest.
fn shared(n: u64, threads: usize) -> u128 {
    let arc = Arc::new(resource());
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    timed(n, || drop(black_box(Arc::clone(&arc))))
                })
            })
            .collect();
        all.into_iter().map(|t| t.join().unwrap()).max().unwrap()
    })
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let n: u64 = args[2].parse().expect("a number of operations");
    let arc = Arc::new(resource());
    let weak = Arc::downgrade(&arc);
    let ns = match args[1].as_str() {
        "clone" => timed(n, || drop(black_box(Arc::clone(&arc)))),
        "upgrade" => timed(n, || drop(black_box(weak.upgrade()))),
        "new" => timed(n, || drop(black_box(Arc::new(resource())))),
        "box" => timed(n, || drop(black_box(Box::new(resource())))),
        "shared1" => shared(n, 1),
        "shared2" => shared(n, 2),
        op => panic!("no operation {op}"),
    };
    println!("{ns}");
}
