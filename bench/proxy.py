#!/usr/bin/env python3
"""What a load of small requests does not show, beside nginx and haproxy: handshakes, large bodies, idle
connections, latency below saturation, a second worker.

  proxy.py --run DIR [handshake] [resume] [download] [upload] [idle] [latency] [workers] [--rounds N]   (default: all)

As in pair.py: engines in turn within a round, ratios to nginx within the round, medians over the rounds; CPU of
the process tree. Everything on one CPU unless said otherwise. Loopback only; every load stops by itself.
"""
import argparse, os, re, resource, signal, socket, ssl, statistics as st, subprocess, sys, time

import pair

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.join(os.path.dirname(HERE), "build/release/caponier")
HANDSHAKES = 300
IDLE = 9_500  # what 20,000 descriptors allow to a proxy that reserves two for each
BYTES = 1 << 30


def sink():
    """Reads whatever is uploaded to its end and answers 204, in a process of its own."""
    listening = socket.create_server(("127.0.0.1", 9001))
    child = os.fork()
    if child:
        listening.close()
        return child
    room = bytearray(1 << 20)
    while True:
        stream, _ = listening.accept()
        size = stream.recv_into(room)
        head, rest = bytes(room[:size]).split(b"\r\n\r\n", 1)
        length = re.search(rb"(?i)content-length: (\d+)", head)
        left, tail = int(length[1]) - len(rest) if length else -1, b""
        while left > 0 or (left < 0 and not tail.endswith(b"0\r\n\r\n")):
            size = stream.recv_into(room)
            if size == 0:
                break
            left -= size if left > 0 else 0
            tail = (tail + bytes(room[max(0, size - 8):size]))[-8:]
        stream.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        stream.close()


class Engine:
    def __init__(self, run, name, command, plain, tls, cpus={0}):
        self.name, self.plain, self.tls = name, plain, tls
        self.process = pair.start(command.replace("@RUN@", run), cpus, open(f"{run}/logs/proxy.log", "a"))
        pair.wait_port(plain, self.process, name)

    def cpu(self):
        return pair.cpu(self.process.pid)[0]

    def peak_mb(self):
        return sum(int(re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{p}/status").read())[1]) for p in pair.tree(self.process.pid)) / 1024

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def engines(run):
    return [Engine(run, "nginx", "/usr/sbin/nginx -p @RUN@ -c @RUN@/nginx.conf", 9101, 9201),
            Engine(run, "haproxy", "/usr/sbin/haproxy -db -f @RUN@/haproxy.cfg", 9111, 9211),
            Engine(run, "caponier", f"{BINARY} run --config @RUN@/caponier.yaml", 9151, 9251)]


def context(run):
    made = ssl.create_default_context(cafile=f"{run}/tls.crt")
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    return made


def secure(made, port, session=None):
    return made.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="localhost", session=session)


REQUEST = b"GET /v1/orders HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def one_request(stream):
    stream.sendall(REQUEST)
    got = b""
    while b"}]" not in got and b'"}' not in got[-4:]:
        piece = stream.recv(16384)
        if not piece:
            sys.exit("a connection ended within an answer")
        got += piece
    if not got.startswith(b"HTTP/1.1 200"):
        sys.exit(f"not answered: {got[:60]}")


def ticket_of(made, port):
    stream = secure(made, port)
    one_request(stream)
    ticket = stream.session
    stream.close()
    return ticket


def handshakes(engine, run, resume):
    """CPU of one handshake, in microseconds."""
    made = context(run)
    session = ticket_of(made, engine.tls) if resume else None
    before = engine.cpu()
    for _ in range(HANDSHAKES):
        stream = secure(made, engine.tls, session)
        if stream.session_reused != resume:
            sys.exit(f"{engine.name}: resumed is {stream.session_reused}")
        stream.close()
    return (engine.cpu() - before) * 1e6 / HANDSHAKES


def transfer(engine, run, upload, tls):
    """CPU seconds of one GiB."""
    url = f"https://127.0.0.1:{engine.tls}/v1/big" if tls else f"http://127.0.0.1:{engine.plain}/v1/big"
    body = ["-T", f"{run}/big/v1/big", "-H", "Content-Type: application/octet-stream"] if upload else []
    before = engine.cpu()
    out = subprocess.run(["curl", "-s", "-S", "-o", "/dev/null", "--http1.1", "--cacert", f"{run}/tls.crt", "-w", "%{http_code} %{size_download} %{size_upload}", *body, url],
                         check=True, capture_output=True, text=True).stdout.split()
    moved = int(out[2 if upload else 1])
    if out[0] not in ("200", "204") or moved != BYTES:
        sys.exit(f"{engine.name}: {out}")
    return engine.cpu() - before


def rounds_of(label, unit, all_engines, measure, rounds):
    figures = {e.name: [] for e in all_engines}
    for i in range(rounds):
        for e in all_engines[i % len(all_engines):] + all_engines[:i % len(all_engines)]:
            figures[e.name].append(measure(e))
    for name, values in figures.items():
        ratios = [mine / theirs for mine, theirs in zip(values, figures["nginx"])]
        print(f"## {label:20} {name:9} {st.median(values):10.2f} {unit}   x nginx {st.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]", flush=True)


def idle(run, all_engines):
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    made = context(run)
    bytes_each = {}
    for e in all_engines:
        open_ones = []
        for _ in range(100):  # what comes with the first ones is not theirs
            open_ones.append(secure(made, e.tls))
            one_request(open_ones[-1])
        before = pair.rss(e.process.pid)
        for _ in range(IDLE):
            open_ones.append(secure(made, e.tls))
            one_request(open_ones[-1])
        bytes_each[e.name] = (pair.rss(e.process.pid) - before) * 1024 / IDLE
        for stream in open_ones:
            stream.close()
        print(f"## idle TLS connection  {e.name:9} {bytes_each[e.name]:10.0f} bytes   x nginx {bytes_each[e.name] / bytes_each['nginx']:.2f}", flush=True)


def wrk(port, seconds=3):
    out = subprocess.run(["wrk", "-t1", "-c32", f"-d{seconds}s", f"http://127.0.0.1:{port}/v1/orders"], check=True, capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), int(re.search(r"(\d+) requests in", out)[1])


def latency(run, all_engines, rounds):
    peak = wrk(all_engines[0].plain)[0]
    each = max(1, int(peak * 0.8 / 32))

    def p99(e):
        log = f"{run}/latency.log"
        if os.path.exists(log):
            os.remove(log)
        subprocess.run(["h2load", "--h1", "-t1", "-c32", f"--rps={each}", "-D3", f"--log-file={log}", f"http://127.0.0.1:{e.plain}/v1/orders"],
                       check=True, capture_output=True, timeout=60)
        times = sorted(int(line.split()[2]) for line in open(log))
        return times[len(times) * 99 // 100]

    print(f"## latency: {each * 32} requests a second, 80 % of nginx's {peak:.0f}")
    rounds_of("p99", "us", all_engines, p99, rounds)


def workers(run, rounds):
    """On a machine of two CPUs, client and origin take their share: throughput cannot double. What a second
    worker costs is seen in the CPU that a request takes."""
    text = open(f"{run}/caponier.yaml").read()
    with open(f"{run}/caponier2.yaml", "w") as f:
        f.write(text.replace("workers: 1", "workers: 2"))
    cpus = set(range(min(2, os.cpu_count() or 1)))
    ratios, speeds = [], []
    for _ in range(rounds):
        seen = {}
        for count, name in ((1, "caponier.yaml"), (2, "caponier2.yaml")):
            e = Engine(run, "caponier", f"{BINARY} run --config @RUN@/{name}", 9151, 9251, cpus)
            try:
                wrk(e.plain, 1)
                before = e.cpu()
                speed, requests = wrk(e.plain)
                seen[count] = ((e.cpu() - before) / requests, speed)
            finally:
                e.stop()
        ratios.append(2 * seen[1][0] / seen[2][0])
        speeds.append(seen[2][1] / seen[1][1])
    print(f"## workers: two do {st.median(ratios):.2f} times the work of one for each CPU second of one [{min(ratios):.2f}-{max(ratios):.2f}]; "
          f"requests a second, with client and origin on the same {len(cpus)} CPUs: {st.median(speeds):.2f}")


def main():
    known = ["handshake", "resume", "download", "upload", "idle", "latency", "workers"]
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--run", required=True)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("case", nargs="*")
    a = ap.parse_args()
    if wrong := [c for c in a.case if c not in known]:
        sys.exit(f"there is no case {wrong[0]}; known: {' '.join(known)}")
    cases, run = a.case or known, os.path.abspath(a.run)
    os.makedirs(f"{run}/big/v1", exist_ok=True)
    with open(f"{run}/big/v1/big", "wb") as f:
        f.truncate(BYTES)
    os.sched_setaffinity(0, {0})
    origin = pair.start(f"/usr/sbin/nginx -p {run} -c {run}/origin.conf", {0}, open(f"{run}/logs/proxy.log", "a"))
    pair.wait_port(9000, origin, "origin")
    drain = sink()
    served = []
    try:
        served = engines(run)
        if "handshake" in cases:
            rounds_of("full handshake", "us", served, lambda e: handshakes(e, run, False), a.rounds)
        if "resume" in cases:
            rounds_of("resumed handshake", "us", served, lambda e: handshakes(e, run, True), a.rounds)
        for name in ("download", "upload"):
            for tls in (False, True) if name in cases else ():
                rounds_of(f"1 GiB {name}{' TLS' if tls else ''}", "s", served, lambda e: transfer(e, run, name == "upload", tls), a.rounds)
        if "download" in cases or "upload" in cases:
            print("## peak memory, MB: " + ", ".join(f"{e.name} {e.peak_mb():.0f}" for e in served))
        if "latency" in cases:
            latency(run, served, a.rounds)
        if "idle" in cases:
            idle(run, served)
        for e in served:
            e.stop()
        served = []
        if "workers" in cases:
            workers(run, a.rounds)
    finally:
        for e in served:
            e.stop()
        origin.terminate()
        origin.wait(10)
        os.kill(drain, signal.SIGKILL)
        os.waitpid(drain, 0)


if __name__ == "__main__":
    main()
