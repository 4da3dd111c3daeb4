"""The story: an instance publishes another CA, and `certrotd apply` is killed before each call of its install.

`tests/install/run` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import calls
import hook
from cloud import Cloud
from host import eventually, scratch_directory
from tally import closing

FILE = "ca/orders.pem"
MODE = 0o640
# Whom the directory belongs to where this is root: files go to that user before they take their place.
OTHER = 65534
# Runs at once; they wait for the disk and for each other's processes.
AT_ONCE = 2
# Where timing moves a call to another place in its thread, it is tried again so many times.
TRIES = 4
# So long the cloud takes to name the CA, so that strace can come in between.
SLOW_SECONDS = 0.4
# So long the file in place is read at most, before that.
READ_SECONDS = 0.03


class Host:
    """A configuration, a state and a CA file."""

    def __init__(self, program, root):
        self.program, self.root = program, root
        self.file, self.former = root / FILE, root / f"{FILE}.previous"

    def furnish(self, cloud):
        (self.root / "ca").mkdir(exist_ok=True)
        for path in (self.root / "ca", *(self.root / "ca").iterdir()):
            give(path)
        cloud.write_keys(self.root)
        (self.root / "certrotd.toml").write_text(
            f'[state]\npath = "state"\n[log]\nformat = "json"\n{cloud.account()}'
            f'[[instance_ca]]\nname = "orders"\nservice = "dcs"\ninstance_id = "{cloud.facts["dcs_pem"]}"\n'
            f'path = "{FILE}"\nmode = "{MODE:04o}"\n{hook.on_change(self.root)}')

    def copy(self, name, cloud):
        host = Host(self.program, self.root.with_name(name))
        shutil.copytree(self.root, host.root)
        host.furnish(cloud)
        return host

    def command(self, *words, under=()):
        return subprocess.run([*under, self.program, "--config", self.root / "certrotd.toml", *words],
                              capture_output=True, text=True, timeout=60)

    def apply(self):
        done = self.command("apply")
        if done.returncode:
            raise RuntimeError(f"apply ended with {done.returncode}: {done.stdout}{done.stderr}")

    def decider(self, *more):
        """Runs `apply` with strace at its first thread, which plans and keeps the journal; gives its exit status
        and the calls of that thread."""
        log = self.root / "strace"
        done = self.command("apply", under=["strace", "-o", log, *calls.TRACED, *more])
        return done.returncode, calls.read(log, self.root)

    def writer(self, *more):
        """Runs `apply`, and puts strace at the thread that writes files, while it waits for the cloud's answer:
        strace counts each thread by itself, and would count the other one too."""
        log = self.root / "strace"
        words = [self.program, "--config", self.root / "certrotd.toml", "apply"]
        apply = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threads = eventually("a thread that reads the file", 10, lambda: [
            thread.name for thread in Path(f"/proc/{apply.pid}/task").glob("*") if thread.name != str(apply.pid)])
        time.sleep(READ_SECONDS)
        subprocess.run(["strace", "-o", log, *calls.TRACED, *more, *(f"-p{thread}" for thread in threads)],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        return apply.wait(timeout=60), calls.read(log, self.root)

    def hooks(self):
        """For which bytes the command ran, in order."""
        return hook.ran(self.root)

    def hook_is_done(self, digest):
        """Whether the journal says that the command ran for these bytes."""
        lines = self.command("--format", "json", "history").stdout.splitlines()
        return hook.is_done([json.loads(line) for line in lines], digest)


def give(path):
    if os.geteuid() == 0:
        os.chown(path, OTHER, OTHER)


def look(path):
    """Bytes, mode and owner; nothing where no file is."""
    if not path.exists():
        return None
    found = path.stat()
    return path.read_bytes(), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid


class Story:
    """What the files are before and after, from runs that nobody disturbs."""

    def __init__(self, programs, scratch):
        self.cloud = Cloud(programs, scratch)
        instance = self.cloud.facts["dcs_pem"]
        self.start = Host(programs / "certrotd", scratch / "start")
        self.start.root.mkdir()
        self.start.furnish(self.cloud)
        # Two installs, so that a file that was former before is there too.
        self.start.apply()
        self.cloud.switch("publish", {"instance": instance})
        self.start.apply()
        self.older, self.former = look(self.start.former), look(self.start.file)
        ca = self.cloud.switch("present", {"instance": instance, "self_signed": True})["ca"]
        self.cloud.switch("publish", {"instance": instance, "pem": ca})
        calm = self.start.copy("calm", self.cloud)
        status, every = calm.decider()
        self.new, self.digest = look(calm.file), calm.hooks()[-1]
        self.journal = calls.of_the_journal(every)
        self.wrong = [sentence for sentence, holds in {
            "apply ends with 0": status == 0,
            "the file changes twice": len({self.older, self.former, self.new}) == 3,
            "the former file stays": look(calm.former) == self.former,
            "the command ran three times": len(set(calm.hooks())) == len(calm.hooks()) == 3,
            "a further apply writes nothing": self.second(calm),
        }.items() if not holds]

    def slow_down(self):
        """Makes the cloud slow, so that strace can be put at the thread that writes; gives its calls."""
        slow = {"secs": 0, "nanos": int(SLOW_SECONDS * 1e9)}
        self.cloud.switch("weather", {"path": "ssl-certs/download", "fault": {"slow": slow}})
        _, every = self.start.copy("slow", self.cloud).writer()
        return calls.of_the_file(every)

    @staticmethod
    def second(host):
        """Whether a further apply leaves the very same file in place and runs no command."""
        def told():
            found = host.file.stat()
            return found.st_ino, found.st_mtime_ns, host.hooks()

        before = told()
        host.apply()
        return told() == before

    def kill(self, run, target, number, name):
        """Kills a run before a call; says whether it was that one, and what was wrong then and afterwards."""
        host = self.start.copy(name, self.cloud)
        status, every = run(host, "-e", f"inject={target.name}:signal=SIGKILL:when={number}")
        hook.await_end(host.root)
        hit = status == -signal.SIGKILL and (every[-1].name, every[-1].files) == (target.name, target.files)
        wrong = self.after_the_kill(host) + self.after_the_next(host)
        shutil.rmtree(host.root)
        return hit, wrong

    def after_the_kill(self, host):
        return [sentence for sentence, holds in {
            "the path holds a whole file": look(host.file) in (self.former, self.new),
            "the former file is whole": look(host.former) in (self.older, self.former),
        }.items() if not holds]

    def after_the_next(self, host):
        """A run that nobody disturbs ends what the killed one began."""
        ran, done = host.hooks().count(self.digest), host.hook_is_done(self.digest)
        try:
            host.apply()
        except RuntimeError as error:
            return [str(error)]
        # Killed between the end of the command and its line in the journal: nobody can know that it ran, and
        # a client that reloads twice is better than one that never does.
        runs = (1,) if done or not ran else (2,)
        left = {path.name for path in (host.root / "ca").iterdir()}
        return [sentence for sentence, holds in {
            "the new file is in place": look(host.file) == self.new,
            "the former file stays beside it": look(host.former) == self.former,
            f"nothing else is left, found {left}": left == {host.file.name, host.former.name},
            f"the command ran once, found {host.hooks()}": host.hooks().count(self.digest) in runs,
        }.items() if not holds]


def kills(story, run, targets):
    """Kills a run before every call; gives a sentence for all that was wrong, by call."""
    def one(job):
        at, target = job
        wrong = []
        for trial in range(TRIES):
            # The same place, then one earlier, one later: elsewhere in the thread one more was called.
            number = max(1, target.number + (0, 0, -1, 1)[trial])
            hit, found = story.kill(run, target, number, f"{run.__name__}-{at}-{trial}")
            wrong += found
            if hit:
                return wrong
        return [*wrong, f"no kill met it in {TRIES} tries"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = zip(targets, pool.map(one, enumerate(targets)))
        return {target: wrong for target, wrong in found if wrong}


def main():
    began = time.monotonic()
    scratch = scratch_directory("install")
    story = Story(Path(sys.argv[1]), scratch)
    for sentence in story.wrong:
        print(f"FAILED undisturbed: {sentence}")
    if story.wrong:
        return closing(0, len(story.wrong))
    wrong = kills(story, Host.decider, story.journal)
    file = story.slow_down()
    wrong.update(kills(story, Host.writer, file))
    for call, sentences in wrong.items():
        print(f"FAILED killed before {call}: {'; '.join(sentences)}")
    for what, targets in (("the file", file), ("the journal", story.journal)):
        names = Counter(call.name for call in targets)
        print(f"killed before {len(targets)} calls about {what}: "
              + ", ".join(f"{count} {name}" for name, count in names.most_common()))
    every = len(file) + len(story.journal)
    print(f"it took {time.monotonic() - began:.0f} s")
    return closing(every - len(wrong), len(wrong))


if __name__ == "__main__":
    sys.exit(main())
