"""Weak dictionaries and sets of n entries: made, looked up in another order, emptied.

Prints results in the form of Go's benchmarks. See ../../peers.go.
"""

import gc
import random
import sys
import time
import tracemalloc
import weakref


class Object:
    __slots__ = ("a", "b", "__weakref__")  # with its header about 64 bytes


def main(n):
    order = random.Random(1)
    objects = [Object() for _ in range(n)]
    order.shuffle(objects)
    keys = list(range(n))
    order.shuffle(keys)
    strangers = [Object() for _ in range(min(n, 100_000))]
    places = list(range(n))
    order.shuffle(places)
    queries = [keys[i] for i in places]
    shuffled = [objects[i] for i in places]

    values(n, keys, objects, queries)
    weak_keys(n, objects, shuffled, strangers)
    members(n, objects, shuffled, strangers)


def values(n, keys, objects, queries):
    table = weakref.WeakValueDictionary()
    report = reporter("python.WeakValueDictionary", n)

    def store():
        for key, value in zip(keys, objects):
            table[key] = value

    def hit():
        get = table.get
        for key in queries:
            get(key)

    def miss():
        get = table.get
        for key in queries:
            get(key + n)

    report("store", store, n)
    report("hit", hit, n)
    report("miss", miss, n)
    report.bytes(lambda: weakref.WeakValueDictionary(zip(keys, objects)), n)
    assert len(table) == n


def weak_keys(n, objects, shuffled, strangers):
    table = weakref.WeakKeyDictionary()

    def store():
        for key in objects:
            table[key] = 1

    def look(keys):
        get = table.get
        for key in keys:
            get(key)

    def again():
        return weakref.WeakKeyDictionary((k, 1) for k in objects)

    identity("python.WeakKeyDictionary", n, table, store, look, again, shuffled, strangers)


def members(n, objects, shuffled, strangers):
    table = weakref.WeakSet()

    def store():
        for item in objects:
            table.add(item)

    def look(items):
        for item in items:
            item in table

    identity("python.WeakSet", n, table, store, look, lambda: weakref.WeakSet(objects), shuffled, strangers)


def identity(impl, n, table, store, look, again, present, strangers):
    report = reporter(impl, n)
    report("store", store, n)
    report("hit", lambda: look(present), n)
    report("miss", lambda: look(strangers), len(strangers))
    report.bytes(again, n)
    assert len(table) == n


class reporter:
    def __init__(self, impl, n):
        self.impl, self.n = impl, n

    def line(self, op, value, unit):
        print(f"BenchmarkLanguages/impl={self.impl}/op={op}/n={self.n}/threads=1 1 {value:.4g} {unit}", flush=True)

    def __call__(self, op, run, count):
        """Time run; what may be repeated is, and the best is reported."""
        times = []
        for _ in range(1 if op == "store" else 3):
            gc.collect()
            start = time.perf_counter_ns()
            run()
            times.append(time.perf_counter_ns() - start)
        self.line(op, min(times) / count, "ns/op")

    def bytes(self, make, count):
        """Count what making another such table allocates."""
        if count > 200_000:
            return  # takes long with every allocation traced
        gc.collect()
        tracemalloc.start()
        table = make()
        used, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert len(table) == count
        self.line("store", used / count, "B/entry")


main(int(sys.argv[1]))
