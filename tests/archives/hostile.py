"""Makes the corpus, lets `certrotd inspect` judge each file, and measures what that costs.

A line a file: verdict, milliseconds, peak memory of the process, and what it said. The good ones have to
be taken, all others refused, each within SECONDS_MAX and MEMORY_BYTES_MAX. Exits 1 when one is not.
"""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

from namesakes import namesakes

# What a host that runs other things can spare for one download.
SECONDS_MAX = 1.0
MEMORY_BYTES_MAX = 32 << 20
# After this, a process is ended, and has failed.
PATIENCE_SECONDS = 20

END = b"PK\x05\x06"
LINE = b"PK\x01\x02"
HEADER = b"PK\x03\x04"


def authority(folder):
    """A CA of its own, as PEM and as DER; its key is thrown away."""
    paths = {name: os.path.join(folder, name) for name in ("key", "pem", "der")}
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", paths["key"]]
        + ["-out", paths["pem"], "-subj", "/CN=corpus CA", "-days", "30"],
        **quiet,
    )
    subprocess.run(
        ["openssl", "x509", "-in", paths["pem"], "-outform", "der", "-out", paths["der"]], **quiet
    )
    with open(paths["pem"], "rb") as pem, open(paths["der"], "rb") as der:
        found = pem.read(), der.read()
    for path in paths.values():
        os.remove(path)
    return found


def pack(entries, method=zipfile.ZIP_DEFLATED, comment=b""):
    """An archive of these pairs of name, or ZipInfo, and content."""
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method) as archive:
        warnings.simplefilter("ignore")  # two entries of one name
        for name, content in entries:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            archive.writestr(info, content, compress_type=method)
        archive.comment = comment
    return out.getvalue()


def odd(name, mode=None, system=3, flags=0):
    """An entry's description that ZipFile writes as it is."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.create_system = system
    info.flag_bits |= flags
    if mode is not None:
        info.external_attr = mode << 16
    return info


def patch(data, mark, behind, value, which=None):
    """Overwrites bytes behind the places where this mark stands, or behind one of them."""
    out, at, seen = bytearray(data), data.find(mark), 0
    while at >= 0:
        if which is None or seen == which:
            out[at + behind : at + behind + len(value)] = value
        seen, at = seen + 1, data.find(mark, at + 1)
    assert seen, mark
    return bytes(out)


def short(number):
    return struct.pack("<H", number)


def word(number):
    return struct.pack("<I", number)


def crowd(count):
    """So many entries of nothing, by hand: ZipFile takes its time for them."""
    headers, lines = [], []
    offset = 0
    for index in range(count):
        name = b"%05d" % index
        sizes = struct.pack("<IIIHH", 0, 0, 0, len(name), 0)
        headers.append(HEADER + struct.pack("<HHHHH", 20, 0, 0, 0, 33) + sizes + name)
        fixed = struct.pack("<HHHHHH", 20, 20, 0, 0, 0, 33)
        lines.append(LINE + fixed + sizes + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name)
        offset += len(headers[-1])
    directory = b"".join(lines)
    told = min(count, 0xFFFF)
    end = END + struct.pack("<HHHHIIH", 0, 0, told, told, len(directory), offset, 0)
    if count > 0xFFFF:
        large = b"PK\x06\x06" + struct.pack("<QHHII", 44, 45, 45, 0, 0)
        large += struct.pack("<QQQQ", count, count, len(directory), offset)
        locator = b"PK\x06\x07" + struct.pack("<IQI", 0, offset + len(directory), 1)
        end = large + locator + end
    return b"".join(headers) + directory + end


def overlapping(count, payload):
    """Many entries in the directory, all of which lead to the same bytes: the small bomb that unpacks to
    much. Their names are of one length, and the header can only have one of them."""
    one = pack([("a", payload)])
    line = one.index(LINE)
    end = one.index(END, line)
    lines = b"".join(one[line:end] for _ in range(count))
    tail = END + struct.pack("<HHHHIIH", 0, 0, count, count, len(lines), line, 0)
    return one[:line] + lines + tail


def inside_out(pem):
    """An entry whose content is the next entry, which the directory points to as well."""
    inner = pack([("b", pem)], zipfile.ZIP_STORED)
    inner = inner[: inner.index(LINE)]
    data = pack([("a", inner), ("b", pem)], zipfile.ZIP_STORED)
    return patch(data, LINE, 42, word(data.index(HEADER, 1)), which=1)


def good(pem, der):
    """What services may give: each has to be taken."""
    deep = "/".join(["folder"] * 20) + "/ca.crt"
    return {
        "zip of PEM": pack([("ca.crt", pem)]),
        "zip of DER": pack([("ca.der", der)]),
        "zip, stored": pack([("ca.crt", pem)], zipfile.ZIP_STORED),
        "zip with a comment": pack([("ca.crt", pem)], comment=b"a comment"),
        "zip with others beside": pack(
            [("readme.txt", b"words"), ("ca.jks", b"\xfe\xed\xfe\xed" * 99), (deep, pem)]
        ),
        "zip made by streaming": streamed(pem),
        "zip with a folder": pack([("folder/", b""), ("folder/ca.pem", pem)]),
        "zip named ca.txt": pack([("ca.txt", pem)]),
        "bare PEM": pem,
        "bare DER": der,
    }


def streamed(pem):
    """Sizes behind the content, as Java and pipes write them."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.held = io.BytesIO()

        def writable(self):
            return True

        def write(self, data):
            return self.held.write(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ca.crt", pem)
    return pipe.held.getvalue()


def bombs(pem):
    zeros = bytes(1 << 20)
    mib = [("z%03d" % index, zeros) for index in range(60)]
    giant = pack([("ca.crt", pem), ("bomb", bytes(512 << 20))])
    return {
        "one entry of 512 MiB": giant,
        "one entry of 512 MiB that says 1,000 bytes": patch(
            patch(giant, LINE, 24, word(1000), 1), HEADER, 22, word(1000), 1
        ),
        "60 entries of 1 MiB": pack([("ca.crt", pem)] + mib),
        "a bomb named ca.crt": pack([("ca.crt", bytes(64 << 20))]),
        "a thousand entries on the same bytes": overlapping(1000, zeros),
        "60 entries on the same bytes": overlapping(60, zeros),
        "an entry inside another": inside_out(pem),
        "100,000 entries": crowd(100_000),
        "20,000 entries": crowd(20_000),
        "10,000 entries, within the limit of bytes": crowd(10_000),
        "two entries that say 65,535": patch(
            pack([("ca.crt", pem), ("b", b"")]), END, 8, short(0xFFFF) * 2
        ),
        "an archive of zeros, 900 kB": HEADER + bytes(900_000),
        "end records, 900 kB": HEADER + (END + bytes(18)) * 40_000,
    }


def paths(pem):
    names = {
        "path that climbs": "../../../../tmp/certrotd-was-here.pem",
        "path that climbs later": "a/../../ca.crt",
        "path that is absolute": "/tmp/certrotd-was-here.pem",
        "path with backslashes": "..\\..\\ca.crt",
        "path with a drive": "C:ca.crt",
        "path with a newline": "ca\n.crt",
        "path with an escape": "ca\x1b[2J.crt",
        "path without a name": "",
    }
    corpus = {what: pack([(odd(name), pem)]) for what, name in names.items()}
    corpus["path with a NUL"] = pack([("caX.crt", pem)]).replace(b"caX.crt", b"ca\0.crt")
    corpus["symlink"] = pack([(odd("ca.crt", 0o120777), b"/etc/passwd"), ("b.crt", pem)])
    corpus["device"] = pack([(odd("ca.crt", 0o020666), b""), ("b.crt", pem)])
    corpus["two entries of one name"] = pack([("ca.crt", pem), ("ca.crt", pem)])
    return corpus


def lies(pem):
    plain = pack([("ca.crt", pem), ("b.crt", pem)])
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w") as archive, archive.open("ca.crt", "w", force_zip64=True) as it:
        it.write(pem)
    end = plain.index(END)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 1 << 60, 1)
    stored = pack([("ca.crt", pem)], zipfile.ZIP_STORED)
    return {
        "wrong checksum": patch(patch(plain, LINE, 16, word(7)), HEADER, 14, word(7)),
        "wrong checksum of stored bytes": stored.replace(b"BEGIN", b"BEGIM", 1),
        "wrong checksum in the directory alone": patch(plain, LINE, 16, word(7)),
        "wrong size": patch(patch(plain, LINE, 24, word(9)), HEADER, 22, word(9)),
        "wrong offset": patch(plain, LINE, 42, word(3)),
        "offset past the end": patch(plain, LINE, 42, word(1 << 30)),
        "directory past the end": patch(plain, END, 16, word(1 << 30)),
        "directory of 4 GiB": patch(plain, END, 12, word(0xFFFFFFFE)),
        "fewer entries than there are": patch(plain, END, 8, short(1) * 2),
        "other name in the directory": patch(plain, LINE, 46, b"zz", 0),
        "zip64 sizes": patch(plain, LINE, 20, word(0xFFFFFFFF) * 2),
        "zip64 locator to nowhere": plain[:end] + locator + patch(plain[end:], END, 16, word(0xFFFFFFFF)),
        "zip64 locator without need": plain[:end] + locator + plain[end:],
        "zip64 by force, in the header alone": large.getvalue(),
        "part of a set": patch(plain, END, 4, short(1)),
        "encrypted": patch(patch(plain, LINE, 8, short(1)), HEADER, 6, short(1)),
        "encrypted with AES": patch(patch(plain, LINE, 10, short(99)), HEADER, 8, short(99)),
        "packed with LZMA": pack([("ca.crt", pem)], zipfile.ZIP_LZMA),
        "packed with bzip2": pack([("ca.crt", pem)], zipfile.ZIP_BZIP2),
        "truncated by a byte": plain[:-1],
        "truncated to a half": plain[: len(plain) // 2],
        "truncated to its beginning": plain[:10],
        "prefix": b"#!/bin/sh\nexit 1\n" + plain,
        "suffix": plain + b"\n",
        "empty archive": pack([]),
    }


def nested(pem):
    inner = pack([("ca.crt", pem)])
    deep = inner
    for _ in range(30):
        deep = pack([("inner.zip", deep)])
    return {
        "zip in a zip": pack([("inner.zip", inner)]),
        "zip in a zip beside a CA": pack([("ca.crt", pem), ("x", inner)]),
        "zip 31 deep": deep,
        "gzip in a zip": pack([("ca.crt.gz", b"\x1f\x8b\x08" + bytes(20)), ("ca.crt", pem)]),
        "tar in a zip": pack([("ca.tar", bytes(257) + b"ustar" + bytes(300)), ("ca.crt", pem)]),
        "bare gzip": b"\x1f\x8b\x08" + bytes(20),
    }


def crowded(folder):
    """Certificates that parse, too many of them to be judged or installed."""
    many = namesakes(folder, 512)
    ends = b"-----END CERTIFICATE-----\n"
    some = b"".join(block + ends for block in many.split(ends)[-65:-1])
    return {
        "512 CAs of one name that one of them signed": pack([("ca.pem", many)]),
        "64 CAs of one name that one of them signed": pack([("ca.pem", some)]),
    }


def no_ca(pem, der):
    broken = pem.replace(b"MII", b"AII", 1)
    return {
        "empty": b"",
        "page of a proxy": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
        "XML of an object store": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
        "JSON of a gateway": b'{"error_code":"APIGW.0308","error_msg":"slow down"}',
        "page in a zip": pack([("ca.crt", b"<html></html>")]),
        "PEM cut off": pem[: len(pem) // 2],
        "PEM cut off in a zip": pack([("ca.crt", pem[: len(pem) // 2])]),
        "DER cut off": der[: len(der) // 2],
        "DER cut off in a zip": pack([("ca.der", der[: len(der) // 2])]),
        "DER with a flipped bit": der[:-1] + bytes([der[-1] ^ 1]),
        "PEM of something else": broken,
        "a good CA beside a broken one": pack([("a.crt", pem), ("b.crt", broken)]),
        "PKCS #12": b"\x30\x82\x01\x00\x02\x01\x03" + bytes(250),
        "10,000 PEM blocks": b"-----BEGIN CERTIFICATE-----\n" * 10_000,
        "DER of a length that lies": b"\x30\x84\xff\xff\xff\xff" + bytes(100),
        "DER of sequences in sequences": b"\x30\x80" * 100_000,
    }


def judge(binary, path):
    """Exit code, seconds, peak bytes, and what was said."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        child = subprocess.Popen(
            [binary, "inspect", "--format", "json", path], stdout=out, stderr=subprocess.DEVNULL
        )
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            seconds = time.monotonic() - began
            if pid:
                break
            if seconds > PATIENCE_SECONDS:
                os.kill(child.pid, 9)
            time.sleep(0.001)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read()
    try:
        found = json.loads(said)[0]
        words = found["error"] or "; ".join(found["findings"]) or "nothing wrong with it"
    except (ValueError, IndexError, KeyError):
        words = "said nothing that can be read"
    return child.returncode, seconds, usage.ru_maxrss * 1024, words


def write(folder):
    """Makes the corpus: a number a file, and a list of the names and exit codes that belong to them."""
    pem, der = authority(folder)
    taken = good(pem, der)
    refused = bombs(pem) | paths(pem) | lies(pem) | nested(pem) | no_ca(pem, der) | crowded(folder)
    for number, data in enumerate(list(taken.values()) + list(refused.values())):
        with open(os.path.join(folder, str(number)), "wb") as file:
            file.write(data)
    with open(os.path.join(folder, "list"), "w", encoding="utf-8") as file:
        json.dump([(name, 0) for name in taken] + [(name, 1) for name in refused], file)


def write_elsewhere(folder):
    """In a process of its own: Linux counts the memory of whoever starts a process as that process's."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            write(folder)
            status = 0
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        sys.exit("the corpus could not be made")
    with open(os.path.join(folder, "list"), encoding="utf-8") as file:
        return json.load(file)


def main():
    binary = sys.argv[1]
    folder = tempfile.mkdtemp(prefix="certrotd-archives-")
    passed = failed = 0
    try:
        for number, (name, wanted) in enumerate(write_elsewhere(folder)):
            code, seconds, memory, words = judge(binary, os.path.join(folder, str(number)))
            is_good = code == wanted and seconds < SECONDS_MAX and memory < MEMORY_BYTES_MAX
            passed, failed = passed + is_good, failed + (not is_good)
            cost = f"{seconds * 1000:5.0f} ms {memory / (1 << 20):5.1f} MiB"
            print(f"{'ok  ' if is_good else 'FAIL'} {cost}  {name}: {words[:110]}", flush=True)
    finally:
        shutil.rmtree(folder)
    if os.path.exists("/tmp/certrotd-was-here.pem"):
        print("FAIL a name was used as a path")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
