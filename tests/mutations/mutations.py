"""Takes one rule at a time out of a copy of the code and runs the test that shall miss it."""

import argparse
import fcntl
import pathlib
import random
import re
import sys
import threading
import time

import crates
import table

# Compiling is most of the work, and two compilers fit beside each other on a small machine.
WORKERS = 2


def main() -> int:
    wishes = arguments()
    rows = table.read()
    wrong = table.complaints(rows)
    print("\n".join(wrong), file=sys.stderr)
    if wishes.check or wrong:
        return closing(len(rows) - len(wrong), len(wrong))
    rows = chosen(rows, wishes)
    home = crates.target_directory() / "mutations"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return judged(rows, home)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="each rule, taken out, is missed by a test")
    parser.add_argument("--check", action="store_true", help="only look whether each row fits the code")
    parser.add_argument("--only", metavar="PATTERN", help="rows whose sentence, file or test matches")
    parser.add_argument("--sample", metavar="N", type=int, help="so many rows, by chance")
    parser.add_argument("--seed", metavar="S", type=int, help="which chance; printed when it is not given")
    return parser.parse_args()


def chosen(rows: list[table.Row], wishes: argparse.Namespace) -> list[table.Row]:
    if wishes.only:
        pattern = re.compile(wishes.only)
        rows = [row for row in rows if row.fits(pattern)]
    if wishes.sample is not None:
        seed = wishes.seed if wishes.seed is not None else random.randrange(1_000_000)
        print(f"seed {seed}", flush=True)
        rows = random.Random(seed).sample(rows, min(wishes.sample, len(rows)))
    # Rows of one crate follow each other, so that each worker compiles few of them from nothing.
    return sorted(rows, key=lambda row: row.crate())


def judged(rows: list[table.Row], home: pathlib.Path) -> int:
    began, verdicts, lock = time.monotonic(), [], threading.Lock()

    def work(index: int, mine: list[table.Row]) -> None:
        known = {}
        for row in mine:
            try:
                verdict = Bench(row, home / str(index), known).judge()
            except (OSError, SystemExit, RuntimeError) as error:
                verdict = (False, f"could not be tried: {error}")
            with lock:
                verdicts.append(verdict)
                words = "ok  " if verdict[0] else "FAIL"
                print(f"{words} {row.rule} [{row.promise}]\n       {verdict[1]}", flush=True)

    share = -(-len(rows) // WORKERS)
    parts = [rows[at : at + share] for at in range(0, len(rows), share or 1)]
    threads = [threading.Thread(target=work, args=part) for part in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    passed = sum(good for good, _ in verdicts)
    explained = sum(words.startswith("survives") for _, words in verdicts)
    print(f"{len(rows)} rules taken out, {explained} of them cannot be missed, {time.monotonic() - began:.0f} s")
    return closing(passed, len(rows) - passed)


class Bench:
    """One row in the copy of the crate that it belongs to."""

    def __init__(self, row: table.Row, home: pathlib.Path, known: dict[str, crates.Crate]):
        self.row = row
        module = row.crate()
        if module not in known:
            known[module] = crates.Crate(module, home / module, home.parent.parent)
            self.whole_passes(known[module])
        self.crate = known[module]

    def whole_passes(self, crate: crates.Crate) -> None:
        """Without a change nothing fails: else a row would prove nothing."""
        program, said = crate.build(self.row.test)
        if program is None:
            raise RuntimeError(f"the copy does not compile: {said}")
        failed = crate.failures(program, everything(self.row))
        if failed:
            raise RuntimeError(f"the copy fails {', '.join(failed)} as it is")

    def judge(self) -> tuple[bool, str]:
        path = self.crate.home / self.row.file
        if not path.is_file():
            return False, f"the tests of {self.crate.module} do not see {self.row.file}"
        whole = path.read_text()
        path.write_text(whole.replace(self.row.find, self.row.replace))
        try:
            return self.verdict()
        finally:
            path.write_text(whole)

    def verdict(self) -> tuple[bool, str]:
        row = self.row
        program, said = self.crate.build(row.test)
        if program is None:
            return False, f"did not compile: {said}"
        name = row.test.split("::", 1)[1] if self.crate.module == "tests" else row.test
        failed = self.crate.failures(program, ["--exact", name])
        if failed and row.survives:
            return False, f"caught by {name}, although it is said to survive: take that word away"
        if failed:
            return True, f"caught by {name}"
        others = self.crate.failures(program, everything(row))
        if others:
            return False, f"caught by {', '.join(others[:5])}, and not by {name}"
        if row.survives:
            return True, f"survives: {row.survives}"
        return False, "SURVIVED"


def everything(row: table.Row) -> list[str]:
    """All tests of the row's crate; a test of the whole program stands for itself."""
    if row.crate() == "tests":
        return ["--exact", row.test.split("::", 1)[1]]
    return ["--skip", "storm", f"{row.crate()}::"]


def closing(passed: int, failed: int) -> int:
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
