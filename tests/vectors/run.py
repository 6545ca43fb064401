#!/usr/bin/env python3
"""Runs each vector four ways: `paraph message inspect`; the same with the header of a list post, which must change nothing but
the header; the incoming daemon; and second witnesses, openssl and gpgsm. A signed vector is run in its other forms besides (variants.py).
Vectors without a witness are named at the end.

usage: run.py [CASE[@FORM]…]   $PARAPH_BIN has the programs (default: build/dev/bin beside the sources)
"""
import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import daemon
import variants
import witness

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
PLAIN_SITE = (None, False, "")
# There the content is where it belongs.
NOT_IN_FORM = {("embedded_content_in_detached", "opaque")}


class Case:
    """A file of cases/ and the form in which it is run; what its comments say: {field: value}, {word: value}."""

    def __init__(self, stem, form=""):
        self.stem, self.form, self.name = stem, form, f"{stem}@{form}" if form else stem
        self.expected, self.others = {}, {}
        lines = [line[1:].split() for line in (HERE / "cases" / f"{self.stem}.sh").read_text().splitlines() if line.startswith("#")]
        for words in lines:
            self.learn(words)
        self.layers = self.expected.get("layers", "").split()
        if self.form:
            self.expected = variants.expected(self.form, self.expected)
            for words in lines:
                if words[:1] == [self.form]:
                    self.learn(words[1:])

    def learn(self, words):
        if words[:1] == ["expect"]:
            self.expected[words[1]] = " ".join(words[2:])
        elif len(words) > 1 and words[0] in ("witness", "key", "at", "daemon", "earlier", "crl", "crl-check", "policies"):
            self.others[words[0]] = " ".join(words[1:])
        elif words == ["none"]:  # it has no such form
            self.form = None

    @classmethod
    def all_of(cls, name):
        """CASE@FORM alone, or the case in each form that it has."""
        stem, _, wanted = name.partition("@")
        plain = cls(stem)
        others = [cls(stem, form) for form in variants.FORMS if variants.exists(form, plain.layers)]
        return [case for case in [plain, *others] if case.form is not None and wanted in ("", case.form)]

    @property
    def site(self):
        """Its revocation list, whether it has a past (from earlier mail a site learns certificates), and its form (a site that saw
        the same signature in another form would call it replayed)."""
        return self.others.get("crl"), "earlier" in self.others, self.form

    @property
    def at(self):
        return datetime.datetime.fromisoformat(self.others["at"].replace("Z", "+00:00"))

    @property
    def witness(self):
        return self.others.get("witness", "").partition(" ")[0]

    def asks(self, program):
        _, _, only = self.others.get("witness", "").partition(" ")
        return only in ("", program)

    @property
    def codes(self):
        return f"{self.expected.get('reasons', '')} {self.others.get('daemon', '')}".split()


def lacking(cases):
    """Reason codes that no case expects, of an inspection or of the daemon; or of a clear signature, and in no other form."""
    table = re.findall(r'\{Reason::\w+, "(\w+)"', (HERE.parent.parent / "lib/smime/reasons.cpp").read_text())
    by_layer = {"multipart/signed": "clear", "signed-data": "opaque"}
    told = {(code, form) for case in cases for code in case.codes
            for form in ("", case.form or by_layer.get(next(iter(case.layers), "")))}
    return ([f"no vector comes out as {code}" for code in table if (code, "") not in told] +
            [f"no {form} vector comes out as {code}" for code in table for form in variants.FORMS
             if (code, "clear") in told and (code, form) not in told | NOT_IN_FORM])


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


def make(cases, work):
    """Each message into `work`, and its other forms."""
    subprocess.run(["bash", HERE / "make.sh", work, *dict.fromkeys(case.stem for case in cases)], check=True)
    for case in cases:
        for suffix in ("eml", "earlier") if case.form else ():
            made = work / f"{case.stem}.{suffix}"
            if made.exists():
                certificates = [work / "pki" / f"{key}.pem" for key in (case.others.get("key", "list"), "other")]
                (work / f"{case.name}.{suffix}").write_bytes(variants.derive(case.form, made.read_bytes(), certificates))


def check(case, work, sites, witnesses):
    """What is wrong with a case, one a line."""
    if not case.expected:
        return ["expects nothing"]
    faults = []
    for form in (".eml", ".eml.edited"):
        message = work / f"{case.name}{form}"
        try:
            found = inspect(message, work / "pki", case.others)
            faults += [f"{form} {field}: {FIELDS[field](found)!r}, expected {value!r}"
                       for field, value in case.expected.items() if FIELDS[field](found) != value]
            faults += [f"{form} {fault}" for fault in [witnesses.fault(message, case)] if fault]
        except (RuntimeError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            faults.append(f"{form} {error}")
    return faults + [fault for fault in [sites[case.site].fault(case.name, case.expected, case.others)] if fault]


def run(cases, work, pool):
    make(cases, work)
    sites = {key: daemon.Site(PROGRAMS, work, work / "pki", *key) for key in {case.site for case in cases} | {PLAIN_SITE}}
    for suffix in ("earlier", "eml"):
        for case in cases:
            if suffix == "eml" or "earlier" in case.others:
                sites[case.site].queue(case.name, work / f"{case.name}.{suffix}", case.others)
        for site in sites.values():
            site.judge()
    plain = sites[PLAIN_SITE]
    subprocess.run([EDIT, plain.config, plain.list_for({}), *(work / f"{case.name}.eml" for case in cases)], check=True)
    witnesses = witness.Witnesses(work)
    try:
        return list(pool.map(lambda case: check(case, work, sites, witnesses), cases))
    finally:
        witnesses.gpgsm.close()


def main():
    for program in (PARAPH, EDIT):
        if not program.exists():
            print(f"SKIP: no {program}")
            return SKIPPED
    names = sys.argv[1:] or sorted(path.stem for path in (HERE / "cases").glob("*.sh"))
    cases = [case for name in names for case in Case.all_of(name)]
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = run(cases, pathlib.Path(work), pool)
    for case, faults in zip(cases, results):
        print(f"{'FAIL' if faults else 'ok  '} {case.name}" + "".join(f"\n       {fault}" for fault in faults))
    failed = sum(map(bool, results))
    alone = [case.name for case in cases if not case.witness and case.form != "encrypted"]
    print(f"SKIPPED: no second witness for {len(alone)}: {' '.join(alone)}" if alone else "each has a second witness")
    if not witness.Gpgsm.here:
        print("SKIPPED: no gpgsm here, the openssl command is the only witness")
    lacks = [] if sys.argv[1:] else lacking(cases)
    print("".join(f"{line}\n" for line in lacks), end="")
    print(f"{len(cases) - failed} passed, {failed} failed, {len(alone)} without a second witness")
    return 1 if failed or lacks or not cases else 0


sys.exit(main())
