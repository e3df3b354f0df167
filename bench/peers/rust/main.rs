// A HashMap<usize, Weak<Item>> of n entries, alone and under a lock: made, and looked
// up in another order. Prints results in the form of Go's benchmarks. See
// ../../peers.go.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::env;
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, RwLock, Weak};
use std::time::{Duration, Instant};

struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, l: Layout) -> *mut u8 {
        USED.fetch_add(l.size(), Relaxed);
        unsafe { System.alloc(l) }
    }
    unsafe fn dealloc(&self, p: *mut u8, l: Layout) {
        USED.fetch_sub(l.size(), Relaxed);
        unsafe { System.dealloc(p, l) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Item {
    _fields: [usize; 8],
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i + 1));
        }
    }
}

fn line(op: &str, n: usize, value: f64, unit: &str) {
    println!("BenchmarkLanguages/impl=rust.RwLock+HashMap+Weak/op={op}/n={n}/threads=1 1 {value:.2} {unit}");
}

// Repeats run for a while; the best counts.
fn best(mut run: impl FnMut()) -> f64 {
    let mut least = Duration::MAX;
    let end = Instant::now() + Duration::from_millis(300);
    let mut rounds = 0;
    while rounds < 3 || Instant::now() < end {
        let start = Instant::now();
        run();
        least = least.min(start.elapsed());
        rounds += 1;
    }
    least.as_nanos() as f64
}

fn main() {
    let n: usize = env::args().nth(1).and_then(|s| s.parse().ok()).expect("a number of entries");
    let mut random = Random(1);
    let mut items: Vec<Arc<Item>> = (0..n).map(|_| Arc::new(Item { _fields: black_box([0; 8]) })).collect();
    random.shuffle(&mut items);
    let mut keys: Vec<usize> = (0..n).collect();
    random.shuffle(&mut keys);
    let mut queries = keys.clone();
    random.shuffle(&mut queries);

    type Table = RwLock<HashMap<usize, Weak<Item>>>;
    let fill = || {
        let table: Table = RwLock::new(HashMap::new());
        for (key, item) in keys.iter().zip(&items) {
            table.write().unwrap().insert(*key, Arc::downgrade(item));
        }
        table
    };
    let before = USED.load(Relaxed);
    let table = fill();
    line("store", n, (USED.load(Relaxed) - before) as f64 / n as f64, "B/entry");
    line("store", n, best(|| drop(black_box(fill()))) / n as f64, "ns/op");

    let hit = best(|| {
        let found = queries.iter().filter(|k| {
            let weak = table.read().unwrap().get(k).cloned();
            weak.is_some_and(|w| w.upgrade().is_some())
        });
        assert_eq!(found.count(), n);
    });
    line("hit", n, hit / n as f64, "ns/op");
    let miss = best(|| {
        let found = queries.iter().filter(|k| table.read().unwrap().contains_key(&(**k + n)));
        assert_eq!(found.count(), 0);
    });
    line("miss", n, miss / n as f64, "ns/op");
}
