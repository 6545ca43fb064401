#!/usr/bin/env bash
# Bonus: the S/MIME messages of NIST's Public Key Interoperability Test Suite, with its revocation lists, through
# `paraph message inspect --crl-check require`. PARAPH_PKITS, or ../shared/corpora/pkits beside the project, is its folder
# (crls/, certs/, smime/). Skips, saying so, when it is not there. Nothing of it is copied.
#
# A message is rejected when its signature is not `valid`. Those named "Invalid" must be, all others must not, but for
# what the tables below say. Policies are looked at only where `required_policies` asks for them, so it is set where a
# message must be rejected for its policies, and where it must hold all the same.
pkits=${PARAPH_PKITS:-${PARAPH_SOURCE:?}/../shared/corpora/pkits}
[ -d "$pkits/smime" ] && [ -d "$pkits/crls" ] || { echo "SKIP: no smime/ and crls/ in $pkits"; exit 77; }
. "$PARAPH_SOURCE/tests/e2e/support/site.sh"

openssl x509 -inform DER -in "$pkits/certs/TrustAnchorRootCertificate.crt" -out anchor.pem || fail "the trust anchor"

python3 - "$pkits" <<'PY' || fail "PKITS"
import json, pathlib, re, resource, subprocess, sys

pkits = pathlib.Path(sys.argv[1])
ANY = "2.5.29.32.0"
# MissingCRLTest1 lacks the CRL, so it is rightly rejected. The suite rejects the others of the list for their policies,
# though they are not named so.
MUST_FAIL = {"MissingCRLTest1"} | {f"DifferentPoliciesTest{n}" for n in (4, 5, 7, 8, 9, 12)}
# RFC 8551 dropped DSA; OpenSSL does not find the CRL of ValidcRLIssuerTest30.
EITHER = re.compile(r"DSA|ValidcRLIssuerTest30$")
POLICY = re.compile(r"Polic|olicyMapping|MappingFrom|MappingTo|inhibitAnyPolicy")


def accepted(path, policies=None):
    command = ["paraph", "message", "inspect", str(path), "--json", "--ca", "anchor.pem", "--crl", str(pkits / "crls"),
               "--crl-check", "require", "--at", "2020-01-01T00:00:00Z"]
    done = subprocess.run(command + (["--required-policies", policies] if policies else []), capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{path.name}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    found = json.loads(done.stdout)
    detail = [signer.get("detail", "") for signer in found["signature"]["signers"]]
    return found["signature"]["status"] == "valid", f"{found['signature']['status']} {found['reasons']} {detail}"


faults, counts = [], {"rejected": 0, "accepted": 0, "either": 0}
for path in sorted((pkits / "smime").glob("Signed*.eml")):
    name = path.stem.removeprefix("Signed")
    must_fail = "Invalid" in name or name in MUST_FAIL
    # Valid…RequireExplicitPolicy: without one in the path, and nobody asks.
    held = name.startswith("Valid") and not re.search("[rR]equireExplicitPolicy", name)
    policies = ANY if POLICY.search(name) and (must_fail or held) else None
    good, said = accepted(path, policies)
    if EITHER.search(name):
        counts["either"] += 1
    elif good == must_fail:
        faults.append(f"{name}: {'must be rejected' if must_fail else 'must not be rejected'}: {said}")
    else:
        counts["accepted" if good else "rejected"] += 1
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"{counts['rejected']} rightly rejected, {counts['accepted']} rightly accepted, {counts['either']} not counted, largest {peak} MB")
for fault in faults:
    print("FAULT", fault)
sys.exit(1 if faults or sum(counts.values()) < 200 else 0)
PY
ok
finished
