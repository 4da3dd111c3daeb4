"""Compares what `certrotd inspect` says of every certificate with what Python's `cryptography` says."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cryptography_vectors
import opinion
from explained import EXPLAINED

VECTORS = Path(cryptography_vectors.__file__).parent / "x509"
AUTHORITIES = Path("/usr/share/ca-certificates")
# What files of certificates are called. Those of requests and answers of OCSP end so too: both refuse them.
ENDINGS = {".pem", ".der", ".crt"}
# Files in one call, well below what a command line may hold.
FILES_MAX = 200


def inspected(binary, files):
    """What certrotd says of each file."""
    found = {}
    for start in range(0, len(files), FILES_MAX):
        some = [str(path) for path in files[start : start + FILES_MAX]]
        run = subprocess.run(
            [binary, "inspect", "--format", "json", *some],
            capture_output=True,
            timeout=120,
            check=False,
        )
        if run.returncode not in (0, 1):
            sys.exit(f"certrotd ended with {run.returncode}: {run.stderr.decode()}")
        found |= {Path(one["file"]): one for one in json.loads(run.stdout)}
    return found


def judge(path, ours):
    """How the two compare: `agree`, `both refuse`, or the side that refuses, or the field; and words."""
    try:
        theirs = opinion.certificates(path.read_bytes())
    except Exception as error:  # It refuses in a dozen classes, and each counts.
        theirs, said = [], f"Python: {type(error).__name__}: {str(error)[:100]}"
    shown = ours["certificates"]
    if not theirs and not shown:
        return "both refuse", ""
    if not theirs:
        return "python", said
    if not shown:
        return "inspect", "; ".join([ours["error"] or "", *ours["findings"]])
    if len(theirs) != len(shown):
        return "count", f"Python: {len(theirs)}, inspect: {len(shown)}"
    for one, other in zip(theirs, shown):
        for field, value in one.items():
            if other[field] != value:
                return field, f"Python: {value}, inspect: {other[field]}"
    return "agree", ""


def main():
    binary = sys.argv[1]
    vectors = sorted(path for path in VECTORS.rglob("*") if path.suffix in ENDINGS)
    authorities = sorted(path for path in AUTHORITIES.rglob("*.crt"))
    ours = inspected(binary, vectors + authorities)
    counts, failures, pending = Counter(), [], dict(EXPLAINED)
    for path in vectors + authorities:
        inside = path.is_relative_to(VECTORS)
        name = str(path.relative_to(VECTORS if inside else AUTHORITIES))
        verdict, words = judge(path, ours[path])
        if verdict in ("agree", "both refuse"):
            counts[verdict] += 1
            continue
        expected, why = pending.pop(name, ("nothing", ""))
        if verdict == expected:
            counts["differ, explained"] += 1
            print(f"{name}: {verdict}: {why} ({words})")
        else:
            failures.append(f"{name}: {verdict}, where {expected} was explained: {words}")
    stale = [f"{name}: explained, and no difference any more" for name in pending]
    certificates = sum(len(one["certificates"]) for one in ours.values())
    print(f"\n{len(vectors)} files of the vectors, {len(authorities)} of Debian, {certificates} certificates")
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    for failure in failures + stale:
        print(f"FAILED: {failure}")
    if len(vectors) < 500 or len(authorities) < 100:
        failures.append("too few")
        print("FAILED: there are too few files to judge by")
    print(f"{sum(counts.values())} passed, {len(failures) + len(stale)} failed")
    sys.exit(1 if failures or stale else 0)


if __name__ == "__main__":
    main()
