// WeakMap, and a Map of WeakRef, of n entries: made, and looked up in another order.
// Prints results in the form of Go's benchmarks. See ../../peers.go.

const n = Number(process.argv[2]);

class Item {
  a = 1; b = 2; c = 3; d = 4; e = 5;
}

let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

function shuffled(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const make = (n) => shuffled(Array.from({ length: n }, () => new Item()));

function line(impl, op, value, unit) {
  console.log(`BenchmarkLanguages/impl=${impl}/op=${op}/n=${n}/threads=1 1 ${value.toFixed(2)} ${unit}`);
}

function check(found, want) {
  if (found !== want) throw new Error(`${found} instead of ${want}`);
}

function timed(run) {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start);
}

// best repeats run until it is compiled and has lasted for a while.
function best(impl, op, count, run) {
  let least = Infinity;
  const end = Date.now() + 500;
  for (let i = 0; i < 5 || Date.now() < end; i++) least = Math.min(least, timed(run));
  line(impl, op, least / count, 'ns/op');
}

function used() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

// store measures the filling of fresh tables for fresh objects, so that none has been
// in one before.
async function store(impl, fill) {
  const copies = Math.max(1, Math.round(100_000 / n));
  const warm = Array.from({ length: copies }, () => make(n));
  warm.forEach(fill);
  await new Promise(setImmediate); // until then what a WeakRef was made of is kept
  const sets = Array.from({ length: copies }, () => make(n));
  const before = used();
  let tables;
  const ns = timed(() => { tables = sets.map(fill); });
  await new Promise(setImmediate);
  line(impl, 'store', ns / n / copies, 'ns/op');
  line(impl, 'store', (used() - before) / n / copies, 'B/entry');
  return [tables[0], sets];
}

const keys = shuffled(Array.from({ length: n }, (_, i) => i));
const queries = shuffled([...keys]);

async function values() {
  const impl = 'node.Map+WeakRef+FinalizationRegistry';
  const [[map], sets] = await store(impl, (items) => {
    const map = new Map();
    const dead = new FinalizationRegistry((key) => {
      if (map.get(key)?.deref() === undefined) map.delete(key);
    });
    items.forEach((item, i) => {
      map.set(keys[i], new WeakRef(item));
      dead.register(item, keys[i]);
    });
    return [map, dead];
  });
  best(impl, 'hit', n, () => {
    let found = 0;
    for (const k of queries) if (map.get(k)?.deref() !== undefined) found++;
    check(found, n);
  });
  best(impl, 'miss', n, () => {
    let found = 0;
    for (const k of queries) if (map.get(k + n) !== undefined) found++;
    check(found, 0);
  });
  check(sets[0].length, n);
}

async function weakKeys() {
  const impl = 'node.WeakMap';
  const [map, sets] = await store(impl, (items) => {
    const map = new WeakMap();
    for (const item of items) map.set(item, 1);
    return map;
  });
  const order = shuffled([...sets[0]]);
  const strangers = make(Math.min(n, 100_000));
  best(impl, 'hit', n, () => {
    let found = 0;
    for (const k of order) if (map.get(k) !== undefined) found++;
    check(found, n);
  });
  best(impl, 'miss', strangers.length, () => {
    let found = 0;
    for (const k of strangers) if (map.get(k) !== undefined) found++;
    check(found, 0);
  });
}

await values();
await weakKeys();
