"""Pairs on this disk, a simulated cloud, a configuration, and certrotd in it, with a stopwatch."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median

import host
from cloud import Cloud

# A command that takes longer than this is not worth its figure.
COMMAND_SECONDS = 1800
# What a person would configure: everything that a certificate is pushed to.
PUSHES = "".join(f'[[certificate.push]]\nservice = "{service}"\n' for service in ("elb", "waf", "cdn"))
SEEN_PUSHES = PUSHES.replace("certificate", "discover")
QUOTA = 10_000_000


class Ran:
    """One process: how long it took, by the clock and of the processors, and how large it became."""

    def __init__(self, code, seconds, usage, output):
        self.code, self.seconds, self.output = code, seconds, output
        self.cpu, self.peak_kib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def run(command, directory, name="command", environment=None):
    """Runs a command to its end."""
    with open(directory / f"{name}.out", "wb") as out, open(directory / f"{name}.err", "ab") as err:
        began = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   cwd=directory, env={**os.environ, **(environment or {})})
        host.STARTED.append(process)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        host.STARTED.remove(process)
    return Ran(process.returncode, took, usage, (directory / f"{name}.out").read_text(errors="replace"))


class Stage:
    """Where the figures are taken. `pairs` are made once and shared by all rows."""

    def __init__(self, programs, binary, options):
        self.programs, self.binary, self.options = programs, binary, options
        self.root = host.scratch_directory("scale")
        self.rooms = 0
        self.made = {}

    def tool(self, *words):
        """What the compiled helper prints."""
        done = subprocess.run([self.programs / "examples" / "scale", *map(str, words)], check=True,
                              capture_output=True, text=True, timeout=COMMAND_SECONDS)
        return done.stdout

    def pairs(self, count):
        """A directory with so many pairs, made once."""
        if count not in self.made:
            directory = self.root / f"pairs-{count}"
            self.tool("pairs", directory, count, "--keep", self.root / "keep")
            self.made[count] = directory
        return self.made[count]

    def copy(self, count):
        """The same for somebody who renews some of them."""
        self.rooms += 1
        directory = self.root / f"copy-{self.rooms}"
        shutil.copytree(self.pairs(count), directory)
        return directory

    def renew(self, directory, count, first=0):
        self.tool("pairs", directory, count, "--from", first, "--keep", self.root / "keep", "--issued-ago", 3600)

    def room(self, pairs, count, **how):
        self.rooms += 1
        return Room(self, self.root / f"room-{self.rooms}", pairs, count, **how)


class Room:
    """A configuration with a state of its own, and its cloud."""

    def __init__(self, stage, root, pairs, count, pushes=True, holds=True, cloud=(), schedule="", cloud_table=""):
        self.stage, self.root, self.pairs, self.count = stage, root, pairs, count
        root.mkdir()
        held = ["--holds", pairs, *(["--holds-copies"] if pushes else [])] if holds else []
        self.cloud = Cloud(stage.programs, root, "--import-quota", QUOTA, "--elb-quota", QUOTA, *held, *cloud)
        self.cloud.write_keys(root)
        if holds:
            self.remember(pushes)
        account = self.cloud.account().replace("[cloud.sim.credentials]", f"{cloud_table}\n[cloud.sim.credentials]", 1)
        (root / "certrotd.toml").write_text(
            f'[schedule]\n{schedule}[state]\npath = "state"\n[log]\nformat = "json"\n{account}' + self.entries(pushes))

    def remember(self, pushes):
        """Gives certrotd the journal that it would have: finding everything again would take minutes."""
        for name in ("certificates", "imports"):
            (self.root / f"{name}.json").write_text(json.dumps(self.cloud.switch(name)))
        self.stage.tool("settle", self.root / "state", self.pairs, self.root / "certificates.json",
                        self.root / "imports.json", *(["--pushes"] if pushes else []))

    def entries(self, pushes):
        if self.stage.options.discover:
            return f'[[discover]]\npattern = "{self.pairs}/*/fullchain.pem"\n' + (SEEN_PUSHES if pushes else "")
        return "".join(
            f'[[certificate]]\nname = "{number:06}"\ncert = "{self.pairs}/{number:06}/fullchain.pem"\n'
            f'key = "{self.pairs}/{number:06}/privkey.pem"\n' + (PUSHES if pushes else "")
            for number in range(self.count))

    def certrotd(self, *words, environment=None):
        command = [self.stage.binary, "--config", self.root / "certrotd.toml", *words]
        return run(command, self.root, words[0], environment)

    def apply(self):
        ran = self.certrotd("apply")
        if ran.code:
            tail = (self.root / "apply.err").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"apply ended with {ran.code}: {tail}")
        return ran

    def daemon(self, environment=None):
        """As its unit starts it."""
        environment = {**unit_environment(), **(environment or {})}
        command = [self.stage.binary, "--config", self.root / "certrotd.toml", "run"]
        return host.start("daemon", command, self.root, environment)

    def calls(self):
        """The cloud's ledger: what was asked, when it came and when it was answered."""
        return self.cloud.switch("calls")

    def close(self):
        self.cloud.process.stdin.close()
        self.cloud.process.wait(timeout=60)
        host.STARTED.remove(self.cloud.process)
        shutil.rmtree(self.root)


def unit_environment():
    """What the shipped unit sets."""
    unit = Path(__file__).resolve().parents[2] / "systemd/certrotd.service"
    lines = [line.partition("=") for line in unit.read_text(encoding="utf-8").splitlines()]
    words = [word for key, _, value in lines if key == "Environment" for word in value.split()]
    return dict(word.split("=", 1) for word in words)


def middle(values):
    return median(values)


def memory(pid):
    """What a process holds now: resident, and its part of what it shares, in MiB."""
    status = open(f"/proc/{pid}/status", encoding="ascii").read()
    resident = int(status.partition("VmRSS:")[2].split()[0])
    rollup = open(f"/proc/{pid}/smaps_rollup", encoding="ascii").read()
    shared = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return resident / 1024, shared / 1024


def cpu(pid):
    """What a process has used of the processors, in seconds, threads that ended included."""
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
