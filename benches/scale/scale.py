"""Runs rows of the table; see scale.sh, which starts this.

Usage: scale.py PROGRAMS BINARY [ROW...] [--pairs N] [--quick] [--discover] [--svg FILE] [--json FILE]
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

import awake
import first
import renewed
import resting
import settled
from report import Report
from stage import Stage

ROWS = {
    "1": settled.cycle,
    "2": first.read,
    "3": renewed.unlimited,
    "4": renewed.limited,
    "5": awake.renamed,
    "6": resting.memory_idle,
    "7": settled.growth,
    "8": awake.ready,
    "9": resting.size,
    "10": resting.idle_hour,
}


def main():
    options = arguments()
    stage, report = Stage(options.programs, options.binary, options), Report()
    print(f"certrotd {options.binary.stat().st_size:,} bytes, {os.cpu_count()} processors, {platform.machine()}, "
          f"{options.pairs:,} pairs, {'quick' if options.quick else 'full'}", flush=True)
    began = time.monotonic()
    for row in options.rows or ROWS:
        ROWS[row](stage, report)
    print(f"took {time.monotonic() - began:.0f} s", flush=True)
    if options.json:
        report.write(options.json)
    if options.svg:
        report.draw(options.svg)
    return 0 if report.closing() else 1


def arguments():
    parser = argparse.ArgumentParser(prog="scale.sh")
    parser.add_argument("programs", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("binary", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; without one: all")
    parser.add_argument("--pairs", type=int, default=10_000, help="how many are many")
    parser.add_argument("--quick", action="store_true", help="fewer runs, a smaller growth, a shorter hour")
    parser.add_argument("--discover", action="store_true", help="one pattern in the configuration, not a table a pair")
    parser.add_argument("--svg", help="draw the goals into this file")
    parser.add_argument("--json", help="write the figures into this file")
    options = parser.parse_args()
    options.programs, options.binary = options.programs.resolve(), options.binary.resolve()
    unknown = [row for row in options.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
