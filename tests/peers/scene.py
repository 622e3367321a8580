"""What the checks stand on: a scratch folder, ports that the kernel chose, processes that are ended by their ids."""
import os
import re
import signal
import socket
import subprocess
import time

START_S = 20  # for a peer to listen


class Failed(Exception):
    """A check that did not hold: what was expected, and what came."""


def require(holds, what):
    if not holds:
        raise Failed(what)


def equal(found, expected, what):
    require(found == expected, f"{what}: {found!r}, not {expected!r}")


class Scene:
    def __init__(self, folder, binary):
        self.folder = folder
        self.binary = binary
        self.processes = []
        self._held = []

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text, mode="w"):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), mode) as f:
            f.write(text)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def port(self):
        """A free one. All are asked for before any peer starts, so that none is given twice."""
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self._held.append(held)
        return held.getsockname()[1]

    def release_ports(self):
        while self._held:
            self._held.pop().close()

    def start(self, name, command, **options):
        """In the foreground of its own, with its output in a file."""
        with open(self.path(f"{name}.log"), "ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        process.peer_name = name
        self.processes.append(process)
        return process

    def await_port(self, process, port):
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            if process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed(f"{process.peer_name} does not listen: {self.read(process.peer_name + '.log')[-1500:]}")

    def start_gateway(self, name="caponier", config="caponier.yaml"):
        gateway = self.start(name, [self.binary, "run", "--config", config])
        until = time.monotonic() + START_S
        while gateway.poll() is None and time.monotonic() < until:
            if "\nready " in "\n" + self.read(f"{name}.log"):
                return gateway
            time.sleep(0.02)
        raise Failed(f"caponier did not start: {self.read(name + '.log')[-1500:]}")

    def run(self, *command, seconds=30, ok=(0,), **options):
        """The standard output of a client; another end than those of `ok` is a failure."""
        try:
            done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, errors="replace", timeout=seconds, **options)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command[0]} was not done within {seconds} s") from None
        require(ok is None or done.returncode in ok, f"{' '.join(command)[:300]} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
        return done.stdout

    def certificate(self, name):
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{name}.key", "-out", f"{name}.crt")
        self.write(f"{name}.pem", self.read(f"{name}.crt") + self.read(f"{name}.key"))

    def end(self, process, how=signal.SIGTERM, seconds=10):
        if process.poll() is None:
            process.send_signal(how)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"{process.peer_name} did not end within {seconds} s") from None

    def end_all(self):
        for process in reversed(self.processes):
            try:
                self.end(process)
            except Failed:
                pass  # it is dead now; a check that cares has looked already


def metric(text, name):
    """The sum of a metric's series."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", text, re.M))
