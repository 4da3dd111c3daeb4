"""Nothing has changed: what a cycle costs then, and how that grows."""

import math

from stage import middle

# The median of so many; the first is for the caches.
RUNS, RUNS_QUICK = 7, 3
# In seconds.
CYCLE_SECONDS = 0.5


def cycle(stage, report):
    """A settled cycle as a whole `apply` process, against one look at each file."""
    count = stage.options.pairs
    for pushes, targets in ((False, "import only"), (True, "3 targets each")):
        found = measured(stage, count, pushes)
        what = f"{count:,} unchanged pairs, {targets}"
        report.figure("1", f"{what}: apply against a stat per file", found["apply"] / found["stat"], "×", 3)
        report.figure("1", f"{what}: apply", found["apply"], "s", CYCLE_SECONDS)
        report.say(f"a stat per file: {found['stat'] * 1e3:.1f} ms as a process, {found['loop'] * 1e3:.1f} ms the loop; "
                   f"apply used {found['cpu']:.2f} s of the processors and {found['peak']:.0f} MiB at most "
                   f"and made {found['calls']:,} calls")
        report.figure("1", f"{what}: writes of a settled cycle", found["writes"], "calls", 0)


def measured(stage, count, pushes):
    pairs = stage.pairs(count)
    room = stage.room(pairs, count, pushes=pushes)
    try:
        room.apply()
        before = len(room.calls())
        runs = RUNS_QUICK if stage.options.quick else RUNS
        applies, stats, loops = [], [], []
        for _ in range(runs):
            stat = bare(stage, room, "stat", pairs, count)
            stats.append(stat.seconds)
            loops.append(int(stat.output) / 1e9)
            applies.append(room.apply())
        every = room.calls()
    finally:
        room.close()
    return {"apply": middle([ran.seconds for ran in applies]), "cpu": middle([ran.cpu for ran in applies]),
            "peak": middle([ran.peak_kib for ran in applies]) / 1024, "stat": middle(stats), "loop": middle(loops),
            "calls": (len(every) - before) // runs,
            "writes": sum(call["method"] != "GET" for call in every)}


def bare(stage, room, what, pairs, count):
    """The compiled helper as a process, under the same stopwatch."""
    from stage import run
    return run([stage.programs / "examples" / "scale", what, pairs, count], room.root, what)


def growth(stage, report):
    """Time and memory of a settled cycle, and the power of the number of certificates that they grow with."""
    few, most = stage.options.pairs // 10, stage.options.pairs
    grown(stage, report, [few, most], True, "3 targets each")
    # So many tables are more than a configuration may hold, and so many copies more than the cloud lists in time.
    more = stage.options.discover and not stage.options.quick
    grown(stage, report, [few, most, most * 10] if more else [few, most], False, "import only")


def grown(stage, report, counts, pushes, targets):
    found = {count: measured(stage, count, pushes) for count in counts}
    for small, large in zip(counts, counts[1:]):
        def power(name):
            return math.log(found[large][name] / found[small][name]) / math.log(large / small)

        def both(name):
            return f"{found[small][name]:.3g} → {found[large][name]:.3g}"

        for name, word, unit in (("apply", "time", "s"), ("peak", "memory", "MiB")):
            report.figure("7", f"{word} of a settled cycle, {targets}, {small:,} → {large:,}: exponent", power(name), "",
                          1.05)
            report.say(f"{both(name)} {unit}")
        report.say(f"of the processors {both('cpu')} s, exponent {power('cpu'):.2f}; a stat per file in a loop "
                   f"{both('loop')} s, exponent {power('loop'):.2f}")
