"""What promtool says of the alert rules, and of the page of metrics that the real daemon shows.

`tests/alerts/run` unpacks and builds what this needs. The last line is `N passed, M failed`.
"""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

from host import end, eventually, scratch_directory
from house import House
from tally import check, tell

# What a cycle needs against the simulated cloud, several times over.
CYCLE_SECONDS = 60
# A file that is renamed into its place is looked for that long.
FILE_SECONDS = 30


def promtool(*words, given=None):
    """What it says of something, and whether it finds it good."""
    done = subprocess.run(["promtool", *words], input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    return done.returncode == 0, done.stdout.strip()


def rules(repository, scratch):
    """The rules parse, hold to their tests, and are all needed for that."""
    alerts, tests = repository / "docs" / "alerts.yml", repository / "tests" / "alerts" / "rules_test.yml"
    check("promtool check rules", *promtool("check", "rules", alerts))
    check("promtool test rules", *promtool("test", "rules", tests))
    # The tests beside another file of rules.
    lesser = scratch / "alerts.yml"
    (scratch / "rules_test.yml").write_text(re.sub(r"^rule_files: .*$", "rule_files: [alerts.yml]",
                                                   tests.read_text(), flags=re.MULTILINE))
    text = alerts.read_text()
    lesser.write_text(text)
    check("the tests hold for a copy", *promtool("test", "rules", scratch / "rules_test.yml"))
    for rule in re.finditer(r"^      - alert: (\w+)\n(?:       .*\n|\n)+", text, flags=re.MULTILINE):
        # A group has to have a rule; this one never fires.
        lesser.write_text(text.replace(rule[0], f"      - alert: {rule[1]}\n        expr: vector(1) < 0\n"))
        held, said = promtool("test", "rules", scratch / "rules_test.yml")
        check(f"{rule[1]} is missed by its test when it is taken out", not held and "FAILED" in said, said)


def pages(programs, binary, scratch):
    """What the daemon shows is what Prometheus reads, without a word of complaint."""
    house = House(programs, binary, scratch / "house")
    house.renew(["www", "api", "static"])
    config = house.root / "certrotd.toml"
    config.write_text('[metrics]\nlisten = "127.0.0.1:0"\ntextfile = "certrotd.prom"\n' + config.read_text())
    daemon, textfile = house.begin("run"), house.root / "certrotd.prom"
    page = eventually("a cycle", CYCLE_SECONDS, lambda: settled(house))
    check("the page of the socket has calls and their time",
          all(f"\n{part}" in page for part in ('certrotd_api_calls_total{service="scm",code="200"} ',
                                               'certrotd_api_call_duration_seconds_bucket{service="elb",le="+Inf"} ')), page)
    held, said = promtool("check", "metrics", given=page)
    check("promtool check metrics, of the page of the socket", held and not said, said)
    eventually("the file", FILE_SECONDS, textfile.exists)
    end(daemon)
    written = textfile.read_text()
    held, said = promtool("check", "metrics", given=written)
    check("promtool check metrics, of the page in the file", held and not said, said)
    check("both pages have the same families", families(written) == families(page), written)
    _, said = promtool("check", "metrics", given=re.sub("# HELP certrotd_stuck .*\n", "", page))
    check("promtool complains of a page where one is not explained", said, page)
    house.close()


def settled(house):
    """The page, once a cycle has come to rest."""
    lines = (house.root / "log").read_text().splitlines()
    said = [json.loads(line) for line in lines if '"metrics.listening"' in line and line.endswith("}")]
    if not said:
        return None
    with urllib.request.urlopen(f"http://{said[0]['address']}/metrics", timeout=10) as reply:
        page = reply.read().decode()
    return None if "\ncertrotd_cycles_total 0\n" in page else page


def families(page):
    return [line for line in page.splitlines() if line.startswith("# ")]


def main():
    programs, binary, repository = (Path(word).resolve() for word in sys.argv[1:4])
    scratch = scratch_directory("alerts")

    def story():
        rules(repository, scratch)
        pages(programs, binary, scratch)

    return tell(story, scratch)


if __name__ == "__main__":
    sys.exit(main())
