"""Crates small enough to be compiled in seconds: one module, and what it may import by ARCHITECTURE.md's table."""

import json
import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

import many
from table import ROOT

# A test that takes longer than this has caught something too: a rule's absence that never ends.
TEST_SECONDS_MAX = 120
# What the tests of every module may use, beside the table.
FOR_TESTS = "src/scratch.rs"
# Compiling everything from nothing on a slow machine.
BUILD_SECONDS_MAX = 1800


@dataclass(frozen=True)
class Complaint:
    """What the compiler said, and where."""

    file: str
    line: int
    words: str


def target_directory() -> pathlib.Path:
    words = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline"]
    found = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
    return pathlib.Path(json.loads(found.stdout)["target_directory"])


def imports() -> dict[str, list[str]]:
    """Who may import whom."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    table = text.split("| module | may import |")[1].split("\n\n")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    names = {name for cell in cells for name in cell[0].split(", ")}
    return {
        module: [word for word in names if word != module and (word in words or "everything" in words)]
        for of, allowed in cells
        for words in [re.findall(r"\w+", allowed)]
        for module in of.split(", ")
    }


def closure(module: str) -> list[str]:
    table, found, open_ends = imports(), set(), [module]
    while open_ends:
        at = open_ends.pop()
        if at not in found:
            found.add(at)
            open_ends += table[at]
    return sorted(found)


class Crate:
    """A copy of one module and of what it imports, with a target directory of its own."""

    def __init__(self, module: str, home: pathlib.Path, deps: pathlib.Path):
        self.module, self.home = module, home
        self.modules = closure(module)
        self.copy()
        lend(deps, home / "target")

    def copy(self) -> None:
        """Brings the copy to what lies in the tree."""
        wanted = {"Cargo.lock": (ROOT / "Cargo.lock").read_bytes()}
        wanted["Cargo.toml"] = (ROOT / "Cargo.toml").read_bytes() + b"\n[workspace]\n"
        wanted[FOR_TESTS] = (ROOT / FOR_TESTS).read_bytes()
        below = ["config", "tests/data", *(f"src/{module}" for module in self.modules)]
        paths = [path for part in below for path in sorted((ROOT / part).rglob("*"))]
        paths += [ROOT / "src" / f"{module}.rs" for module in self.modules]
        for path in (path for path in paths if path.is_file()):
            wanted[str(path.relative_to(ROOT))] = path.read_bytes()
        lines = "".join(f"pub mod {module};\n" for module in self.modules)
        lines += f"#[cfg(test)]\nmod {pathlib.Path(FOR_TESTS).stem};\n"
        wanted["src/lib.rs"] = f"//! Some modules of certrotd.\n\n{lines}{many.SWITCH}".encode()
        for name, content in wanted.items():
            self.write(name, content)
        for path in (self.home / "src").rglob("*.rs"):
            if str(path.relative_to(self.home)) not in wanted:
                path.unlink()

    def write(self, name: str, content: bytes) -> None:
        """What has not changed keeps its time, so that it is not compiled again."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)

    def build(self) -> tuple[str | None, list[Complaint]]:
        """Compiles; gives the program that holds the tests, or what the compiler said."""
        words = ["cargo", "test", "--lib", "--no-run", "--locked", "--quiet", "--message-format", "json"]
        done = self.run(words, BUILD_SECONDS_MAX)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        built = [it for it in lines if it.get("reason") == "compiler-artifact" and it.get("executable")]
        if done.returncode == 0 and built:
            return built[-1]["executable"], []
        said = [it["message"] for it in lines if it.get("reason") == "compiler-message"]
        errors = [complaint(it) for it in said if it["level"] == "error" and it["spans"]]
        return None, errors or [Complaint("", 0, done.stderr[-2000:])]

    def failures(self, program: str, words: list[str], mutant: int = 0) -> list[str]:
        """The tests that fail."""
        try:
            done = self.run([program, *words], TEST_SECONDS_MAX, {many.VARIABLE: str(mutant)})
        except subprocess.TimeoutExpired:
            return [f"{words[-1]} (it came to no end)"]
        failed = re.findall(r"^test (\S+)(?: - should panic)? \.\.\. FAILED$", done.stdout, re.MULTILINE)
        ran = re.search(r"^test result: .* (\d+) passed; (\d+) failed", done.stdout, re.MULTILINE)
        if ran is None:
            return [f"{words[-1]} (ended with {done.returncode})"]
        if int(ran[1]) + int(ran[2]) == 0:
            raise RuntimeError(f"no test was run by {' '.join(words)}")
        return failed

    def run(self, words: list[str], seconds: int, more: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        surroundings = os.environ | {
            "CARGO_TARGET_DIR": str(self.home / "target"),
            "CARGO_TERM_COLOR": "never",
            "RUST_BACKTRACE": "0",
        }
        return subprocess.run(
            words,
            cwd=self.home,
            env=surroundings | (more or {}),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )


def complaint(message: dict) -> Complaint:
    span = next((span for span in message["spans"] if span["is_primary"]), message["spans"][0])
    return Complaint(span["file_name"], span["line_start"], message["rendered"].strip()[:1000])


def lend(deps: pathlib.Path, to: pathlib.Path) -> None:
    """Links what others wrote and is compiled already, so that it is not compiled again."""
    for part in ("deps", "build", ".fingerprint"):
        source, here = deps / "debug" / part, to / "debug" / part
        if here.exists() or not source.is_dir():
            continue
        ours = shutil.ignore_patterns("certrotd*", "libcertrotd*", "*.rcgu.o")
        shutil.copytree(source, here, copy_function=os.link, ignore=ours)
