"""CA files: installed, given to their owner, and the two documented ways to tell the service that uses one."""

import hashlib
import shutil

from host import eventually
from installed import ORDERS_CA, ORDERS_SERVICE, OWNED_CA, STEP_SECONDS, UNIT
from service import EXPOSURE_WITH_CHOWN_MAX, judged
from tally import check

EXAMPLES = "/src/systemd/examples"
# CAP_DAC_READ_SEARCH, by its number in capability.h.
READ_CAPABILITY = 1 << 2


def prepare(machine, here):
    """The service that uses a CA file, its user, the hook that looks around, and things it must not reach."""
    machine.path("/etc/systemd/system/orders.service").write_text(ORDERS_SERVICE)
    machine.path("/usr/lib/sysusers.d/orders.conf").write_text("u orders - \"A client\"\n")
    machine.run("systemd-sysusers")
    hook = machine.path("/usr/local/libexec/inside")
    hook.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(here / "inside.sh", hook)
    hook.chmod(0o755)
    machine.shell("mkdir -p /etc/ssh; touch /etc/ssh/ssh_host_ed25519_key; cd /root; touch secret; cd /home; touch secret")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "orders.service")


def installed_files(machine, installed):
    """Files of the first cycle: what needs no privilege is there, what does is held with a sentence."""
    eventually("the first CA file is installed", STEP_SECONDS,
               lambda: installed.lines("ca.installed", instance="orders-redis"))
    found = machine.shell(f"stat -c '%a %U %G' {ORDERS_CA}; stat -c '%a %U' /var/lib/certrotd/ca")
    check("a CA file has the mode and the owner of the manual", found == "644 certrotd certrotd\n755 certrotd", found)
    read = machine.run("setpriv", "--reuid=orders", "--regid=orders", "--clear-groups", "cat", ORDERS_CA, check=False)
    check("another user can read it", "BEGIN CERTIFICATE" in read.stdout, read.stderr)
    held = eventually("the file with an owner waits", STEP_SECONDS,
                      lambda: installed.lines("step.failed", instance="owned")
                      + installed.lines("step.held", instance="owned"))
    print(f"       said: {held[-1]['MESSAGE']}")
    check("a file with another owner is not installed without the drop-in, and the log says why",
          not machine.path(OWNED_CA).exists() and "owned" in held[-1]["MESSAGE"], held)


def reloads(machine):
    """The hashes that the client has written down, each when it was told to reload."""
    text = machine.shell("cat /run/orders/reloaded 2>/dev/null || true")
    return [line.split()[0] for line in text.splitlines()]


def sha256(machine, path):
    return hashlib.sha256(machine.path(path).read_bytes()).hexdigest()


def changed(installed, what, run=lambda: None):
    """The instance publishes another CA and the daemon looks again; waits for the new file."""

    def publish():
        installed.publish(installed.cloud.facts["dcs_pem"])
        run()
        installed.machine.run("systemctl", "reload", UNIT)
    return installed.another(what, "ca.installed", publish, instance="orders-redis")


def by_path_unit(machine, installed):
    """The way that needs no right: the shipped .path and .service, installed as they are."""
    for name in ("orders-ca.path", "orders-ca.service"):
        shutil.copy(machine.path(f"{EXAMPLES}/{name}"), machine.path(f"/etc/systemd/system/{name}"))
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", "orders-ca.path")
    changed(installed, "a CA file for the .path unit")
    eventually("the client was reloaded", STEP_SECONDS, lambda: reloads(machine))
    # A reload too many would come at once.
    machine.run("sleep", "2")
    found = reloads(machine)
    check("orders-ca.path: the client was reloaded once, and read the new file as its own user",
          found == [sha256(machine, ORDERS_CA)], found)
    machine.run("systemctl", "disable", "--now", "orders-ca.path")


def by_hook(machine, installed):
    """`on_change` with systemctl: refused by polkit as long as nobody allows it, done with the shipped rule."""
    before = machine.show("orders.service", "MainPID")
    installed.on_change = True
    installed.configure()
    failed = installed.another("systemctl is refused", "step.failed",
                               lambda: changed(installed, "a CA file for the hook"), instance="orders-redis")
    said = [line["MESSAGE"] for line in installed.lines("hook.output", instance="orders-redis")]
    print("       said:", *said, failed[0]["MESSAGE"], sep="\n             ")
    check("without a rule the hook fails, and the log has systemctl's own words",
          any("orders.service" in line and "authentication" in line or "denied" in line for line in said)
          and machine.show("orders.service", "MainPID") == before, said)

    def allowed():
        rules = machine.path("/etc/polkit-1/rules.d/50-certrotd.rules")
        shutil.copy(machine.path(f"{EXAMPLES}/50-certrotd.rules"), rules)
        rules.chmod(0o644)
        machine.run("/usr/bin/certrotd", "apply", "--retry", "orders-redis")

    finished = installed.another("the hook runs", "hook.finished", allowed, instance="orders-redis")
    found = reloads(machine)
    check("50-certrotd.rules: after apply --retry the hook ends well and the client was reloaded",
          bool(finished) and found[-1] == sha256(machine, ORDERS_CA), found)
    # A client that cannot reload is restarted by the same words.
    machine.path("/etc/systemd/system/orders.service").write_text(
        "\n".join(line for line in ORDERS_SERVICE.splitlines() if not line.startswith("ExecReload")) + "\n")
    machine.run("systemctl", "daemon-reload")
    installed.another("the hook runs again", "hook.finished",
                      lambda: changed(installed, "another CA file for the hook"), instance="orders-redis")
    after = machine.show("orders.service", "MainPID")
    check("a client that cannot reload was restarted", after not in ("0", before), (before, after))
    denied = machine.run("setpriv", "--reuid=certrotd", "--regid=certrotd", "--clear-groups", "systemctl",
                         "try-reload-or-restart", "dbus.service", check=False)
    check("the rule lets the user touch no other unit", denied.returncode != 0, denied.stdout)
    denied = machine.run("setpriv", "--reuid=certrotd", "--regid=certrotd", "--clear-groups", "systemctl",
                         "stop", "orders.service", check=False)
    check("and stop not even that one", denied.returncode != 0 and machine.show("orders.service", "MainPID") == after,
          denied.stdout)


def given_away(machine, installed):
    """`owner` with the shipped drop-in."""
    drop_in = machine.path(f"/etc/systemd/system/{UNIT}.d")
    drop_in.mkdir(exist_ok=True)
    shutil.copy(machine.path("/src/systemd/certrotd.service.d/ca-owner.conf.example"), drop_in / "ca-owner.conf")
    machine.run("systemctl", "daemon-reload")
    lines = installed.another("the file with an owner is installed", "ca.installed", lambda: (
        machine.run("systemctl", "restart", UNIT),
        machine.run("/usr/bin/certrotd", "apply", "--retry", "owned")), instance="owned")
    found = machine.shell(f"stat -c '%a %U %G' {OWNED_CA}")
    check("ca-owner: the file belongs to whom the entry names", bool(lines) and found == "640 orders orders", found)
    installed.publish(installed.cloud.facts["rds"])
    installed.another("it is replaced", "ca.installed", lambda: machine.run("systemctl", "reload", UNIT),
                      instance="owned")
    found = machine.shell(f"stat -c '%a %U %G' {OWNED_CA}; grep -c BEGIN {OWNED_CA}")
    check("ca-owner: and so does the one that replaced it", found == "640 orders orders\n2", found)
    machine.shell(f"chown root {OWNED_CA}")
    eventually("the owner is put right", STEP_SECONDS, lambda: (
        machine.run("systemctl", "reload", UNIT),
        machine.shell(f"stat -c %U {OWNED_CA}") == "orders")[1])
    check("ca-owner: a hand's chown is put right", True)
    judged(machine, UNIT, "ca-owner", EXPOSURE_WITH_CHOWN_MAX)
    # The way that its comments give for a group alone.
    lines = (drop_in / "ca-owner.conf").read_text().replace("#SupplementaryGroups=redis", "SupplementaryGroups=orders")
    kept = [line for line in lines.splitlines() if "Capabilit" not in line or line.startswith("#")]
    (drop_in / "ca-owner.conf").write_text("\n".join(kept) + "\n")
    machine.shell(f"rm {OWNED_CA} {OWNED_CA}.previous")
    installed.owner = False
    installed.configure()
    machine.run("systemctl", "daemon-reload")
    installed.another("the file with a group is installed", "ca.installed",
                      lambda: machine.run("systemctl", "restart", UNIT), instance="owned")
    found = machine.shell(f"stat -c '%a %U %G' {OWNED_CA}")
    check("ca-owner: a group that the daemon is in needs the group and the calls, and no capability",
          found == "640 certrotd orders", found)
    (drop_in / "ca-owner.conf").unlink()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", UNIT)


def from_inside(installed):
    """What the hook of the entry `inside` found out, as a child of the daemon."""
    eventually("the hook has looked around", STEP_SECONDS, lambda: installed.lines("hook.finished", instance="inside"))
    lines = [line["MESSAGE"] for line in installed.lines("hook.output", instance="inside")]
    told = {}
    for line in lines:
        word, _, answer = line.rpartition("inside")[2].lstrip(": ").partition(": ")
        told[word] = answer.strip()
    wanted = {
        "user": "certrotd", "shadow": "0", "ssh-keys": "0", "home": "0", "writable": "/tmp /var/tmp",
        "processes": "0", "core": "0", "write-etc": "refused", "write-key": "refused", "write-kernel": "refused",
        "mount": "refused", "namespace": "refused", "set-uid": "refused", "give-away": "refused",
    }
    sentences = {
        "user": "runs as certrotd", "shadow": "reads nothing of /etc/shadow, capability or not",
        "ssh-keys": "sees no host key", "home": "sees nothing of /root and /home",
        "writable": "can write the state directory, its own /tmp and /var/tmp, and no file or directory else",
        "processes": "sees no process but the service's", "core": "may dump no core",
        "write-etc": "cannot write its configuration", "write-key": "cannot write a private key, which it can read",
        "write-kernel": "cannot set the kernel's variables", "mount": "cannot mount",
        "namespace": "cannot make a namespace", "set-uid": "cannot make a set-user-id program",
        "give-away": "cannot give a file away",
    }
    for word, answer in wanted.items():
        check(f"from inside the sandbox a hook {sentences[word]}", told.get(word) == answer, told.get(word, lines))
    check("from inside the sandbox a hook reads root's key by the capability",
          told.get("certificate-key") == "-----BEGIN", told)
    status = dict(pair.split(": ") for pair in told.get("status", "").replace(" CapBnd", "\nCapBnd")
                  .replace(" NoNew", "\nNoNew").replace(" Seccomp", "\nSeccomp").split("\n") if ": " in pair)
    check("it has that one capability, no new privileges and a filter of system calls",
          (int(status.get("CapEff", "0"), 16), int(status.get("CapBnd", "0"), 16), status.get("NoNewPrivs"),
           status.get("Seccomp")) == (READ_CAPABILITY, READ_CAPABILITY, "1", "2"), status)
    disks = [name for name in told.get("devices", "").split() if name.startswith(("sd", "vd", "nvme", "loop", "kmsg"))]
    check("it sees no disk and no kernel log", "null" in told.get("devices", "") and not disks, told.get("devices"))
    names = {name for name in told.get("environment", "").split() if not name.startswith("CERTROTD_")}
    check("its environment has nothing that the manual does not list", names <= {"PATH", "PWD", "SHLVL", "_"}, names)
