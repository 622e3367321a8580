"""Checks with curl, nghttp, h2load and wrk in front, and every backend behind."""
import hashlib
import json
import re
import signal
import socket
import subprocess
import time

from backends import BACKENDS, FILE_BYTES
from scene import equal, require

PROTOCOLS = {"HTTP/1.1": ("plain", "--http1.1", "1.1"), "HTTP/1.1 over TLS": ("tls", "--http1.1", "1.1"), "HTTP/2": ("tls", "--http2", "2")}
UPLOAD_BYTES = 5_000_000


class Traffic:
    def __init__(self, scene, ports, peers):
        self.scene, self.ports, self.peers = scene, ports, peers
        with open(scene.path("static/file"), "rb") as f:
            self.file_sum = hashlib.sha256(f.read()).hexdigest()
        scene.write("upload", bytes(range(256)) * (UPLOAD_BYTES // 256), "wb")
        with open(scene.path("upload"), "rb") as f:
            self.upload = f.read()
        self.upload_sum = hashlib.sha256(self.upload).hexdigest()

    def url(self, protocol, path):
        listener = PROTOCOLS[protocol][0]
        return f"{'https' if listener == 'tls' else 'http'}://127.0.0.1:{self.ports[listener]}{path}"

    def curl(self, protocol, path, *arguments, **options):
        return self.scene.run("curl", "-sS", "--cacert", "gateway.crt", PROTOCOLS[protocol][1], *arguments, self.url(protocol, path), **options)

    def metrics(self):
        return self.scene.run("curl", "-sS", f"http://127.0.0.1:{self.ports['admin']}/metrics")

    # One check for each backend, in all protocols of clients.
    def downloads(self, name):
        for protocol, (_, _, version) in PROTOCOLS.items():
            told = self.curl(protocol, f"/{name}/file", "-o", "got", "-w", "%{http_code} %{http_version} %{size_download}")
            equal(told, f"200 {version} {FILE_BYTES}", protocol)
            with open(self.scene.path("got"), "rb") as f:
                equal(hashlib.sha256(f.read()).hexdigest(), self.file_sum, f"{protocol}: what came")
            told = self.curl(protocol, f"/{name}/file", "-I", "-w", "|%{http_code} %{size_download}")
            require(told.endswith("|200 0"), f"{protocol}: HEAD was answered with {told[-200:]}")
            require(re.search(rf"(?im)^content-length: {FILE_BYTES}\r?$", told), f"{protocol}: HEAD without the length: {told[-400:]}")

    def uploads(self, name):
        for protocol in PROTOCOLS:
            media = ("-H", "Content-Type: application/octet-stream")
            for how in (("-T", "upload"), ("-X", "PUT", "-H", "Expect: 100-continue", "--data-binary", "@upload"), ("-X", "PUT", "-H", "Transfer-Encoding: chunked", "--data-binary", "@upload")):
                if how[0] == "-T" or protocol != "HTTP/2" or "chunked" not in str(how):
                    answer = json.loads(self.curl(protocol, f"/{name}/hash", *media, *how))
                    equal((answer["bytes"], answer["sha256"]), (len(self.upload), self.upload_sum), f"{protocol} {how[0]}: what the API got")

    def pieces(self, name):
        expected = "".join(f"piece {i}\n" for i in range(50))
        for protocol in PROTOCOLS:
            equal(self.curl(protocol, f"/{name}/pieces"), expected, f"{protocol}: a chunked answer")
        # As they come: the first is here long before the last one could be.
        began = time.monotonic()
        first = self.curl("HTTP/2", f"/{name}/endless", "-N", "--max-time", "1.2", ok=(28,))
        require("piece 0\npiece 1\n" in first and time.monotonic() - began < 5, f"pieces of a slow answer: {first!r}")

    # Checks that have one backend.
    def trailers(self):
        """To whoever asks for them, and to nobody else."""
        asked = ("-H", "TE: trailers", "-H", "Connection: TE")
        for name in ("node", "haproxy"):
            told = self.curl("HTTP/1.1", f"/{name}/trailers", "-i", "--raw", *asked)
            require(re.search(r"\n0\n(?i:x-sum): of all\n", told), f"HTTP/1.1, behind {name}: {told[-200:]!r}")
            told = self.curl("HTTP/1.1", f"/{name}/trailers", "-i", "--raw")
            require(told.endswith("\n0\n\n"), f"HTTP/1.1, not asked for, behind {name}: {told[-200:]!r}")
            told = self.scene.run("nghttp", "-v", "-H", "te: trailers", self.url("HTTP/2", f"/{name}/trailers"))
            require(re.search(r"recv \(stream_id=\d+\) x-sum: of all", told), f"HTTP/2, behind {name}: {told[-800:]}")
        with socket.create_connection(("127.0.0.1", self.ports["plain"]), 5) as client:
            client.sendall(b"PUT /node/hash HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n"
                           b"Trailer: X-Sum\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: three\r\n\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        require(b'"bytes":3' in answer and b'"trailer":""' in answer, f"trailers of an upload are dropped: {answer[-300:]!r}")

    def interim(self):
        """An API's 103 stays here: it would leave before the answer has been judged."""
        for name in ("node", "haproxy"):
            for protocol in PROTOCOLS:
                told = self.curl(protocol, f"/{name}/hints", "-i")
                require(re.match(r"HTTP/[12.]+ 200 ", told) and "preload" not in told and told.endswith("\n\nhinted"), f"{protocol}, behind {name}: {told[:300]}")

    def nghttp_streams(self):
        told = self.scene.run("nghttp", "-ns", "-m", "20", *[self.url("HTTP/2", f"/{name}/hello") for name in BACKENDS])
        equal(len(re.findall(r"(?m)^\s*\d+\s+\+\S+\s+\+\S+\s+\S+\s+200\s", told)), 20 * len(BACKENDS), f"answers with 200 in {told[-400:]}")

    def keep_alive(self):
        before = self.scene.read("nginx-access.log").count("\n")
        told = self.scene.run("wrk", "-t1", "-c8", "-d2s", self.url("HTTP/1.1", "/nginx/hello"))
        require("Non-2xx" not in told and "Socket errors" not in told, told)
        lines = self.scene.read("nginx-access.log").splitlines()[before:]
        connections = {line.split()[0] for line in lines}
        require(len(lines) > 500 and len(connections) <= 16, f"{len(lines)} requests came on {len(connections)} connections")

    def h2load(self, path, seconds=3):
        """Answers with 2xx of a steady load of HTTP/2; anything else fails."""
        return self.h2load_judged(self.scene.run("h2load", "-c4", "-m8", f"-D{seconds}", "--warm-up-time=0", self.url("HTTP/2", path)))

    @staticmethod
    def h2load_judged(told):
        found = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", told)
        require(found and int(found[1]) > 100 and found[2] == found[3] == found[4] == "0", f"h2load: {told[-500:]}")
        failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", told)
        equal(failed.groups(), ("0", "0", "0"), "failed, errored and late requests")
        return int(found[1])

    def loads(self):
        for name in ("haproxy-tls", "caddy-tls", "apache"):
            self.h2load(f"/{name}/hello", 1)

    def under_load(self, path, act):
        """wrk and h2load for three seconds, and `act` in the middle: no answer but 200."""
        commands = (["wrk", "-t1", "-c8", "-d3s", self.url("HTTP/1.1", path)], ["h2load", "-c4", "-m8", "-D3", "--warm-up-time=0", self.url("HTTP/2", path)])
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands]
        time.sleep(1)
        act()
        wrk, h2load = (process.communicate(timeout=20)[0] for process in running)
        require(re.search(r"\d+ requests in", wrk) and "Non-2xx" not in wrk and "Socket errors" not in wrk, f"wrk: {wrk}")
        self.h2load_judged(h2load)

    def upstream_reload(self):
        self.under_load("/nginx/hello", lambda: self.peers["nginx"].send_signal(signal.SIGHUP))

    def gateway_reload(self, gateway):
        self.under_load("/nginx/hello", lambda: gateway.send_signal(signal.SIGHUP))

    def upstream_kill(self):
        self.under_load("/pair/hello", self.peers["first"].kill)
        ejections = re.search(r'caponier_upstream_ejections_total{upstream="pair"} (\d+)', self.metrics())
        require(ejections and int(ejections[1]) >= 1, "the dead endpoint was not left alone")

    def kill_in_an_answer(self):
        """What was cut must not look whole."""
        arguments = ("curl", "-sS", "-N", "--cacert", "gateway.crt", "-w", "%{http_code}")
        running = [subprocess.Popen([*arguments, flag, self.url(protocol, "/apache/endless")], cwd=self.scene.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for protocol, (_, flag, _) in PROTOCOLS.items()]
        time.sleep(1)
        self.scene.end(self.peers["apache"], signal.SIGTERM)
        for protocol, process in zip(PROTOCOLS, running):
            out, error = process.communicate(timeout=10)
            require(process.returncode in (18, 56, 92) and b"piece 0" in out, f"{protocol}: ended with {process.returncode}: {out[-100:]!r} {error!r}")
        told = self.curl("HTTP/1.1", "/apache/hello", "-o", "got", "-w", "%{http_code}")
        equal(told, "502", "a dead upstream")
