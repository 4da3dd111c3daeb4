"""Takes one rule at a time out of a copy of the code and runs the test that shall miss it."""

import argparse
import fcntl
import pathlib
import random
import re
import sys
import time

import crates
import many
import table


def main() -> int:
    wishes = arguments()
    rows = chosen(table.read(), wishes)
    wrong = table.complaints(rows)
    if wishes.check or wrong:
        print("".join(f"{words}\n" for words in wrong), end="", file=sys.stderr)
        return closing(len(rows) - len(wrong), len(wrong))
    home = crates.target_directory() / "mutations"
    home.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        modules = sorted({row.crate() for row in rows})
        results = [Bench(module, rows, home).judge() for module in modules]
    passed, explained = (sum(counts) for counts in zip(*results, strict=True))
    print(f"{len(rows)} rules taken out, {explained} of which no test can miss, {time.monotonic() - began:.0f} s")
    return closing(passed, len(rows) - passed)


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
    if not rows:
        raise SystemExit("no row is like that")
    return rows


class Bench:
    """The rows whose tests are in one module, and the copy that they are tried in."""

    def __init__(self, module: str, rows: list[table.Row], home: pathlib.Path):
        mine = [row for row in rows if row.crate() == module]
        self.rows = dict(enumerate(mine, start=1))
        self.crate = crates.Crate(module, home / module, home.parent)
        self.passed = self.explained = 0

    def judge(self) -> tuple[int, int]:
        """How many rows are as they should be, and how many of these survive for a reason."""
        program, alone = self.weave()
        if program is None:
            return 0, 0
        for number in sorted(self.rows.keys() - alone):
            self.tell(self.rows[number], self.verdict(self.rows[number], program, number))
        self.crate.copy()
        for number in sorted(alone):
            self.tell(self.rows[number], self.alone(self.rows[number]))
        return self.passed, self.explained

    def weave(self) -> tuple[str | None, set[int]]:
        """The program that has all rows in it but those that have to be compiled alone."""
        alone: set[int] = set()
        while True:
            self.crate.copy()
            places = []
            for file in sorted({row.file for row in self.rows.values()}):
                of = [(number, row) for number, row in self.rows.items() if row.file == file and number not in alone]
                path = self.crate.home / file
                if not path.is_file():
                    self.refuse(f"the tests of {self.crate.module} do not see {file}")
                    return None, alone
                text, found, left = many.woven(file, path.read_text(), of)
                self.crate.write(file, text.encode())
                alone.update(left)
                places += found
            program, errors = self.crate.build()
            if program:
                break
            at = {place.number for place in places for error in errors if stands_at(error, place)}
            if not at:
                self.refuse(f"the copy does not compile: {errors[0].words}")
                return None, alone
            alone |= at
        failed = self.crate.failures(program, self.everything())
        if failed:
            self.refuse(f"the copy fails {', '.join(failed)} as it is")
            return None, alone
        return program, alone

    def alone(self, row: table.Row) -> tuple[bool, str]:
        path = self.crate.home / row.file
        whole = path.read_text()
        path.write_text(whole.replace(row.find, row.replace))
        try:
            program, errors = self.crate.build()
            if program is None:
                return False, f"did not compile: {errors[0].words}"
            return self.verdict(row, program, 0)
        finally:
            path.write_text(whole)

    def verdict(self, row: table.Row, program: str, number: int) -> tuple[bool, str]:
        failed = self.crate.failures(program, ["--exact", row.test], number)
        if failed and row.survives:
            return False, f"caught by {failed[0]}, although it is said to survive: take that word away"
        if failed:
            return True, f"caught by {failed[0]}"
        others = self.crate.failures(program, self.everything(), number)
        if others:
            return False, f"caught by {', '.join(others[:5])}, and not by {row.test}"
        if row.survives:
            self.explained += 1
            return True, f"survives: {row.survives}"
        return False, "SURVIVED"

    def everything(self) -> list[str]:
        modules = sorted({row.module() for row in self.rows.values()})
        return ["--skip", "storm", *(f"{module}::" for module in modules)]

    def tell(self, row: table.Row, verdict: tuple[bool, str]) -> None:
        good, words = verdict
        self.passed += good
        print(f"{'ok  ' if good else 'FAIL'} {row.rule} [{row.promise}]\n       {words}", flush=True)

    def refuse(self, words: str) -> None:
        print(f"FAIL all {len(self.rows)} rows of {self.crate.module}\n       {words}", flush=True)


def stands_at(error: crates.Complaint, place: many.Place) -> bool:
    return error.file == place.file and place.first <= error.line <= place.last


def closing(passed: int, failed: int) -> int:
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
