#!/usr/bin/env bash
# Bonus: the S/MIME messages of NIST's Public Key Interoperability Test Suite, with its revocation lists: each through `paraph
# message inspect` with the lists as a folder, and through a site that has imported them, under `crl_check require`. The
# suite (crls/, certs/, smime/) is looked for in PARAPH_PKITS, in ../shared/corpora/pkits beside the project, and where Debian's
# python3-cryptography-vectors puts it. Skips, saying so, when it is nowhere. Nothing of it is copied.
#
# A message is rejected when its signature is not `valid`. Without required policies those named "Invalid" must be, all
# others must not, but for what the tables below say; then come the suite's tests that ask for policies.
pkits=
for place in "${PARAPH_PKITS:-}" "${PARAPH_SOURCE:?}/../shared/corpora/pkits" \
  /usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data; do
  [ -z "$pkits" ] && [ -d "$place/smime" ] && [ -d "$place/crls" ] && pkits=$place
done
[ -n "$pkits" ] || { echo "SKIP: no PARAPH_PKITS, no ../shared/corpora/pkits, no python3-cryptography-vectors"; exit 77; }
. "$PARAPH_SOURCE/tests/e2e/support/site.sh"

openssl x509 -inform DER -in "$pkits/certs/TrustAnchorRootCertificate.crt" -out anchor.pem || fail "the trust anchor"
paraph site create site --domain lists.example.org --listmaster listmaster@example.org --cafile anchor.pem >/dev/null 2>&1
export PARAPH_CONFIG=$work/site/paraph.conf
printf '\ncrl_check require\n' >>site/paraph.conf
check "a list" paraph list create secure --owner owner@example.org --type sealed >/dev/null 2>&1
check "its revocation lists can be imported" paraph crl import "$pkits"/crls/*.crl >/dev/null

python3 - "$pkits" <<'PY' || fail "PKITS"
import json, pathlib, re, resource, subprocess, sys

pkits = pathlib.Path(sys.argv[1])
ANY = "2.5.29.32.0"
# The suite's policies, "NIST-test-policy-1" and so on.
NIST = {number: f"2.16.840.1.101.3.2.1.48.{number}" for number in range(1, 7)}
# MissingCRLTest1 lacks the CRL, so it is rightly rejected. In the others a CA requires a policy, and the path has none,
# though they are not named so (4.8.4 to 4.8.12).
MUST_FAIL = {"MissingCRLTest1"} | {f"DifferentPoliciesTest{n}" for n in (4, 5, 7, 8, 9, 12)}
# RFC 8551 dropped DSA; OpenSSL does not find the CRL of ValidcRLIssuerTest30.
EITHER = re.compile(r"DSA|ValidcRLIssuerTest30$")
# Tests of 4.8 to 4.12 with an initial-policy-set of their own and initial-explicit-policy: which of the policies asked for
# are met, and which are not.
ASKED = {
    "AllCertificatesSamePolicyTest1": ([ANY, NIST[1], f"{NIST[1]},{NIST[2]}"], [NIST[2]]),
    "AllCertificatesNoPoliciesTest2": ([], [ANY]),
    "DifferentPoliciesTest3": ([], [ANY, f"{NIST[1]},{NIST[2]}"]),
    "OverlappingPoliciesTest6": ([ANY, NIST[1]], [NIST[2]]),
    "AllCertificatesSamePoliciesTest10": ([ANY, NIST[1], NIST[2]], []),
    "AllCertificatesAnyPolicyTest11": ([ANY, NIST[1]], []),
    "AllCertificatesSamePoliciesTest13": ([NIST[1], NIST[2], NIST[3]], []),
    "AnyPolicyTest14": ([NIST[1]], [NIST[2]]),
    "UserNoticeQualifierTest15": ([NIST[1]], [NIST[2]]),
    "UserNoticeQualifierTest16": ([NIST[1]], [NIST[2]]),
    "UserNoticeQualifierTest17": ([NIST[1]], [NIST[2]]),
    "UserNoticeQualifierTest18": ([NIST[1], NIST[2]], []),
    "UserNoticeQualifierTest19": ([NIST[1]], [NIST[2]]),
    "CPSPointerQualifierTest20": ([NIST[1]], [NIST[2]]),
    "ValidPolicyMappingTest1": ([NIST[1]], [NIST[2]]),
    "ValidPolicyMappingTest3": ([NIST[2]], [NIST[1]]),
    "ValidPolicyMappingTest5": ([NIST[1]], [NIST[6]]),
    "ValidPolicyMappingTest6": ([NIST[1]], [NIST[6]]),
    "ValidPolicyMappingTest12": ([NIST[1], NIST[2]], []),
    "ValidPolicyMappingTest13": ([NIST[1]], []),
    "ValidPolicyMappingTest14": ([NIST[1]], []),
}
BY_OPTIONS = ["--ca", "anchor.pem", "--crl", str(pkits / "crls"), "--crl-check", "require", "--at", "2020-01-01T00:00:00Z"]
BY_SITE = ["--list", "secure", "--at", "2020-01-01T00:00:00Z"]


def accepted(path, options, policies=None):
    command = ["paraph", "message", "inspect", str(path), "--json"] + options
    done = subprocess.run(command + (["--required-policies", policies] if policies else []), capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{path.name}: exit {done.returncode}: {done.stderr.decode(errors='replace')[:300]}")
    found = json.loads(done.stdout)
    detail = [signer.get("detail", "") for signer in found["signature"]["signers"]]
    return found["signature"]["status"] == "valid", f"{found['signature']['status']} {found['reasons']} {detail}"


faults, counts = [], {"rejected": 0, "accepted": 0, "either": 0}


def judge(what, good, said, must_fail):
    if good == must_fail:
        faults.append(f"{what}: {'must be rejected' if must_fail else 'must not be rejected'}: {said}")
    return good


messages = {path.stem.removeprefix("Signed"): path for path in sorted((pkits / "smime").glob("Signed*.eml"))}
for name, path in messages.items():
    must_fail = "Invalid" in name or name in MUST_FAIL
    if EITHER.search(name):
        accepted(path, BY_OPTIONS)
        counts["either"] += 1
        continue
    good = judge(name, *accepted(path, BY_OPTIONS), must_fail)
    judge(f"{name}, imported", *accepted(path, BY_SITE), must_fail)
    counts["accepted" if good else "rejected"] += 1
    if must_fail:  # A policy that is asked for besides saves nobody.
        judge(f"{name}, any policy", *accepted(path, BY_OPTIONS, ANY), True)
asked = 0
for name, (met, unmet) in ASKED.items():
    for policies, must_fail in [(each, False) for each in met] + [(each, True) for each in unmet]:
        judge(f"{name}, asked for {policies}", *accepted(messages[name], BY_OPTIONS, policies), must_fail)
        asked += 1
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(f"{counts['rejected']} rightly rejected, {counts['accepted']} rightly accepted, {counts['either']} not counted, "
      f"{asked} with policies asked for, largest {peak} MB")
for fault in faults:
    print("FAULT", fault)
sys.exit(1 if faults or sum(counts.values()) < 200 else 0)
PY
ok
finished
