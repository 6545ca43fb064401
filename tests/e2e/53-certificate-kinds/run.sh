#!/usr/bin/env bash
# Every kind of certificate a member can have: those that nothing can be sealed to cost their owner alone a copy, and each is told
# his own case. What is learned from mail, and from which; stored certificates for signatures that carry none; readers' ciphers.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
for who in alice bob gone refused; do make_person $who rsa; done
make_person carol ec
make_site
make_list secure alice@example.org
member() { paraph member add secure "$@" >/dev/null; }
member alice@example.org bob@example.org carol@example.org
# DER, PEM and PKCS#7
openssl x509 -in pki/bob.pem -outform DER -out pki/bob.der
openssl crl2pkcs7 -nocrl -certfile pki/carol.pem -certfile pki/ca.pem -out pki/carol.p7b
check "PEM, DER and PKCS#7" paraph cert import pki/alice.pem pki/bob.der pki/carol.p7b
paraph cert show bob@example.org --json | grep -q '"source": "import"' || fail "provenance of an import"; ok
send() { make_post "$1" "${2:-alice}" secure; paraph-queue secure@lists.example.org <"post/$1.eml"; run_daemons; }
copies() { mail_for "$1" | xargs -r grep -l 'smime-type=' | wc -l; }
notice() { mail_for "$1" | xargs -r grep -l 'WHAT TO DO' | head -1; }

# --- kinds that nothing can be sealed to (A36) --------------------------------------------------------------------------
# of_key NAME PUBLIC-KEY: the CA's certificate for that key
of_key() {
  printf 'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=emailProtection\nsubjectAltName=email:%s@example.org\n' "$1" >pki/ext
  openssl x509 -new -force_pubkey "$2" -CA pki/ca.pem -CAkey pki/ca.key -subj "/CN=TEST $1" -days 700 -extfile pki/ext -out "pki/$1.pem" 2>/dev/null
}
openssl genpkey -algorithm X25519 -out pki/x25519.key 2>/dev/null
openssl pkey -in pki/x25519.key -pubout -out pki/x25519.pub
of_key x25519 pki/x25519.pub
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:512 -out pki/short.key 2>/dev/null
openssl pkey -in pki/short.key -pubout -out pki/short.pub
of_key short pki/short.pub
# openssl 3.0 knows no ML-DSA: an RSA certificate whose key bears that algorithm, by hand
make_person mldsa rsa
python3 - <<'PY'
import base64, re
der = base64.b64decode("".join(re.findall("CERTIFICATE-----(.*?)-----END", open("pki/mldsa.pem").read(), re.S)[0].split()))
rsa, ml_dsa_65 = bytes.fromhex("2a864886f70d010101"), bytes.fromhex("608648016503040312")
assert der.count(rsa) == 1
open("pki/mldsa.der", "wb").write(der.replace(rsa, ml_dsa_65))
PY
# a modulus of the form that ROCA's generator made, by hand: no program makes such any more (attack A18)
python3 - >pki/roca.pub <<'PY'
import base64
M = 1
for p in range(2, 168):
    if all(p % q for q in range(2, p)): M *= p
n = pow(65537, 12345, M)
n += M * ((0xC1 << 2040) // M)
def der(tag, body):
    size = len(body)
    head = bytes([size]) if size < 128 else (lambda s: bytes([128 + len(s)]) + s)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + head + body
def number(v): return der(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))
spki = der(48, der(48, bytes.fromhex("06092a864886f70d0101010500")) + der(3, bytes(1) + der(48, number(n) + number(65537))))
print("-----BEGIN PUBLIC KEY-----"); print(base64.encodebytes(spki).decode(), end=""); print("-----END PUBLIC KEY-----")
PY
of_key roca pki/roca.pub
# longer than we take, and another program's curves: neither short nor damaged
python3 - >pki/long.pub <<'PY'
import base64
def der(tag, body):
    size = len(body)
    head = bytes([size]) if size < 128 else (lambda s: bytes([128 + len(s)]) + s)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + head + body
def number(v): return der(2, v.to_bytes(v.bit_length() // 8 + 1, "big"))
spki = der(48, der(48, bytes.fromhex("06092a864886f70d0101010500")) + der(3, bytes(1) + der(48, number((1 << 9215) + 12345) + number(65537))))
print("-----BEGIN PUBLIC KEY-----"); print(base64.encodebytes(spki).decode(), end=""); print("-----END PUBLIC KEY-----")
PY
of_key long pki/long.pub
for curve in brainpoolP256r1 secp256k1; do
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$curve 2>/dev/null | openssl pkey -pubout -out pki/$curve.pub
  of_key $curve pki/$curve.pub
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit 2>/dev/null | openssl pkey -pubout -out pki/explicit.pub
of_key explicit pki/explicit.pub
make_person signer rsa digitalSignature
make_person past rsa "" 20230101000000Z 20240101000000Z
make_person future rsa "" 20440101000000Z 20460101000000Z
store=site/X509-user-certs
cp pki/x25519.pem $store/x25519@example.org
cp pki/short.pem $store/short@example.org
cp pki/roca.pem $store/roca@example.org
for who in long explicit brainpoolP256r1 secp256k1; do cp pki/$who.pem "$store/$(echo $who | tr A-Z a-z)@example.org"; done
cp pki/mldsa.der $store/mldsa@example.org
{ echo "-----BEGIN CERTIFICATE-----"; base64 pki/mldsa.der; echo "-----END CERTIFICATE-----"; } >$store/mldsa@example.org
cp pki/ca.pem $store/authority@example.org
: >$store/empty@example.org
head -c 300 /dev/urandom >$store/noise@example.org
cp pki/signer.pem $store/signer@example.org
cp pki/past.pem $store/past@example.org
cp pki/future.pem $store/future@example.org
kinds="x25519:unsupported_key short:weak_key roca:unsafe_key long:unsupported_key explicit:unsupported_key brainpoolp256r1:unsupported_key
  secp256k1:unsupported_key mldsa:unsupported_key authority:is_ca empty:unreadable noise:unreadable signer:wrong_usage
  past:expired future:not_yet_valid nobody:missing"
for kind in $kinds; do member "${kind%:*}@example.org"; done
send kinds
for who in alice bob carol; do [ "$(copies $who)" = 1 ] || fail "$who was disturbed"; ok; done
for kind in $kinds; do
  who=${kind%:*} problem=${kind#*:}
  [ "$(ledger "select outcome || ' ' || substr(reply, 1, length('$problem')) from paraph_copy where member = '$who@example.org'")" = "notice $problem" ] ||
    fail "$who: $(ledger "select outcome, reply from paraph_copy where member = '$who@example.org'")"
  [ -n "$(notice $who)" ] || fail "$who is told nothing to do"; ok
done
says() { tr -s '\r\n ' ' ' <"$(notice "$1")" | grep -q "$2" || fail "$1 is told another case: $(cat "$(notice "$1")")"; ok; }
says short 'too short'
says x25519 'P-256, P-384 and P-521'
says short 'RSA of 2048 to 8192 bits or on one of the elliptic curves P-256, P-384 and P-521'
for who in mldsa long explicit brainpoolp256r1 secp256k1; do says $who 'kind or length that the list cannot encrypt with'; says $who 'RSA of 2048 to 8192 bits'; done
says roca 'what made it was faulty'
says roca 'by another program or device'
says long 'RSA key of more than 8192 bits'
says authority 'issuer of certificates'
says empty 'is damaged'
says noise 'is damaged'
says signer 'for signing only'
says past 'has expired'
says future 'not valid yet'
says nobody 'no certificate of yours'
for kind in $kinds; do paraph member del secure "${kind%:*}@example.org" >/dev/null; done

# --- revoked: nothing is sealed to it, though the CRL be stale (rule 23) --------------------------------------------------
member gone@example.org
check "import" paraph cert import pki/gone.pem
empty_mailboxes
send before
[ "$(copies gone)" = 1 ] || fail "gone has no copy before the revocation"; ok
echo 01 >pki/crl.number
openssl ca -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -revoke pki/gone.pem 2>/dev/null
sed -e 's/^\[test\]/[test]\ncrlnumber = pki\/crl.number/' pki/ca.conf >pki/crl.conf
openssl ca -gencrl -config pki/crl.conf -cert pki/ca.pem -keyfile pki/ca.key -crldays 30 -out pki/ca.crl 2>/dev/null
check "crl import" paraph crl import pki/ca.crl
next_day
empty_mailboxes
send after
[ "$(copies gone)" = 0 ] || fail "sealed to a revoked certificate"; ok
says gone 'has been revoked'
[ "$(copies bob)" = 1 ] || fail "bob was disturbed by a revocation"; ok
paraph member del secure gone@example.org >/dev/null

# --- learning: accepted mail only, one that is refused teaches nothing (rule 20) -------------------------------------------
empty_mailboxes
send stranger refused
[ ! -e $store/refused@example.org ] || fail "a refused post taught a certificate"; ok
make_signed hello refused sympa
paraph-queue sympa@lists.example.org <post/hello.eml
run_daemons
[ -e $store/refused@example.org ] || fail "sympa@ did not learn"; ok
paraph cert show refused@example.org | grep -q 'learned from <hello' || fail "$(paraph cert show refused@example.org)"; ok

# --- a companion (rule 21) ------------------------------------------------------------------------------------------------
make_person pair rsa digitalSignature
make_person second rsa keyEncipherment
openssl req -new -newkey rsa:2048 -nodes -keyout pki/pairenc.key -out pki/pairenc.req -config pki/ca.conf -subj "/CN=TEST pair" \
  -addext "subjectAltName=email:pair@example.org" -addext "keyUsage=critical,keyEncipherment" 2>/dev/null
openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions person -notext -in pki/pairenc.req \
  -out pki/pairenc.pem -startdate 20250101000000Z -enddate 20460101000000Z 2>/dev/null
openssl cms -sign -in post/kinds.txt -signer pki/pair.pem -inkey pki/pair.key -certfile pki/pairenc.pem -md sha256 \
  -from pair@example.org -to sympa@lists.example.org -subject pair -out post/pair.signed
{ printf 'Return-Path: <pair@example.org>\nMessage-ID: <pair@example.org>\n'; cat post/pair.signed; } | paraph-queue sympa@lists.example.org
run_daemons
[ -e $store/pair@example.org@sign ] && [ -e $store/pair@example.org@enc ] || fail "not both were learned"; ok
check "and can be sealed to" bash -c "paraph cert show pair@example.org | grep -q 'encrypt yes'"

# --- a stored certificate serves a signature that carries none ------------------------------------------------------------
empty_mailboxes
openssl cms -sign -nocerts -in post/kinds.txt -signer pki/bob.pem -inkey pki/bob.key -md sha256 -out post/bare.signed
openssl cms -encrypt -aes256 -in post/bare.signed -from bob@example.org -to secure@lists.example.org -subject bare \
  -out post/bare.encrypted site/list_data/secure/cert.pem
{ printf 'Return-Path: <bob@example.org>\nMessage-ID: <bare@example.org>\n'; cat post/bare.encrypted; } | paraph-queue secure@lists.example.org
run_daemons
[ "$(copies carol)" = 1 ] || fail "a signature without certificates: $(tail -3 incoming.log)"; ok

# --- what readers' programs state: openssl states AES-256-CBC first (rule 25) ----------------------------------------------
empty_mailboxes
send stating bob
paraph cert show bob@example.org --json | grep -q '"stated": "AES-256-CBC' || fail "$(paraph cert show bob@example.org --json)"; ok
[ "$(ledger "select distinct cipher from paraph_copy where outcome = 'sealed'")" = "AES-256-CBC" ] || fail "a weaker copy"; ok
printf '\ncipher aes-128-cbc\n' >>site/list_data/secure/config
empty_mailboxes
send preferred
for who in bob carol; do
  openssl cms -cmsout -print -noout -in "$(mail_for $who)" | grep -q 'aes-128-cbc' || fail "$who's copy is not what the list prefers"; ok
done
printf '\ncipher_floor aes-256-gcm\n' >>site/list_data/secure/config
empty_mailboxes
send floor
for who in bob carol; do
  grep -q 'smime-type=authEnveloped-data' "$(mail_for $who)" || fail "$who's copy is below the floor"
done
ok

# --- OAEP for the reader who states it (openssl never does: the word is added by hand), and for no other -----------------------
state() { python3 - "$1" <<'PY'
import sqlite3, sys
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("update paraph_capability set stated = " + sys.argv[1])
PY
  paraph cert set bob@example.org cipher= >/dev/null; }
is_oaep() { openssl cms -cmsout -print -noout -in "$(mail_for bob)" | grep -qi 'rsaesOaep'; }
! is_oaep || fail "OAEP for who does not state it"; ok
state "stated || ' OAEP'"
empty_mailboxes
send own_word
is_oaep || fail "PKCS #1 v1.5 for who states OAEP"; ok
state "replace(stated, ' OAEP', '')"

# --- OAEP: for all where the list says so, and for no EC key ---------------------------------------------------------------
printf '\nkey_transport oaep\n' >>site/list_data/secure/config
empty_mailboxes
send oaep
openssl cms -cmsout -print -noout -in "$(mail_for bob)" | grep -qi 'rsaesOaep' || fail "bob's copy is not OAEP"; ok
check "carol's opens" openssl cms -decrypt -in "$(mail_for carol)" -recip pki/carol.pem -inkey pki/carol.key -out opened.eml

# --- no openssl.cnf has a say (rule 47): with this one no program that reads it finds an algorithm -----------------------------
printf 'openssl_conf = all\n[all]\nalg_section = none\n[none]\ndefault_properties = provider=nobody\n' >nothing.cnf
! OPENSSL_CONF=$work/nothing.cnf openssl dgst -sha256 nothing.cnf >/dev/null 2>&1 || fail "openssl works under nothing.cnf"; ok
empty_mailboxes
make_post whatever alice secure
paraph-queue secure@lists.example.org <post/whatever.eml
OPENSSL_CONF=$work/nothing.cnf run_daemons
[ "$(copies bob)" = 1 ] || fail "an openssl.cnf has a say: $(tail -2 incoming.log distribute.log)"; ok

# --- a program that states less than before (rule 25): the owner hears of it, once ---------------------------------------------
# openssl always states the same: what was stated before is written into the database by hand
python3 - <<'PY'
import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db:
    db.execute("update paraph_capability set stated = 'AES-256-GCM ' || stated, signing_time = signing_time - 100000")
PY
falls() { mail_for alice | xargs -r grep -l 'reads less than before' | wc -l; }
empty_mailboxes
send fallen bob
[ "$(falls)" = 1 ] || fail "the owner was told $(falls) times: $(tail -3 incoming.log)"; ok
grep -q 'decrypt: AES-256-GCM' <(tr -s '\r\n ' ' ' <"$(mail_for alice | xargs grep -l 'reads less')") || fail "what fell is not named"; ok
empty_mailboxes
send fallen2 bob
[ "$(falls)" = 0 ] || fail "the owner hears of it again"; ok

# --- the author hears of those who could not read only where he may see the members (rule 30) -------------------------------
member nobody@example.org
next_day
empty_mailboxes
send unseen bob
[ -z "$(mail_for bob | xargs grep -l 'Your encrypted message' || true)" ] || fail "bob sees members he may not see"; ok
[ -n "$(mail_for alice | xargs grep -l 'nobody@example.org  missing' || true)" ] || fail "the owner is not told"; ok
mkdir -p site/etc/scenari
printf 'title.gettext anybody\n\ntrue() smtp,md5,smime -> do_it\n' >site/etc/scenari/review.anybody
printf '\nreview anybody\n' >>site/list_data/secure/config
empty_mailboxes
send seen bob
for mail in $(mail_for bob); do openssl cms -decrypt -in "$mail" -recip pki/bob.pem -inkey pki/bob.key -out "opened.$(basename "$mail")" 2>/dev/null || true; done
summary=$(grep -l 'nobody@example.org  missing' opened.* || true)
[ -n "$summary" ] || fail "the author is not told: $(tail -3 distribute.log)"; ok
! mail_for bob | xargs grep -l 'nobody@example.org' || fail "the author's summary is not sealed"; ok
grep -q 'smime-type=authEnveloped-data' "site/maildir/bob@example.org/new/${summary#opened.}" || fail "the summary is below the list's cipher_floor"; ok

# --- expiring, remind ---------------------------------------------------------------------------------------------------
make_person soon rsa "" 20250101000000Z "$(date -u -d '+10 days' +%Y%m%d000000Z)"
member soon@example.org
check "import" paraph cert import pki/soon.pem
refuse "somebody's ends soon" 1 paraph cert expiring
grep -q 'soon@example.org' refused.out || fail "$(cat refused.out)"; ok
refuse "for programs" 1 paraph cert expiring --json
grep -q '"address": "soon@example.org"' refused.out || fail "$(cat refused.out)"; ok
refuse "coverage" 2 paraph cert coverage secure
grep -q '^SOON .*soon@example.org .*expires .* days' refused.out || fail "$(cat refused.out)"; ok
# An editor is counted as one whether he is a member or not, and whose certificate ends soon is worth a warning.
paraph list create desk --owner alice@example.org >/dev/null 2>&1
make_person ina rsa
paraph cert import pki/ina.pem >/dev/null
paraph member add desk ina@example.org >/dev/null
paraph editor add desk ina@example.org >/dev/null
check "an editor who is a member" paraph cert coverage desk
paraph cert coverage desk | grep -q '1 of 1 receiving members .*editors 1 of 1' || fail "$(paraph cert coverage desk)"; ok
paraph editor add desk soon@example.org >/dev/null
refuse "an editor who soon cannot read" 1 paraph cert coverage desk
grep -q '^SOON .*soon@example.org .*(editor) expires .*never reminded' refused.out || fail "$(cat refused.out)"; ok
paraph editor add desk joe@example.org >/dev/null
make_person joe rsa1024
paraph cert import pki/joe.pem >/dev/null 2>&1
refuse "an editor who cannot" 2 paraph cert coverage desk
grep -q '^NO .*joe@example.org .*(editor) weak_key: RSA 1024, needs 2048: cannot read what he moderates' refused.out || fail "$(cat refused.out)"; ok
empty_mailboxes
check "dry run" paraph cert remind secure --dry-run
run_daemons
[ "$(count_for soon)" = 0 ] || fail "a dry run sends mail"; ok
check "remind" paraph cert remind secure
check "and again" paraph cert remind secure
run_daemons
[ "$(count_for soon)" = 1 ] && [ "$(count_for nobody)" = 1 ] && [ "$(count_for bob)" = 0 ] || fail "not one reminder each"; ok
# Rule 36: sealed while there is something to seal it to, and for members alone.
grep -q 'smime-type=authEnveloped-data' "$(mail_for soon)" || fail "a reminder is not sealed: $(cat "$(mail_for soon)")"; ok
! grep -q 'valid until' "$(mail_for soon)" || fail "a sealed reminder says it outside"; ok
check "and opens" openssl cms -decrypt -in "$(mail_for soon)" -recip pki/soon.pem -inkey pki/soon.key -out reminder.txt
[ "$(openssl cms -verify -in reminder.txt -CAfile pki/ca.pem 2>/dev/null | tr -s '\r\n ' ' ' | grep -c "valid until $(date -u -d '+10 days' +%F)")" = 1 ] ||
  fail "a reminder without its date: $(cat reminder.txt)"; ok
grep -q 'No certificate of yours' <(tr -s '\r\n ' ' ' <"$(mail_for nobody)") || fail "nobody's reminder: $(cat "$(mail_for nobody)")"; ok
paraph cert import pki/refused.pem >/dev/null 2>&1 || true
refuse "a stranger is not reminded" 66 paraph cert remind refused@example.org
check "one member by his address" paraph cert remind bob@example.org
run_daemons
[ "$(count_for refused)" = 0 ] && grep -q 'smime-type=' "$(mail_for bob)" || fail "bob's reminder is not sealed"; ok

# --- show: who is believed, whose member, and when last sealed to ---------------------------------------------------------
shown() { paraph cert show "$1@example.org" --json | python3 -c '
import json, sys
shown = json.load(sys.stdin)
print(shown["verify"], shown["verify_problem"], *shown["member_of"], *(each["last_sealed_to"].split("-")[0] for each in shown["certificates"]))'; }
[ "$(shown bob)" = "True  secure@lists.example.org $(date -u +%Y)" ] || fail "bob: $(shown bob)"; ok
[ "$(shown gone)" = "False revoked $(date -u +%Y)" ] || fail "gone: $(shown gone)"; ok
[ "$(shown past)" = "False expired never" ] || fail "past: $(shown past)"; ok
[ "$(shown nobody)" = "False missing secure@lists.example.org" ] || fail "nobody: $(shown nobody)"; ok
paraph cert show soon@example.org >shown.txt
grep -q 'verify yes until .*member of secure@lists.example.org' shown.txt && grep -q 'last sealed to never' shown.txt || fail "$(cat shown.txt)"; ok

# --- missed posts go after the retention, 14 days, and come before (the ledger's times are moved by hand) -----------------
ages() { python3 - "$1" <<'PY'
import sqlite3, sys
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("update paraph_missed set at = at - 86400 * ?", (int(sys.argv[1]),))
PY
}
make_person nobody rsa
send ancient
ages 2
send young
ages 13
run_daemons
[ "$(find site/spool/missed -type f | wc -l)" = 1 ] || fail "not the young one alone is kept: $(find site/spool/missed -type f)"; ok
empty_mailboxes
paraph cert import pki/nobody.pem >/dev/null 2>&1
run_daemons
[ "$(copies nobody)" = 1 ] || fail "nobody got $(copies nobody) of one"; ok
check "it opens" openssl cms -decrypt -in "$(mail_for nobody)" -recip pki/nobody.pem -inkey pki/nobody.key -out opened.eml
check "and is the young one" grep -q 'Secret words of young' opened.eml
[ "$(find site/spool/missed -type f | wc -l)" = 0 ] || fail "kept for nobody"; ok

# --- crl_check require: without a list at hand nothing is sealed ---------------------------------------------------------------
printf '\ncrl_check require\n' >>site/list_data/secure/config
empty_mailboxes
make_post unknown alice secure
paraph-queue secure@lists.example.org <post/unknown.eml
paraph-incoming --once 2>>incoming.log
rm -f site/crl/*
paraph-distribute --once 2>>distribute.log
[ "$(copies bob)" = 0 ] || fail "sealed though nothing is known of revocation"; ok
says bob 'revo'
[ "$(ledger "select distinct substr(reply, 1, 18) from paraph_copy where member = 'bob@example.org' and outcome = 'notice'")" = revocation_unknown ] ||
  fail "$(ledger "select * from paraph_copy where member = 'bob@example.org'")"; ok
finished
