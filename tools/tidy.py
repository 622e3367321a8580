#!/usr/bin/env python3
"""Tidiness is a test: directions between rooms, self-contained headers, sizes, banned calls, formatting."""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

RANKS = [
    ["base"],
    ["json", "yaml", "uri", "pattern", "http", "reasons"],
    ["event", "jose", "cel", "schema"],
    ["openapi", "config"],
    ["plan"],
    ["stages", "review", "net"],
    ["tls", "store"],
    ["upstream"],
    ["fetch", "acme", "sink", "detect", "scan"],
    ["gateway", "demo"],
    ["cli"],
    ["main"],
]
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
# What is banned, where it is allowed, and what to use instead.
BANNED = [
    (r"\b(sprintf|strcpy|strcat|gets|strtok|atoi|atol|atof|rand|srand)\s*\(", (), "the functions of base/"),
    (r"\bstd::regex\b", (), "pattern::Pattern"),
    (r"\b(system_clock|steady_clock|gettimeofday|clock_gettime)\b|\btime\s*\(\s*(NULL|nullptr|0)\s*\)", ("src/net/system_clock", "src/sink/record_sink.cc"), "Clock, handed in"),
    (r"\bgetrandom\s*\(|\brandom_device\b|\bRAND_bytes\b", ("src/cli/system_random", "src/tls/"), "RandomSource, handed in"),
    (r"\bthrow\b(?! ?\()", (), "Result"),
    (r"\b(std::cout|std::cerr|std::endl)\b", (), "std::fprintf in cli/, records elsewhere"),
    (r"\busleep\s*\(|\bsleep_for\b", (), "Loop::sleep_until"),
    (r"\b(TODO|FIXME|XXX|HACK)\b", (), "finishing it, or docs/"),
    (r"\breinterpret_cast<\s*(?:std::)?function", (), "nothing"),
]
problems = []


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "src", "tests", "bench"], capture_output=True, text=True, check=True).stdout
    return [f for f in out.split("\n") if f.endswith((".h", ".cc")) and os.path.exists(f)]


def room_of(path):
    parts = path.split("/")
    return "main" if parts[1] == "main.cc" else parts[1]


def check_includes(path, text):
    if not path.startswith("src/"):
        return
    room = room_of(path)
    if room not in RANK:
        report(path, 1, f"room '{room}' has no rank; see ARCHITECTURE.md")
        return
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'#include "([^"]+)"', line)
        if not found:
            continue
        target = found[1].split("/")[0]
        if target not in RANK:
            report(path, number, f"include '{found[1]}' names no room")
        elif target != room and RANK[target] >= RANK[room]:
            report(path, number, f"room '{room}' (rank {RANK[room]}) may not include '{target}' (rank {RANK[target]})")
        parts, own = found[1].split("/"), path.split("/")
        if "_test.cc" in path:
            continue
        if room == "stages" and target == "stages" and len(own) == 4 and len(parts) == 3 and parts[1] != own[2]:
            report(path, number, f"stage '{own[2]}' may not include stage '{parts[1]}'")


def strip(text):
    """Source without comments and strings, with its lines kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])
    return re.sub(r'R"([A-Za-z]*)\((?:.|\n)*?\)\1"|//[^\n]*|/\*(?:.|\n)*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', blank, text)


def check_functions(path, code):
    if "_test.cc" in path or path.startswith("tests/"):
        return
    depth, start, opener = [], 0, ""
    lines = code.split("\n")
    statement = ""
    for number, line in enumerate(lines, 1):
        for char in line:
            if char == "{":
                is_scope = re.search(r"\b(namespace|class|struct|enum|union|extern)\b[^;(]*$", statement) is not None
                is_function = not is_scope and ")" in statement and "=" not in statement.split(")")[-1] and not any(d[0] for d in depth)
                depth.append((is_function, number, statement.strip()))
                statement = ""
            elif char == "}":
                if depth:
                    is_function, began, head = depth.pop()
                    if is_function and number - began + 1 > FUNCTION_LINES_MAX:
                        report(path, began, f"function of {number - began + 1} lines (at most {FUNCTION_LINES_MAX}): {head[-60:]}")
                statement = ""
            elif char == ";":
                statement = ""
            else:
                statement += char
        statement += " "


def check_banned(path, code):
    if re.search(r"_(test|bench)\.cc$|/test_\w+\.(h|cc)$", path) or path.startswith(("tests/", "bench/")):
        return
    for number, line in enumerate(code.split("\n"), 1):
        for pattern, allowed, instead in BANNED:
            found = re.search(pattern, line)
            if found and not path.startswith(allowed or ("\0",)):
                report(path, number, f"'{found[0].strip()}' is banned; use {instead}")


def check_file(path):
    text = open(path, encoding="utf-8").read()
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        report(path, 1, f"{lines} lines (at most {FILE_LINES_MAX})")
    if path.endswith(".h") and "#pragma once" not in text:
        report(path, 1, "no #pragma once")
    if path.startswith("src/") and path.endswith(".h") and not text.startswith("//"):
        report(path, 1, "the header does not say what it is for")
    code = strip(text)
    check_includes(path, text)
    check_functions(path, code)
    check_banned(path, code)


def check_canaries(files):
    """Each fuzzer has a bug to find, and each bug somebody who must find it."""
    with open("tests/canaries.table", encoding="utf-8") as f:
        rows = [line.split() for line in f if line.strip() and not line.startswith("#")]
    known = {row[1] for row in rows}
    planted = {}
    for path in files:
        if path.startswith("src/"):
            planted.update((name, path) for name in re.findall(r'\bcanary\("([^"]+)"\)', open(path, encoding="utf-8").read()))
    for name in sorted(set(planted) - known):
        report(planted[name], 1, f"nobody must find the canary '{name}'; add it to tests/canaries.table")
    for name in sorted(known - set(planted)):
        report("tests/canaries.table", 1, f"the canary '{name}' is nowhere in src/")
    for path in files:
        target = os.path.basename(path)[:-3]
        if path.endswith("_fuzz.cc") and target not in {row[0] for row in rows}:
            report(path, 1, "the fuzzer has no canary to find; add one to tests/canaries.table")


def check_header(path):
    command = ["g++", "-std=c++20", "-fcoroutines", "-Isrc", "-Itests", "-fsyntax-only", "-x", "c++", "-include", path, "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        report(path, 1, "is not self-contained: " + done.stderr.split("\n")[0])


def check_format(files):
    done = subprocess.run(["clang-format-16", "--dry-run", "-Werror", *files], capture_output=True, text=True, check=False)
    for line in done.stderr.split("\n"):
        if "error:" in line:
            problems.append(line + " (./dev format)")


def main():
    files = tracked()
    for path in files:
        check_file(path)
    if "--quick" not in sys.argv:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(check_header, [f for f in files if f.endswith(".h") and f.startswith("src/")]))
    check_format(files)
    check_canaries(files)
    for problem in sorted(set(problems)):
        print(problem)
    sys.exit(1 if problems else 0)


main()
