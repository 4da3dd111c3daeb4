"""Every pair read, parsed and validated for the first time."""

import shutil

from settled import bare
from stage import middle, run

RUNS, RUNS_QUICK = 5, 3
# The loops in a shell take a while: so many pairs stand for all, and their time is multiplied.
OPENSSL_PAIRS, CHECKER_PAIRS = 200, 40
OPENSSL = """for d in {directory}/*/; do
    x=$(openssl x509 -in "$d/fullchain.pem" -noout -checkend 0 -pubkey) || exit 1
    k=$(openssl pkey -in "$d/privkey.pem" -pubout) || exit 1
    [ "${{x%-----END PUBLIC KEY-----*}}" ] && [ "$k" ] || exit 1
done"""
CHECKER = 'for d in {directory}/*/; do ssl-cert-check -b -c "$d/fullchain.pem"; done'


def read(stage, report):
    """`certrotd check` does this, prints a line for each, and does no more: no state, no cloud."""
    count = stage.options.pairs
    pairs = stage.pairs(count)
    room = stage.room(pairs, count, holds=False)
    checks, prices = [], []
    try:
        for _ in range(RUNS_QUICK if stage.options.quick else RUNS):
            prices.append(bare(stage, room, "price", pairs, count))
            checks.append(room.certrotd("check"))
        if any(ran.code for ran in checks):
            raise RuntimeError(f"check ended with {checks[-1].code}: {checks[-1].output[:2000]}")
        check, price = middle([ran.seconds for ran in checks]), middle([ran.seconds for ran in prices])
        what = f"{count:,} pairs read, parsed and validated (check)"
        report.figure("2", f"{what} against read + SHA-256 + public key", check / price, "×", 1.5)
        used, bare_used = middle([ran.cpu for ran in checks]), middle([ran.cpu for ran in prices])
        report.figure("2", "the same in time of the processors", used / bare_used, "×")
        report.say(f"check {check:.2f} s ({used:.2f} s of the processors), bare {price:.2f} s on one thread, "
                   f"at most {middle([ran.peak_kib for ran in checks]) / 1024:.0f} MiB")
        loop = shell(room, stage, OPENSSL, OPENSSL_PAIRS, count)
        report.figure("2", "an openssl x509 + openssl pkey loop against check", loop / check, "×", 20, at_least=True)
        report.say(f"the loop: {loop:.0f} s, {OPENSSL_PAIRS} pairs measured and multiplied")
        if shutil.which("ssl-cert-check"):
            loop = shell(room, stage, CHECKER, CHECKER_PAIRS, count)
            report.figure("2", "ssl-cert-check for each, which reads no key, against check", loop / check, "×")
            report.say(f"ssl-cert-check: {loop:.0f} s, {CHECKER_PAIRS} certificates measured and multiplied")
        else:
            report.say("there is no ssl-cert-check here")
    finally:
        room.close()


def shell(room, stage, loop, sample, count):
    """What the loop would take for all."""
    sample = min(sample, count)
    ran = run(["bash", "-c", loop.format(directory=stage.pairs(sample))], room.root, "loop")
    if ran.code:
        raise RuntimeError(f"the loop ended with {ran.code}: {(room.root / 'loop.err').read_text()[-2000:]}")
    return ran.seconds / sample * count
