"""The table of rules: reading it, and whether each row still fits the code."""

import pathlib
import re
import tomllib
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = pathlib.Path(__file__).resolve().parent / "rules"

# Small tests in modules that import nearly everything: one copy that has them all, not one for each.
TOGETHER = {"cycle": "daemon", "telemetry": "daemon", "tell": "daemon"}


@dataclass(frozen=True)
class Row:
    """One rule, how it is taken out, and the test that must miss it."""

    rule: str
    promise: str
    file: str
    find: str
    replace: str
    test: str
    survives: str | None

    def module(self) -> str:
        """The module whose tests are run."""
        return self.test.split("::")[0]

    def crate(self) -> str:
        """The module that is copied, with all that it imports."""
        return TOGETHER.get(self.module(), self.module())

    def fits(self, pattern: re.Pattern) -> bool:
        return any(pattern.search(text) for text in (self.rule, self.file, self.test))


def read() -> list[Row]:
    rows = []
    for path in sorted(RULES.glob("*.toml")):
        for row in tomllib.loads(path.read_text())["rule"]:
            find, replace = row["find"].strip("\n"), row["replace"].strip("\n")
            rows.append(
                Row(row["rule"], row["promise"], row["file"], find, replace, row["test"], row.get("survives"))
            )
    return rows


def complaints(rows: list[Row]) -> list[str]:
    """What is wrong with the rows themselves."""
    found = []
    for row in rows:
        path = ROOT / row.file
        count = path.read_text().count(row.find) if path.is_file() else -1
        if count != 1:
            found.append(f"{row.rule}: {row.file} has what is to be found {max(count, 0)} times")
        if not has_test(row.test):
            found.append(f"{row.rule}: there is no test {row.test}")
    sentences = [row.rule for row in rows]
    found += [f"{rule}: stands there twice" for rule in {it for it in sentences if sentences.count(it) > 1}]
    return found


def has_test(test: str) -> bool:
    """Whether the file that the test's path leads to has a function of its name."""
    *modules, name = test.split("::")
    for length in range(len(modules), 0, -1):
        below = ROOT.joinpath("src", *modules[:length])
        for path in (below.with_suffix(".rs"), below / "mod.rs"):
            if path.is_file():
                return has_function(path, name)
    return False


def has_function(path: pathlib.Path, name: str) -> bool:
    return path.is_file() and re.search(rf"\bfn {name}\(", path.read_text()) is not None
