"""The command after a changed CA file: it writes down for which bytes it ran, and outlives a daemon that is killed."""

from pathlib import Path

from host import eventually

SCRIPT = 'echo "$CERTROTD_SHA256" >> "$1"'
# The command takes a few milliseconds; a machine that is busy gives them late.
END_SECONDS = 10


def on_change(directory):
    """The line of a configuration that has it write in this directory."""
    return f"""on_change = ["/bin/sh", "-c", '{SCRIPT}', "sh", "{directory}/hooks"]\n"""


def ran(directory):
    """For which bytes it ran, in order."""
    path = directory / "hooks"
    return path.read_text().split() if path.exists() else []


def is_done(history, digest):
    """Whether these lines of the journal say that it ran for these bytes."""
    return any("run on_change" in line["step"] and digest[:12] in line["step"] and line["outcome"] == "done"
               for line in history)


def await_end(directory):
    """Waits for a command that outlives the daemon; before it runs it has the daemon's own name."""
    mark = f"{directory}/".encode()

    def gone():
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if mark in process.read_bytes():
                    return False
            except OSError:
                continue  # It has just ended.
        return True

    eventually("the end of the command", END_SECONDS, gone)
