"""Checks with slowhttptest, sslscan and testssl: the gateway stays there for others, gets rid of the slow, and its TLS has no
finding above low."""
import json
import pathlib
import re
import subprocess
import time
import xml.etree.ElementTree

from scene import equal, metric, require

SLOW_CONNECTIONS = 150
SLOW_S = 20     # for which the slow ones would go on; the limits of the configuration are 2 s
GONE_S = 12     # by which the last slow one must be closed
ANSWER_S = 1.0  # within which anybody else is answered meanwhile


def unsent_bytes(port):
    """In the send queues of all sockets of the port, those of nobody included."""
    rows = (line.split() for line in open("/proc/net/tcp").readlines()[1:])
    return sum(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(f":{port:04X}") and row[3] != "0A")


def slow(scene, ports):
    """Slow heads, slow bodies and slow reading at once, and somebody honest in the middle of them."""
    base = f"http://127.0.0.1:{ports['plain']}"
    common = ["-c", str(SLOW_CONNECTIONS), "-r", str(SLOW_CONNECTIONS), "-l", str(SLOW_S), "-p", "2"]
    kinds = {"heads": ["-H", "-i", "10", "-u", f"{base}/node/hello"],
             "bodies": ["-B", "-i", "10", "-s", "8192", "-t", "PUT", "-f", "application/octet-stream", "-u", f"{base}/node/hash"],
             "reading": ["-X", "-w", "10", "-y", "20", "-n", "3", "-z", "8", "-u", f"{base}/nginx/file"]}
    began = time.monotonic()
    running = {kind: subprocess.Popen(["slowhttptest", *arguments, *common], cwd=scene.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
               for kind, arguments in kinds.items()}
    most = 0
    try:
        while time.monotonic() - began < 8:
            told = scene.run("curl", "-sS", "-w", " %{http_code} %{time_total}", f"{base}/node/hello").split()
            require(told[:2] == ["hello", "200"] and float(told[2]) < ANSWER_S, f"somebody honest got {told}")
            most = max(most, metric(scene.run("curl", "-sS", f"http://127.0.0.1:{ports['admin']}/metrics"), "caponier_connections"))
            time.sleep(0.2)
        require(most > 2 * SLOW_CONNECTIONS, f"the slow ones never had more than {most} connections: this has tested nothing")
        while time.monotonic() - began < GONE_S:
            left = metric(scene.run("curl", "-sS", f"http://127.0.0.1:{ports['admin']}/metrics"), "caponier_connections")
            if left <= 2:
                break
            time.sleep(0.2)
        require(left <= 2, f"{left} of the slow are still there after {GONE_S} s")
        equal(unsent_bytes(ports["plain"]), 0, "bytes that the kernel still keeps for slow readers")
        for kind in ("heads", "bodies"):  # who does not read does not see the end
            told = running[kind].communicate(timeout=SLOW_S)[0]
            require("No open connections left" in told, f"slow {kind}: {told[-600:]}")
    finally:
        for process in running.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def sslscan(scene, ports):
    scene.run("sslscan", "--xml=sslscan.xml", "--no-colour", f"127.0.0.1:{ports['tls']}", seconds=60)
    test = xml.etree.ElementTree.parse(scene.path("sslscan.xml")).getroot().find("ssltest")
    require(test is not None, "sslscan has judged nothing")
    enabled = {f"{p.get('type')} {p.get('version')}" for p in test.findall("protocol") if p.get("enabled") == "1"}
    equal(enabled, {"tls 1.2", "tls 1.3"}, "enabled protocols")
    ciphers = test.findall("cipher")
    require(len(ciphers) >= 4, f"only {len(ciphers)} ciphers were seen")
    weak = [c.get("cipher") for c in ciphers if c.get("strength") not in ("strong", "acceptable") or int(c.get("bits")) < 128]
    equal(weak, [], "weak ciphers")
    for element in ("renegotiation", "compression"):  # not every build of sslscan can ask for the second
        equal([found.attrib for found in test.findall(element) if found.get("supported") != "0"], [], element)
    equal([h.get("sslversion") for h in test.findall("heartbleed") if h.get("vulnerable") != "0"], [], "heartbleed")


# What is judged is the server; its certificate is one that the test made for itself.
OF_THE_CERTIFICATE = re.compile(r"cert|OCSP|DNS_CAArecord|DNS_CAA|scanTime|engine_problem", re.I)


def start_testssl(scene, ports):
    """Takes long, so that it runs beside the other checks."""
    pathlib.Path(scene.folder, "testssl.json").unlink(missing_ok=True)
    return subprocess.Popen(["testssl", "--quiet", "--warnings", "batch", "--color", "0", "--jsonfile", "testssl.json", "-p", "-s", "-f", "-S", "-U",
                             f"127.0.0.1:{ports['tls']}"], cwd=scene.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def findings_of(scene, process):
    told = process.communicate(timeout=180)[0]
    try:
        return json.loads(scene.read("testssl.json"))
    except (OSError, ValueError):
        require(False, f"testssl has judged nothing: {told[-800:]}")


def testssl(scene, ports, process):
    findings = findings_of(scene, process)
    if any(finding["severity"] == "WARN" for finding in findings):
        # It could not connect while others were busy, so that it has not judged; by itself it can.
        findings = findings_of(scene, start_testssl(scene, ports))
    ids = {finding["id"] for finding in findings}
    for judged in ("TLS1_3", "heartbleed", "ROBOT", "BEAST", "LUCKY13", "PFS", "cipherlist_NULL"):
        require(judged in ids, f"testssl has not judged {judged}")
    high = [f"{f['id']}: {f['severity']} {f['finding']}" for f in findings
            if f["severity"] not in ("OK", "INFO", "LOW", "DEBUG") and not OF_THE_CERTIFICATE.search(f["id"])]
    equal(high, [], "findings above low")
