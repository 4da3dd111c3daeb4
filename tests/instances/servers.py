"""Redis, PostgreSQL and MariaDB as Debian has them, each in a directory of its own and under a user
without rights, on loopback ports; and the certificates that they present."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import time

from host import end, free_port, leaf_of, start

# A database is up within this; a busy machine takes its time.
START_SECONDS = 90
STOP_SECONDS = 30
# Whom the servers run as where this runs as root: PostgreSQL refuses to be root, and the others ask why.
NOBODY = pwd.getpwnam("nobody")


def as_nobody():
    """How a process is started as somebody without rights."""
    if os.getuid() != 0:
        return {}
    return {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []}


def give(path):
    """Makes this and what is in it theirs."""
    if os.getuid() == 0:
        for one in [path, *path.rglob("*")]:
            os.chown(one, NOBODY.pw_uid, NOBODY.pw_gid)


def run(*words, **how):
    done = subprocess.run([str(word) for word in words], capture_output=True, timeout=START_SECONDS, **how)
    if done.returncode:
        raise RuntimeError(f"{words[0]}: {(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")
    return done.stdout.decode()


class Authority:
    """A root of its own; its leaves come without a name that anybody asks for."""

    def __init__(self, scratch, name):
        self.home = scratch / f"ca-{name}"
        self.home.mkdir()
        self.name, self.certificate, self.key = name, self.home / "ca.pem", self.home / "ca.key"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name} root",
            "-days", "30", "-keyout", self.key, "-out", self.certificate)

    def issue(self, home):
        """Certificate and key of an instance, in this directory."""
        certificate, key, request = home / "server.pem", home / "server.key", home / "server.csr"
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={home.name}",
            "-keyout", key, "-out", request)
        extensions = home / "server.ext"
        extensions.write_text("basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
        run("openssl", "x509", "-req", "-in", request, "-days", "20", "-CA", self.certificate, "-CAkey", self.key,
            "-CAcreateserial", "-extfile", extensions, "-out", certificate)
        key.chmod(0o600)
        return certificate, key


class Server:
    """A running server. `command` is what starts it once its directory is ready."""

    def __init__(self, scratch, name, authority):
        self.home = scratch / name
        self.home.mkdir()
        self.name, self.port, self.process = name, free_port(), None
        self.log = self.home / "server.log"
        self.authority = authority.certificate
        self.certificate, self.key = authority.issue(self.home)
        shutil.copy(authority.certificate, self.home / "ca.pem")
        self.prepare()

    def prepare(self):
        give(self.home)

    def command(self):
        raise NotImplementedError

    def address(self):
        return f"127.0.0.1:{self.port}"

    def fingerprint(self):
        return leaf_of(self.certificate.read_bytes())[1]

    def start(self):
        """Starts it, and waits until it lets somebody connect."""
        self.process = start("server", self.command(), self.home, **as_nobody())
        latest = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > latest:
                    said = self.log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"{self.name} does not start: {said}") from None
                time.sleep(0.1)

    def stop(self):
        if self.process:
            end(self.process, STOP_SECONDS)


class Redis(Server):
    """`more` are further words of its command line."""

    def __init__(self, scratch, name, authority, *more):
        self.more = more
        super().__init__(scratch, name, authority)

    def command(self):
        return ["redis-server", "--bind", "127.0.0.1", "--port", "0", "--tls-port", self.port, "--save", "",
                "--tls-cert-file", self.certificate, "--tls-key-file", self.key,
                "--tls-ca-cert-file", self.home / "ca.pem", *self.more]


class Postgres(Server):
    def __init__(self, scratch, name, authority, tls=True):
        self.tls = tls
        super().__init__(scratch, name, authority)

    def program(self, name):
        return sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))[-1]

    def prepare(self):
        super().prepare()
        run(self.program("initdb"), "--pgdata", self.home / "data", "--auth", "trust", "--no-sync",
            "--locale", "C", "--encoding", "UTF8", "--username", "postgres", cwd=self.home, **as_nobody())

    def command(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.home,
                    "ssl": "on" if self.tls else "off", "fsync": "off"}
        if self.tls:
            settings |= {"ssl_cert_file": self.certificate, "ssl_key_file": self.key}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", self.home / "data", *words]


class Mariadb(Server):
    def __init__(self, scratch, name, authority, *more, tls=True):
        self.tls, self.more = tls, more
        super().__init__(scratch, name, authority)

    def prepare(self):
        super().prepare()
        run("mariadb-install-db", "--no-defaults", f"--datadir={self.home / 'data'}", "--skip-test-db",
            "--auth-root-authentication-method=normal", cwd=self.home, **as_nobody())

    def command(self):
        tls = [f"--ssl-cert={self.certificate}", f"--ssl-key={self.key}", f"--ssl-ca={self.home / 'ca.pem'}"]
        return ["/usr/sbin/mariadbd", "--no-defaults", f"--datadir={self.home / 'data'}",
                "--bind-address=127.0.0.1", f"--port={self.port}", f"--socket={self.home / 'socket'}",
                f"--pid-file={self.home / 'pid'}", *(tls if self.tls else ["--skip-ssl"]), *self.more]

    def asked(self, sql):
        """What the server answers to its own root, over its socket."""
        return run("mariadb", "--no-defaults", f"--socket={self.home / 'socket'}", "--user=root", "--batch",
                   "--skip-column-names", f"--execute={sql}")
