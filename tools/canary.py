#!/usr/bin/env python3
"""Would the fuzzers and the simulation find a bug? Each gets one that is there on purpose (src/base/canary.h).

  tools/canary.py BUILD_FOLDER [WORDS OF NAMES]

Of each line of tests/canaries.table: the target runs first without its canary, and must find nothing; then with it, and must
find it within its time. A line for each, and a non-zero end if one was missed.
"""
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIND_S = 180
CONTROL_S = 1


def table():
    with open(f"{TOP}/tests/canaries.table") as f:
        return [tuple(line.split()) for line in f if line.strip() and not line.startswith("#")]


def run(command, canary, seconds, **environment):
    """(status, output); None where it had not ended in time."""
    env = {**os.environ, **environment, "ASAN_OPTIONS": "detect_leaks=0:handle_abort=0"}
    env.pop("CAPONIER_CANARY", None)
    if canary:
        env["CAPONIER_CANARY"] = canary
    try:
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds)
    except (subprocess.TimeoutExpired, OSError) as error:
        return None, str(error)
    return done.returncode, done.stdout.decode(errors="replace")


def fuzz(build, target, canary, seconds, folder):
    corpus = os.path.join(folder, f"{target}-{canary}")
    os.makedirs(corpus)
    seeds = f"{TOP}/tests/seeds/{target}"
    command = [f"{build}/{target}", "-seed=1", f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=2048", f"-artifact_prefix={corpus}/", corpus]
    return run(command + ([seeds] if os.path.isdir(seeds) else []), canary, seconds + 60)


def simulate(build, canary, seeds):
    return run([f"{build}/tests/sim_test", "--gtest_filter=Seeds.*", "--gtest_fail_fast", "--gtest_brief=1"], canary, 600, CAPONIER_SIM_SEEDS=str(seeds))


def what_was_found(text):
    if "Test unit written to" not in text and "replay with" not in text:
        return text[-200:]
    for pattern in (r'Which is: "([^\\"]+)', r'  "([^\\"]+)', r"SUMMARY: (.+)", r"==\d+== ERROR: (.+)"):
        found = re.search(pattern, text)
        if found:
            return re.sub(r" /\S*/", " ", found[1])[:90]
    return "an end without a word"


def judge(build, target, canary, folder):
    """(held, sentence)"""
    attempt = (lambda name, seconds: simulate(build, name, 300 if name else 5)) if target == "sim_test" else (
        lambda name, seconds: fuzz(build, target, name, seconds, folder))
    status, text = attempt(None, CONTROL_S)
    if status != 0:
        return False, f"fails without its canary: {what_was_found(text)}"
    began = time.monotonic()
    status, text = attempt(canary, FIND_S)
    took = time.monotonic() - began
    if status is None or status == 0:
        return False, f"missed it for {took:.0f} s"
    # A sentence of the simulation, or the end of a fuzzer with an input that it kept; not a tool that could not start.
    if target != "sim_test" and "Test unit written to" not in text:
        return False, f"did not run: {text[-200:]}"
    if target == "sim_test" and "replay with CAPONIER_SIM_SEED" not in text:
        return False, f"did not run: {text[-200:]}"
    return True, f"found it in {took:.1f} s: {what_was_found(text)}"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build, words = os.path.abspath(sys.argv[1]), sys.argv[2:]
    rows = [row for row in table() if not words or any(word in " ".join(row) for word in words)]
    if not rows:
        sys.exit("there is no such canary")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="caponier-canary-") as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        for (target, canary), (held, sentence) in zip(rows, pool.map(lambda row: judge(build, *row, folder), rows)):
            missed += not held
            print(f"{'pass' if held else 'FAIL'}  {target:18} {canary:24} {sentence}", flush=True)
    print(f"{len(rows) - missed} found, {missed} missed")
    sys.exit(1 if missed else 0)


main()
