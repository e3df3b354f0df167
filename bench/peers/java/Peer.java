import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Weak maps of n entries: made, and looked up in another order. Prints results in the
 * form of Go's benchmarks. See ../../peers.go.
 */
public final class Peer {
    /** With its header 64 bytes. Identity is equality. */
    static final class Item {
        long a, b, c, d, e, f;
    }

    /** A weak value that knows its key, so that its entry can be removed. */
    static final class Value extends WeakReference<Item> {
        final Integer key;

        Value(Integer key, Item item, ReferenceQueue<Item> dead) {
            super(item, dead);
            this.key = key;
        }
    }

    static int n;
    static volatile int sink;

    public static void main(String[] args) {
        n = Integer.parseInt(args[0]);
        List<Item> items = make(n), strangers = make(Math.min(n, 100_000));
        List<Integer> keys = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            keys.add(i);
        }
        Collections.shuffle(keys, new Random(2));
        values(keys, items);
        weakKeys(items, strangers);
        sink = items.hashCode() + strangers.hashCode(); // all lived until here
    }

    static List<Item> make(int n) {
        List<Item> list = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            list.add(new Item());
        }
        Collections.shuffle(list, new Random(1));
        return list;
    }

    static void values(List<Integer> keys, List<Item> items) {
        List<Integer> queries = new ArrayList<>(), absent = new ArrayList<>();
        for (Integer k : keys) {
            queries.add(Integer.valueOf((int) k)); // as another part of a program has it
            absent.add(k + n);
        }
        Collections.shuffle(queries, new Random(3));
        String impl = "java.ConcurrentHashMap+WeakReference";
        Supplier<ConcurrentHashMap<Integer, Value>> fill = () -> {
            ConcurrentHashMap<Integer, Value> map = new ConcurrentHashMap<>();
            ReferenceQueue<Item> dead = new ReferenceQueue<>();
            for (int i = 0; i < n; i++) {
                Integer key = keys.get(i);
                map.put(key, new Value(key, items.get(i), dead));
                for (Object v; (v = dead.poll()) != null; ) {
                    map.remove(((Value) v).key, v);
                }
            }
            return map;
        };
        ConcurrentHashMap<Integer, Value> map = built(impl, fill);
        time(impl, "hit", n, () -> {
            int found = 0;
            for (Integer k : queries) {
                Value v = map.get(k);
                if (v != null && v.get() != null) {
                    found++;
                }
            }
            check(found, n);
        });
        time(impl, "miss", n, () -> {
            int found = 0;
            for (Integer k : absent) {
                if (map.get(k) != null) {
                    found++;
                }
            }
            check(found, 0);
        });
    }

    static void weakKeys(List<Item> items, List<Item> strangers) {
        List<Item> queries = new ArrayList<>(items);
        Collections.shuffle(queries, new Random(3));
        String impl = "java.WeakHashMap";
        Supplier<Map<Item, Integer>> fill = () -> {
            Map<Item, Integer> map = new WeakHashMap<>();
            for (int i = 0; i < n; i++) {
                map.put(items.get(i), 1);
            }
            return map;
        };
        Map<Item, Integer> map = built(impl, fill);
        time(impl, "hit", n, () -> {
            int found = 0;
            for (Item k : queries) {
                if (map.get(k) != null) {
                    found++;
                }
            }
            check(found, n);
        });
        time(impl, "miss", strangers.size(), () -> {
            int found = 0;
            for (Item k : strangers) {
                if (map.get(k) != null) {
                    found++;
                }
            }
            check(found, 0);
        });
    }

    /** Measures how long it takes to fill a map, warm, and what it takes. */
    static <M extends Map<?, ?>> M built(String impl, Supplier<M> fill) {
        for (int i = 0; i < Math.max(2, 500_000 / n); i++) {
            check(fill.get().size(), n);
        }
        long before = used();
        int count = Math.max(1, 100_000 / n);
        List<M> maps = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            maps.add(fill.get());
        }
        line(impl, "store", (double) (System.nanoTime() - start) / n / count, "ns/op");
        line(impl, "store", (double) (used() - before) / n / count, "B/entry");
        return maps.get(0);
    }

    /** Repeats run until it is compiled and has lasted for a while; the best counts. */
    static void time(String impl, String op, int count, Runnable run) {
        long best = Long.MAX_VALUE;
        long end = System.nanoTime() + 500_000_000L;
        for (int i = 0; i < 5 || System.nanoTime() < end; i++) {
            long start = System.nanoTime();
            run.run();
            best = Math.min(best, System.nanoTime() - start);
        }
        line(impl, op, (double) best / count, "ns/op");
    }

    static long used() {
        for (int i = 0; i < 2; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    static void check(int found, int want) {
        if (found != want) {
            throw new AssertionError(found + " instead of " + want);
        }
    }

    static void line(String impl, String op, double value, String unit) {
        System.out.printf("BenchmarkLanguages/impl=%s/op=%s/n=%d/threads=1 1 %.2f %s%n", impl, op, n, value, unit);
    }
}
