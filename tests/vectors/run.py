#!/usr/bin/env python3
"""Runs each vector four ways: `paraph message inspect`; the same with the header of a list post, which must change nothing but
the header; the incoming daemon; and a second witness, the openssl command. A vector without a witness is named at the end.

usage: run.py [CASE…]       $PARAPH_BIN has the programs (default: build/dev/bin beside the sources)
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import daemon

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(os.environ.get("PARAPH_BIN", HERE.parent.parent / "build/dev/bin"))
PARAPH, EDIT = PROGRAMS / "paraph", PROGRAMS / "vector_edit"
SKIPPED = 77
FIELDS = {
    "status": lambda j: j["signature"]["status"],
    "auth_method": lambda j: j["auth_method"],
    "reasons": lambda j: " ".join(j["reasons"]),
    "layers": lambda j: " ".join(layer["type"] for layer in j["layers"]),
    "encrypted": lambda j: str(j["encrypted"]).lower(),
    "opened": lambda j: str(all(layer["opened"] for layer in j["layers"])).lower(),
    "inside_encryption": lambda j: str(j["signature"]["inside_encryption"]).lower(),
    "cipher": lambda j: next((layer["cipher"] for layer in j["layers"] if layer.get("cipher")), ""),
}


def facts(case):
    """The comments of a case: ({field: value}, {word: value})."""
    expected, others = {}, {}
    for line in case.read_text().splitlines():
        words = line.lstrip("# ").split(None, 2) if line.startswith("#") else []
        if len(words) >= 2 and words[0] == "expect":
            expected[words[1]] = words[2].strip() if len(words) > 2 else ""
        elif len(words) >= 2 and words[0] in ("witness", "key", "at", "daemon", "earlier", "crl", "crl-check", "policies"):
            others[words[0]] = " ".join(words[1:])
    return expected, others


def site_of(others):
    """Its revocation list, and whether it has a past: from earlier mail a site learns certificates."""
    return others.get("crl"), "earlier" in others


def codes_without_vector(cases):
    """Reason codes that no case expects, of an inspection or of the daemon."""
    table = (HERE.parent.parent / "lib/smime/reasons.cpp").read_text()
    told = {code for case in cases for expected, others in [facts(case)]
            for code in f"{expected.get('reasons', '')} {others.get('daemon', '')}".split()}
    return [code for code in re.findall(r'\{Reason::\w+, "(\w+)"', table) if code not in told]


def inspect(message, pki, others):
    key = others.get("key", "list")
    command = [PARAPH, "message", "inspect", message, "--ca", pki / "ca.pem", "--json"]
    if key != "none":
        command += ["--key", pki / f"{key}.key", "--cert", pki / f"{key}.pem"]
    if "crl" in others:
        command += ["--crl", pki / f"{others['crl']}.crl"]
    if "crl-check" in others:
        command += ["--crl-check", others["crl-check"]]
    if "policies" in others:
        command += ["--required-policies", others["policies"]]
    if "at" in others:
        command += ["--at", others["at"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def witness(message, pki, others):
    """None, or how the openssl command disagrees with what the case says of it."""
    said = others.get("witness")
    if said is None:
        return None
    key = others.get("key", "list")
    options = {"verify": ["-verify", "-CAfile", pki / "ca.pem", "-purpose", "any" if said == "verify" else "smimesign"],
               "decrypt": ["-decrypt", "-inkey", pki / f"{key}.key", "-recip", pki / f"{key}.pem"]}
    if "crl" in others and said.endswith("verify"):
        # The openssl command takes CRLs from the file of CAs.
        both = pki / f"ca-and-{others['crl']}.pem"
        both.write_bytes((pki / "ca.pem").read_bytes() + (pki / f"{others['crl']}.crl").read_bytes())
        options[said.removeprefix("no-")] += ["-CAfile", both, "-crl_check"]
    wanted = not said.startswith("no-")
    command = ["openssl", "cms", "-in", message, "-out", os.devnull] + options[said.removeprefix("no-")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return None if (done.returncode == 0) == wanted else f"openssl: exit {done.returncode}, {said} expected"


def check(case, work, sites):
    """What is wrong with a case, one a line."""
    expected, others = facts(case)
    if not expected:
        return ["expects nothing"]
    faults, pki = [], work / "pki"
    for form in (".eml", ".eml.edited"):
        message = work / f"{case.stem}{form}"
        try:
            found = inspect(message, pki, others)
            faults += [f"{form} {field}: {FIELDS[field](found)!r}, expected {value!r}"
                       for field, value in expected.items() if FIELDS[field](found) != value]
            faults += [f"{form} {fault}" for fault in [witness(message, pki, others)] if fault]
        except (RuntimeError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            faults.append(f"{form} {error}")
    return faults + [fault for fault in [sites[site_of(others)].fault(case.stem, expected, others)] if fault]


def main():
    for program in (PARAPH, EDIT):
        if not program.exists():
            print(f"SKIP: no {program}")
            return SKIPPED
    cases = [HERE / "cases" / f"{name}.sh" for name in sys.argv[1:]] or sorted((HERE / "cases").glob("*.sh"))
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        work = pathlib.Path(work)
        subprocess.run(["bash", HERE / "make.sh", work, *(case.stem for case in cases)], check=True)
        sites = {key: daemon.Site(PROGRAMS, work, work / "pki", *key)
                 for key in {site_of(facts(case)[1]) for case in cases} | {site_of({})}}
        for suffix in ("earlier", "eml"):
            for case in cases:
                others = facts(case)[1]
                if suffix == "eml" or "earlier" in others:
                    sites[site_of(others)].queue(case.stem, work / f"{case.stem}.{suffix}", others)
            for site in sites.values():
                site.judge()
        plain = sites[site_of({})]
        subprocess.run([EDIT, plain.config, plain.list_for({}), *(work / f"{case.stem}.eml" for case in cases)], check=True)
        results = list(pool.map(lambda case: check(case, work, sites), cases))
    for case, faults in zip(cases, results):
        print(f"{'FAIL' if faults else 'ok  '} {case.stem}" + "".join(f"\n       {fault}" for fault in faults))
    failed = sum(map(bool, results))
    alone = [case.stem for case in cases if "witness" not in facts(case)[1]]
    print(f"SKIPPED: no second witness for {len(alone)}: {' '.join(alone)}" if alone else "each has a second witness")
    print(f"{len(cases) - failed} passed, {failed} failed")
    lacking = [] if sys.argv[1:] else codes_without_vector(cases)
    print("".join(f"no vector comes out as {code}\n" for code in lacking), end="")
    return 1 if failed or lacking or not cases else 0


sys.exit(main())
