#!/usr/bin/env bash
# Bonus: `paraph message inspect` over real mail made by others, in ../shared/corpora beside the project. Skips, saying so,
# when the folder is not there. Nothing of it is copied.
corpora=${PARAPH_CORPORA:-${PARAPH_SOURCE:?}/../shared/corpora}
[ -d "$corpora" ] || { echo "SKIP: no $corpora"; exit 77; }
. "$PARAPH_SOURCE/tests/e2e/support/site.sh"

smime=$corpora/thunderbird/mailnews/test/data/smime
openssl pkcs12 -in "$smime/Bob.p12" -passin pass:nss -nodes -clcerts -nokeys -out bob.pem 2>/dev/null ||
  openssl pkcs12 -legacy -in "$smime/Bob.p12" -passin pass:nss -nodes -clcerts -nokeys -out bob.pem 2>/dev/null
openssl pkcs12 -in "$smime/Bob.p12" -passin pass:nss -nodes -nocerts -out bob.key 2>/dev/null ||
  openssl pkcs12 -legacy -in "$smime/Bob.p12" -passin pass:nss -nodes -nocerts -out bob.key 2>/dev/null
chmod 600 bob.key

python3 - "$corpora" "$smime" <<'PY' || fail "the corpora"
import json, pathlib, resource, subprocess, sys, time

corpora, smime = map(pathlib.Path, sys.argv[1:])
faults, read, slowest = [], 0, 0.0


def inspect(path, *options):
    global slowest
    began = time.monotonic()
    done = subprocess.run(["paraph", "message", "inspect", str(path), "--json", *options], capture_output=True, timeout=60)
    slowest = max(slowest, time.monotonic() - began)
    if done.returncode != 0:
        faults.append(f"{path}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:200]}")
        return None
    return json.loads(done.stdout)


def expect(path, found, condition, what):
    if found is not None and not condition(found):
        faults.append(f"{path}: {what}: {found['signature']['status']} {found['auth_method']} {found['reasons']}")


# Every file of every corpus: an answer, never a crash, never a hang, and no smime without a CA.
for path in sorted(corpora.rglob("*")):
    if path.is_file() and path.suffix not in (".json", ".md", ".tsv"):
        read += 1
        expect(path, inspect(path), lambda f: f["auth_method"] == "smtp", "smime without a trusted CA")

# Mozilla's messages, opened with Bob's key, as the README beside them says they must come out.
options = ["--ca", str(smime / "TestCA.pem"), "--cert", "bob.pem", "--key", "bob.key", "--at", "2026-06-01T00:00:00Z"]
told = 0
for path in sorted(smime.glob("*.eml")):
    name, found = path.name, inspect(path, *options)
    if found is None:
        continue
    told += 1
    bad = ".bad." in name or "mismatch-econtent" in name
    around = ".env.dsig." in name or ".env.sig." in name
    if bad or around or "SHA1" in name:
        expect(path, found, lambda f: f["auth_method"] == "smtp", "must not be smime")
    if bad:
        expect(path, found, lambda f: f["signature"]["status"] in ("invalid", "malformed"), "must be invalid")
    plain_signed = name.startswith("alice.") and not bad and not around and "SHA1" not in name and ".dave." not in name
    if plain_signed and (".dsig." in name or ".sig." in name) and "future" not in name and "html" not in name:
        expect(path, found, lambda f: f["auth_method"] == "smime", "must be smime")
    if name.endswith(".env.eml"):
        expect(path, found, lambda f: f["encrypted"] and f["layers"][0]["opened"], "must open with Bob's key")

sample = corpora / "sympa/t/samples/signed.eml"
anchors = [p for p in sorted((corpora / "sympa/t/pki").rglob("*")) if p.is_file() and b"BEGIN CERT" in p.read_bytes()]
if sample.exists():
    weak = [inspect(sample, "--ca", str(a), "--at", "2013-09-24T12:00:00Z") for a in anchors]
    if not any(f and "weak_digest" in f["reasons"] for f in weak):
        faults.append(f"{sample}: SHA-1 is not called weak: {[f and f['reasons'] for f in weak]}")

peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"{read} files read, {told} messages of Thunderbird judged, slowest {slowest:.2f} s, largest {peak} MB")
for fault in faults:
    print("FAULT", fault)
# The largest of all children: no file takes more.
if peak >= 256:
    print(f"FAULT a file takes {peak} MB")
sys.exit(1 if faults or peak >= 256 or read < 100 or told < 50 else 0)
PY
ok
finished
