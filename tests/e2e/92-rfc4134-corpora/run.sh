#!/usr/bin/env bash
# Bonus: the examples of RFC 4134 through `paraph message inspect`. The text of the RFC, which holds them, is looked for in
# PARAPH_RFC4134 and where Debian's doc-rfc-informational puts it. Skips, saying so, when it is nowhere. Nothing of it is copied.
#
# All are older than what is accepted today: DSA, SHA-1, RSA-1024, no signed attributes, RC2. So none is `smime`, whichever CA is
# trusted; each is read, at once and in little memory; and each is what its section says that it is.
text=${PARAPH_RFC4134:-/usr/share/doc/RFC/informational/rfc4134.txt.gz}
[ -f "$text" ] || { echo "SKIP: no PARAPH_RFC4134 and no $text"; exit 77; }
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

python3 - "$text" <<'PY' || fail "the examples of RFC 4134"
import base64, gzip, json, pathlib, re, resource, subprocess, sys, time

octets = pathlib.Path(sys.argv[1]).read_bytes()
text = (gzip.decompress(octets) if octets[:2] == b"\x1f\x8b" else octets).decode("latin-1")
name, lines = None, []  # Appendix B
for line in text.splitlines():
    if begin := re.match(r"\|>(\S+)", line):
        name, lines = begin.group(1), []
    elif line.startswith("|<") and name:
        pathlib.Path(name).write_bytes(base64.b64decode("".join(lines)))
        name = None
    elif line.startswith("|"):
        lines.append(line[1:].strip())

# signature.status, and a reason that must be among those given
EXPECTED = {
    "3.1": ("unsupported", "unsupported_algorithm"),  # id-data, not a signature
    "3.2": ("unsupported", "unsupported_algorithm"),
    "4.1": ("weak", "no_signed_attributes"),
    "4.2": ("weak", "no_signed_attributes"),
    "4.3": ("malformed", "malformed"),  # detached, and there is nothing that it could be about
    "4.4": ("weak", "weak_digest"),
    "4.5": ("weak", "no_signed_attributes"),
    "4.6": ("malformed", "several_signers"),
    "4.7": ("weak", "no_signed_attributes"),
    "4.8": ("weak", "no_signed_attributes"),
    "4.9": ("weak", "no_signed_attributes"),
    "4.10": ("weak", "weak_digest"),
    "4.11": ("none", "no_signers"),  # certificates alone
    "5.1": ("none", "not_for_us"),
    "5.2": ("none", "not_for_us"),
    "5.3": ("none", "not_for_us"),
    "6.0": ("unsupported", "unsupported_algorithm"),  # DigestedData
    "7.1": ("unsupported", "unsupported_algorithm"),  # EncryptedData
    "7.2": ("unsupported", "unsupported_algorithm"),
}
faults, slowest = [], 0.0
for section, (status, reason) in EXPECTED.items():
    path = pathlib.Path(section + ".eml")
    if not path.exists():
        path.write_bytes(b"From: aliceDss@examples.com\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
                         b"Content-Transfer-Encoding: base64\n\n"
                         + base64.encodebytes(pathlib.Path(section + ".bin").read_bytes()))
    for anchor in ("CarlRSASelf.cer", "CarlDSSSelf.cer"):
        began = time.monotonic()
        done = subprocess.run(["paraph", "message", "inspect", str(path), "--json", "--ca", anchor, "--min-rsa-bits", "512",
                               "--at", "2003-01-01T00:00:00Z"], capture_output=True, timeout=60)
        slowest = max(slowest, time.monotonic() - began)
        if done.returncode != 0:
            faults.append(f"{section}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:200]}")
            continue
        found = json.loads(done.stdout)
        said = (found["signature"]["status"], found["reasons"], found["auth_method"])
        if said[0] != status or reason not in said[1] or said[2] != "smtp":
            faults.append(f"{section}, {anchor}: {said}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"{len(EXPECTED)} examples, slowest {slowest:.2f} s, largest {peak} MB")
for fault in faults:
    print("FAULT", fault)
sys.exit(1 if faults or peak >= 256 else 0)
PY
ok
finished
