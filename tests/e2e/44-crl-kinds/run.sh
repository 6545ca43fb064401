#!/usr/bin/env bash
# Kinds of revocation lists (RFC 5280 §5.2.4 to §5.3.3): a base with its deltas, and an indirect list by an issuer of its own,
# through `paraph crl import|show|check` and `paraph message inspect`.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
cat >>pki/ca.conf <<'CONF'
[branch]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[lister]
basicConstraints = critical, CA:FALSE
keyUsage = critical, cRLSign
subjectKeyIdentifier = hash
CONF
# make_authority NAME SECTION "COMMON NAME": issued by the CA
make_authority() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "pki/$1.key" -out "pki/$1.req" -config pki/ca.conf -subj "/CN=$3" 2>/dev/null
  openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions "$2" -notext \
    -in "pki/$1.req" -out "pki/$1.pem" -startdate 20250101000000Z -enddate 20460101000000Z 2>/dev/null
}
make_person alice rsa
make_person bob rsa
make_site
make_list secure alice@example.org
printf '\ncrl_check require\n' >>site/list_data/secure/config

# No program makes a list with entries of several issuers, so all of them are DER by hand, signed by openssl:
# make_crl FILE ISSUER NUMBER TO EXTENSIONS [SERIAL@CERTIFICATE-ISSUER…]; TO as YYYYMMDDHHMMSSZ, EXTENSIONS a list of
# delta:BASE, indirect, freshest
make_crl() {
  python3 - "$@" <<'PY'
import base64, re, subprocess, sys
out, issuer, number, until, wanted, *revoked = sys.argv[1:]
def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([128 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + body
def integer(value): return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))
def oid(text):
    first, second, *rest = map(int, text.split("."))
    body = bytes([40 * first + second])
    for arc in rest:
        part = [arc & 127]
        while arc := arc >> 7: part.insert(0, arc & 127 | 128)
        body += bytes(part)
    return tlv(6, body)
def extension(which, value, critical=False): return tlv(48, oid(which), *([b"\x01\x01\xff"] if critical else []), tlv(4, value))
def der(pem): return base64.b64decode("".join(re.findall("CERTIFICATE-----(.*?)-----END", open(pem).read(), re.S)[0].split()))
def elements(body):
    at = 0
    while at < len(body):
        start, size, at = at, body[at + 1], at + 2
        if size > 127: size, at = int.from_bytes(body[at:at + size - 128], "big"), at + size - 128
        yield body[start:at + size], body[at:at + size]
        at += size
def tbs_fields(pem):
    [(_, certificate)] = elements(der(pem))
    return list(elements(next(elements(certificate))[1]))
def subject(pem): return tbs_fields(pem)[5][0]
def key_id(pem):
    return re.search(rb"\x06\x03\x55\x1d\x0e\x04\x16\x04\x14(.{20})", der(pem), re.S).group(1)
def entry(word):
    serial, at = word.split("@")
    # certificateIssuer: a critical extension of the entry, directoryName [4]
    more = [tlv(48, extension("2.5.29.29", tlv(48, tlv(0xA4, subject(f"pki/{at}.pem"))), True))] if at != issuer else []
    return tlv(48, integer(int(serial, 16)), tlv(24, b"20261101000000Z"), *more)
extensions = [extension("2.5.29.35", tlv(48, tlv(0x80, key_id(f"pki/{issuer}.pem")))), extension("2.5.29.20", integer(int(number)))]
for word in wanted.split():
    if word.startswith("delta:"): extensions.append(extension("2.5.29.27", integer(int(word[6:])), True))
    if word == "indirect": extensions.append(extension("2.5.29.28", tlv(48, tlv(0x84, b"\xff")), True))
    if word == "freshest":
        extensions.append(extension("2.5.29.46", tlv(48, tlv(48, tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://crl.example.org/delta")))))))
algorithm = tlv(48, oid("1.2.840.113549.1.1.11"), b"\x05\x00")
tbs = tlv(48, integer(1), algorithm, subject(f"pki/{issuer}.pem"), tlv(24, b"20261101000000Z"), tlv(24, until.encode()),
          *([tlv(48, *map(entry, revoked))] if revoked else []), tlv(0xA0, tlv(48, *extensions)))
signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", f"pki/{issuer}.key"], input=tbs, capture_output=True, check=True).stdout
open(out, "wb").write(tlv(48, tbs, algorithm, tlv(3, b"\0" + signature)))
PY
  openssl crl -inform DER -in "$1" -noout -CAfile "pki/$2.pem" 2>&1 | grep -q "verify OK" || fail "$1 is no revocation list"
}
far=20460101000000Z
serial() { openssl x509 -noout -serial -in "pki/$1.pem" | cut -d= -f2; }
import() { check "import of $*" paraph crl import "$@" >/dev/null; }
# judged NAME STATUS: what the signature of post/NAME.eml is worth
judged() {
  local found
  found=$(paraph message inspect "post/$1.eml" --list secure --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["signature"]["status"])')
  [ "$found" = "$2" ] || fail "$1: '$found', wanted '$2'${3:+ ($3)}"
  ok
}
# says CODE-OR-NONE EXIT "what": of `crl check`
says() {
  local got=0 codes
  paraph crl check --json >check.json || got=$?
  codes=$(python3 -c 'import json; print(" ".join(sorted(f["code"] for f in json.load(open("check.json"))["findings"])))')
  [ "$codes:$got" = "$1:$2" ] || { cat check.json >&2; fail "$3: '$codes', exit $got"; }
  ok
}
make_signed alice alice secure
make_signed bob bob secure

# --- a base and its deltas ----------------------------------------------------------------------------------------------
make_crl base-1.crl ca 1 $far ""
make_crl base-4.crl ca 4 $far "" "$(serial bob)@ca"
make_crl delta-2.crl ca 2 $far delta:1 "$(serial alice)@ca"
make_crl delta-3.crl ca 3 $far delta:1 "$(serial alice)@ca" "$(serial bob)@ca"
make_crl delta-6.crl ca 6 $far delta:5 "$(serial alice)@ca"
import delta-2.crl
judged alice untrusted "a delta alone is no list"
says "crl_delta_unused crl_missing" 2 "a delta without its base"
import base-1.crl
says "" 0 "a delta with its base"
# Nothing in the base or the certificates says where deltas are to be had: it is at hand.
judged alice revoked "by the delta"
judged bob valid "the delta does not name him"
cp delta-2.crl site/crl/kept-by-hand.crl
chmod 600 site/crl/kept-by-hand.crl
import delta-3.crl
judged bob revoked "by the newer of two deltas"
rm site/crl/kept-by-hand.crl
import base-4.crl
judged alice valid "the delta is older than the base, which does not name her"
judged bob revoked "by the base"
make_crl delta-stale.crl ca 5 20261102000000Z delta:4 "$(serial alice)@ca"
import delta-stale.crl
says "crl_stale" 1 "a stale delta is no reason for mail to wait"
judged alice revoked "by a delta, though it is stale"
rm site/crl/*
import base-4.crl delta-6.crl
says "crl_delta_unused" 1 "a delta of a later base"
judged alice valid "a delta of a later base"
# Somebody else's, under the CA's name.
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/impostor.key -out pki/impostor.pem -days 3650 -config pki/ca.conf \
  -extensions root -subj "/CN=TEST ONLY CA" 2>/dev/null
key_id=$(openssl x509 -noout -ext subjectKeyIdentifier -in pki/ca.pem | tail -1 | tr -d ' ')
sed "s/subjectKeyIdentifier = hash/subjectKeyIdentifier = $key_id/" pki/ca.conf >pki/impostor.conf
openssl req -x509 -key pki/impostor.key -out pki/impostor.pem -days 3650 -config pki/impostor.conf -extensions root \
  -subj "/CN=TEST ONLY CA" 2>/dev/null
make_crl forged.crl impostor 9 $far delta:4 "$(serial alice)@impostor"
import forged.crl
judged alice valid "a delta that the CA has not signed"
rm site/crl/*

# --- an indirect list -----------------------------------------------------------------------------------------------------
# The CA below must not sign lists; what it issues names who does.
make_authority branch branch "TEST branch"
make_authority lister lister "TEST lister"
make_branch_person() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "pki/$1.key" -out "pki/$1.req" -config pki/ca.conf -subj "/CN=TEST $1" 2>/dev/null
  cat >pki/ext <<CONF
subjectAltName = email:$1@example.org
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = emailProtection
$2
[point]
CRLissuer = dirName:lister
[lister]
CN = TEST lister
CONF
  openssl x509 -req -in "pki/$1.req" -CA pki/branch.pem -CAkey pki/branch.key -CAcreateserial -days 3000 -extfile pki/ext \
    -out "pki/$1.pem" 2>/dev/null
  make_signed "$1" "$1" secure
}
make_branch_person carol "crlDistributionPoints = point"
make_branch_person dave "crlDistributionPoints = point"
make_branch_person erin ""
cat pki/branch.pem pki/lister.pem >site/issuers.pem
printf 'issuers %s\n' "$work/site/issuers.pem" >>site/paraph.conf
import base-1.crl
judged carol untrusted "nothing is at hand for her CA"
says "crl_missing" 2 "nothing is at hand for a CA"
make_crl indirect.crl lister 1 $far indirect "$(serial dave)@branch"
import indirect.crl
paraph crl show | grep -q "TEST lister.*1 revoked.*indirect" || fail "crl show: an indirect list"; ok
judged carol valid "by an indirect list"
judged dave revoked "by an indirect list"
judged erin untrusted "her certificate names no other issuer of lists"
says "crl_indirect" 0 "a CA whose list somebody else makes"
# That of another hierarchy says nothing of this one.
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/foreign.key -out pki/foreign.pem -days 3650 -config pki/ca.conf \
  -extensions root -subj "/CN=TEST foreign" 2>/dev/null
rm site/crl/*
make_crl foreign.crl foreign 1 $far indirect
cat pki/foreign.pem >>site/ca.pem
import base-1.crl foreign.crl
says "crl_missing" 2 "an indirect list of another hierarchy"
finished
