"""The story: three servers with TLS, each judged with its own CA, with another, and when it is gone.

`tests/instances/run` installs and builds what this needs. The last line is `N passed, M failed`.
"""

import socket
import subprocess
import sys

from host import scratch_directory
from servers import Authority, Mariadb, Postgres, Redis
from tally import check, tell

# Longer than all the waits of a probe together.
PROBE_SECONDS = 60


class Prober:
    """The probe, as a program."""

    def __init__(self, program):
        self.program = program

    def say(self, *words):
        """Its exit code and its line."""
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=PROBE_SECONDS)
        return done.returncode, done.stdout.strip() + done.stderr.strip()

    def verifies(self, what, protocol, server, authority):
        code, line = self.say(protocol, server.address(), authority)
        words = line.split()
        fits = code == 0 and words[:2] == ["verified", server.fingerprint()] and len(words) == 3
        check(f"{what} verifies with its CA", fits, line)

    def refuses(self, what, protocol, server, authority, *told):
        code, line = self.say(protocol, server.address(), authority)
        fits = code == 1 and line.startswith("refused ") and all(words in line for words in told)
        check(f"{what}", fits, line)
        print(f"       said: {line}")

    def reaches_not(self, what, protocol, server, authority):
        code, line = self.say(protocol, server.address(), authority)
        check(f"{what} cannot be reached", code == 1 and line.startswith("unreachable "), line)

    def greeting(self, what, server, wanted):
        code, line = self.say("greeting", server.address())
        check(f"{what}", (code, line) == (0, wanted), line)


def judged(probe, what, protocol, server, ours, other):
    """What every server has to go through; it is stopped in the end."""
    probe.verifies(what, protocol, server, ours.certificate)
    probe.refuses(f"{what} is refused with another CA", protocol, server, other.certificate,
                  f"issued by CN={ours.name} root", f"CN={other.name} root")
    server.stop()
    probe.reaches_not(f"{what}, stopped,", protocol, server, ours.certificate)


def redis(probe, scratch, ours, other):
    for number, (what, more) in enumerate({
        "redis": ["--tls-auth-clients", "no"],
        "redis that demands a certificate of its clients": ["--tls-auth-clients", "yes"],
        "redis with TLS 1.3 alone": ["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.3"],
        "redis with TLS 1.2 alone": ["--tls-auth-clients", "yes", "--tls-protocols", "TLSv1.2"],
    }.items()):
        server = Redis(scratch, f"redis-{number}", ours, *more).start()
        judged(probe, what, "tls", server, ours, other)


def postgres(probe, scratch, ours, other):
    server = Postgres(scratch, "postgres", ours).start()
    judged(probe, "postgres", "postgres", server, ours, other)
    log = server.log.read_text()
    complaints = [line for line in log.splitlines() if any(word in line for word in ("ERROR", "FATAL", "incomplete"))]
    check("postgres has nothing to complain about in its log", not complaints, complaints)
    plain = Postgres(scratch, "postgres-plain", ours, tls=False).start()
    probe.refuses("postgres without SSL is refused, and why", "postgres", plain, ours.certificate,
                  "does not offer SSL")
    probe.reaches_not("postgres, asked as a TLS server, hangs up and", "tls", plain, ours.certificate)
    plain.stop()


def mariadb(probe, scratch, ours, other):
    server = Mariadb(scratch, "mariadb", ours).start()
    probe.greeting("mariadb's greeting says that SSL is on", server, "ssl on")
    probe.refuses("mariadb is no PostgreSQL server, and told so", "postgres", server, ours.certificate,
                  "no PostgreSQL server")
    judged(probe, "mariadb", "mysql", server, ours, other)
    plain = Mariadb(scratch, "mariadb-plain", ours, "--skip-name-resolve", tls=False).start()
    probe.greeting("mariadb's greeting without TLS says that SSL is off", plain, "ssl off")
    probe.refuses("mariadb without SSL is refused, and why", "mysql", plain, ours.certificate, "does not offer SSL")
    full(probe, plain, ours)
    turned_away(probe, plain)
    plain.stop()


def full(probe, server, ours):
    """A server that greets with an error is told in its own words."""
    server.asked("SET GLOBAL max_connections = 10")
    busy = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(11)]
    for connection in busy:
        connection.recv(1)
    code, line = probe.say("mysql", server.address(), ours.certificate)
    check("mariadb whose connections are all in use says so itself",
          code == 1 and line.startswith("unreachable ") and "1040 Too many connections" in line, line)
    print(f"       said: {line}")
    for connection in busy:
        connection.close()


def turned_away(probe, server):
    """Nobody is known at any host but by name, and this server looks no name up."""
    server.asked("DELETE FROM mysql.global_priv WHERE Host <> 'localhost'; FLUSH PRIVILEGES")
    code, line = probe.say("greeting", server.address())
    check("mariadb that does not let this host in says so itself",
          code == 1 and line.startswith("unreachable ") and "1130 Host '127.0.0.1' is not allowed" in line, line)
    print(f"       said: {line}")


def story(probe, scratch):
    ours, other = Authority(scratch, "ours"), Authority(scratch, "other")
    for servers in (redis, postgres, mariadb):
        servers(probe, scratch, ours, other)


def main():
    scratch = scratch_directory("instances")
    # The servers' user has to find its way in.
    scratch.chmod(0o755)
    return tell(lambda: story(Prober(sys.argv[1]), scratch), scratch)


if __name__ == "__main__":
    sys.exit(main())
