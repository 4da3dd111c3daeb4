"""What strace wrote down: the system calls that a thread made, and the files that they name."""

import re
from dataclasses import dataclass

# Everything that can name a file, by path or by descriptor.
TRACED = ["-y", "-s", "256", "-e", "trace=%file,%desc"]
# A call that begins, after its thread where there are several.
BEGUN = re.compile(r"^(?:\d+ +)?([a-z]\w*)\((.*)$")
RESULT = re.compile(r"\) += ")
# The random part of a temporary name, which is another one in each run.
RANDOM = re.compile(r"certrotd-[0-9a-f]{16}")


@dataclass(frozen=True)
class Call:
    """A call that was begun."""

    name: str
    # The files below the directory of the run that it names, as each run has them.
    files: tuple
    # The how manieth of this name in its thread: what strace counts by.
    number: int

    def __str__(self):
        return f"{self.name} no. {self.number} ({', '.join(self.files)})"


def read(log, root):
    """The calls of a thread, in order."""
    named = re.compile(re.escape(str(root)) + r'/([^">]*)(?=[">])')
    found, numbers = [], {}
    for line in log.read_text(errors="replace").splitlines():
        begun = BEGUN.match(line)
        if begun:
            name, words = begun.groups()
            # Without the descriptor that came of it, which a call that was interrupted does not give.
            words = RESULT.split(words)[0]
            files = tuple(RANDOM.sub("certrotd-*", match.group(1)) for match in named.finditer(words))
            numbers[name] = numbers.get(name, 0) + 1
            found.append(Call(name, files, numbers[name]))
    return found


def of_the_journal(every):
    """Those of the thread that decides: all about the state, from its first line after the cloud was asked."""
    def first(begin, directory):
        return next(at for at, call in enumerate(every) if at > begin and call.files[:1]
                    and call.files[0].startswith(directory))

    opened = first(0, "state/")
    asked = first(opened, "access_key")
    return [call for call in every[asked:] if call.files and call.files[0].startswith("state")]


def of_the_file(every):
    """Those of the thread that writes: all about the file and its directory, until that is synced and closed."""
    last = max(at for at, call in enumerate(every) if call.name == "close" and call.files == ("ca",))
    return [call for call in every[:last + 1] if call.files]
