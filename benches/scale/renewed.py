"""A thousand renewed at once: imports and three pushes each, as fast as the cloud lets them."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from stage import COMMAND_SECONDS, cpu, run

# Pairs that are renewed; so many of them stand for all where the SDK is driven.
RENEWED, RENEWED_QUICK, SDK_PAIRS = 1000, 250, 100
# By then a limit that nobody names has been found: what comes after is what is sustained.
FOUND_AFTER_MS = 5000
PUSHES = 3
LATENCY_MS, IN_FLIGHT, CALLS_A_SECOND = 20, 64, 100
SDK = "huaweicloudsdkscm==3.1.219"
ACCOUNT = f"max_in_flight = {IN_FLIGHT}"


def unlimited(stage, report):
    """No limit but the cloud's latency and our own places."""
    count = RENEWED_QUICK if stage.options.quick else RENEWED
    room, pairs = settled(stage, count)
    try:
        stage.renew(pairs, count)
        room.cloud.switch("pace", {"latency_ms": LATENCY_MS})
        busy = cpu(room.cloud.process.pid)
        ran, calls = applied(room)
        busy = cpu(room.cloud.process.pid) - busy
        writes = [call for call in calls if is_write(call)]
        took, ideal = span(writes), count * (1 + PUSHES) * LATENCY_MS / 1000 / IN_FLIGHT
        every = len(calls) * LATENCY_MS / 1000 / IN_FLIGHT
        report.figure("3", f"{count:,} renewed × {PUSHES} pushes, {LATENCY_MS} ms, {IN_FLIGHT} in flight, against "
                      "their calls' time", took / ideal, "×", 1.15)
        report.figure("3", "the whole process against the time of all calls that it made", ran.seconds / every, "×")
        report.say(f"first import to last push {took:.2f} s, process {ran.seconds:.2f} s ({ran.cpu:.2f} s of the "
                   f"processors, {ran.peak_kib / 1024:.0f} MiB); the cloud's own work {busy:.2f} s; {kinds(calls)}")
        judge(report, "3", count, writes)
    finally:
        room.close()
    alone(stage, report, count)
    for threads in (1, IN_FLIGHT):
        script(stage, report, threads, took / count)


def alone(stage, report, count):
    """What the cloud can do when nobody asks for more than the calls, so that it is not what is measured."""
    pairs = stage.pairs(count)
    for latency in (0, LATENCY_MS):
        room = stage.room(pairs, 0, holds=False)
        try:
            room.cloud.switch("pace", {"latency_ms": latency})
            (room.root / "facts.json").write_text(json.dumps(room.cloud.facts))
            took = int(stage.tool("drive", room.root / "facts.json", pairs, count, "--in-flight", IN_FLIGHT)) / 1e9
            judge(report, "3", count, [call for call in room.calls() if is_write(call)])
        finally:
            room.close()
        report.say(f"the simulated cloud alone, {latency} ms, the same calls without a client's work: {took:.2f} s, "
                   f"{count * (1 + PUSHES) / took:,.0f} calls a second")


def script(stage, report, threads, own):
    """The script on the official SDK, with so many threads, on a sample."""
    site = sdk(stage, report)
    if site is None:
        return
    count = SDK_PAIRS if threads == 1 else RENEWED_QUICK
    pairs = stage.pairs(count)
    room = stage.room(pairs, 0, holds=False)
    try:
        room.cloud.switch("pace", {"latency_ms": LATENCY_MS})
        (room.root / "facts.json").write_text(json.dumps(room.cloud.facts))
        ran = run([sys.executable, Path(__file__).with_name("sdk_script.py"), room.root / "facts.json", pairs,
                   threads], room.root, "sdk", {"PYTHONPATH": str(site), "HOME": str(room.root)})
        if ran.code:
            raise RuntimeError(f"the SDK's script: {(room.root / 'sdk.err').read_text()[-2000:]}")
        writes = [call for call in room.calls() if is_write(call)]
        judge(report, "3", count, writes)
        slower = span(writes) / count / own
        how = "one after the other" if threads == 1 else f"with {threads} threads"
        report.figure("3", f"a script on the official SDK, {how}, against certrotd", slower, "×",
                      40 if threads == 1 else None, at_least=True)
        report.say(f"{count} pairs in {span(writes):.1f} s, the process {ran.seconds:.1f} s "
                   f"({ran.cpu:.1f} s of the processors)")
    finally:
        room.close()


def limited(stage, report):
    """The cloud takes a hundred calls a second of each service, and says so when there are more, or does not."""
    count = RENEWED_QUICK if stage.options.quick else RENEWED
    for silent in (False, True):
        room, pairs = settled(stage, count)
        try:
            stage.renew(pairs, count)
            room.cloud.switch("pace", {"latency_ms": LATENCY_MS, "calls_a_second": CALLS_A_SECOND, "silent": silent})
            ran, calls = applied(room)
        finally:
            room.close()
        writes = [call for call in calls if is_write(call)]
        begin, end = edges(writes)
        taken = [call["answered_at"] for call in calls if call["service"] == "scm" and call["status"] != 429]
        refused = sum(call["status"] == 429 for call in calls)
        how = "named in the refusal" if not silent else "to be found out"

        def part(since):
            calls = sum(since <= at <= end for at in taken)
            return calls / (end - since) * 1000 / CALLS_A_SECOND * 100

        report.figure("4", f"the same with {CALLS_A_SECOND}/s, {how}: sustained", part(begin + FOUND_AFTER_MS), "%",
                      95, at_least=True)
        report.figure("4", "with the first seconds, in which it is found", part(begin), "%")
        report.figure("4", "calls that were refused as too many", refused / len(calls) * 100, "%", 1)
        report.say(f"{(end - begin) / 1000:.1f} s, process {ran.seconds:.1f} s; {kinds(calls)}")
        judge(report, "4", count, writes)


def settled(stage, count):
    """Pairs of one's own, imported and pushed, and so a journal that knows them."""
    pairs = stage.copy(count)
    room = stage.room(pairs, count, cloud_table=ACCOUNT)
    room.apply()
    return room, pairs


def applied(room):
    before = len(room.calls())
    ran = room.apply()
    return ran, room.calls()[before:]


def is_write(call):
    """An import or a push that was taken."""
    return call["method"] == "POST" and call["service"] == "scm" and call["status"] in (200, 204)


def edges(calls):
    return min(call["at"] for call in calls), max(call["answered_at"] for call in calls)


def span(calls):
    begin, end = edges(calls)
    return (end - begin) / 1000


def judge(report, row, count, writes):
    """A figure of work that was not done, or done twice, is none."""
    imports = sum(call["path"].endswith("/import") for call in writes)
    if (imports, len(writes) - imports) != (count, count * PUSHES):
        raise RuntimeError(f"row {row}: {imports} imports and {len(writes) - imports} pushes of {count} pairs")


def kinds(calls):
    """What was asked, in a few words."""
    def kind(call):
        last = call["path"].rstrip("/").rsplit("/", 1)[-1]
        word = "show" if any(c.isdigit() for c in last) else last
        return f"{call['service']} {call['method']} {word}" + (" refused" if call["status"] == 429 else "")
    return ", ".join(f"{many:,} {what}" for what, many in Counter(map(kind, calls)).most_common())


def sdk(stage, report):
    """Where the SDK lies; none where it is not wanted or cannot be had."""
    given = os.environ.get("SCALE_SITE")
    if given:
        return None if given == "none" else Path(given)
    site = stage.root / "sdk"
    if not site.exists():
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                               "--target", site, SDK], check=False, capture_output=True, timeout=COMMAND_SECONDS)
        if done.returncode:
            report.say(f"without the SDK, which could not be installed: {done.stderr.decode()[-300:].strip()}")
            return None
    return site
