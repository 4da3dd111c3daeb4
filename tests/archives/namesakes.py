"""CAs of one name, which cost their reader a check of a signature for each pair of them."""

import os
import subprocess


def namesakes(folder, count):
    """So many CAs of one name, each signed by the last one's key: who signed which takes a check for each
    pair to find out. All have one key, and differ by serial number, extension and signature."""
    path = {name: os.path.join(folder, name) for name in ("last", "key", "pem", "one")}
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/CN=same"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-keyout", path["last"], "-out", path["pem"]], **quiet
    )
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]
        + ["-out", path["key"]],
        **quiet,
    )
    text = b""
    for _ in range(count - 1):
        subprocess.run(
            ["openssl", "req", "-x509", "-new", "-key", path["key"], "-subj", "/CN=same"]
            + ["-CA", path["pem"], "-CAkey", path["last"], "-out", path["one"]],
            **quiet,
        )
        with open(path["one"], "rb") as one:
            text += one.read()
    with open(path["pem"], "rb") as last:
        text += last.read()
    for name in path.values():
        os.remove(name)
    return text
