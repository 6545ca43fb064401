#!/usr/bin/env bash
# Attack A38: whatever URLs certificates and messages name, nobody goes there. A listener counts who comes; at the end one who
# comes on purpose shows that it would have noticed.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

python3 -u -c '
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], file=open("port.new", "w"), flush=True)
import os; os.rename("port.new", "port")
while True:
    listener.accept()[0].close()
    print("somebody came", file=open("came", "a"), flush=True)' &
for _ in $(seq 200); do [ -s port ] && break; sleep 0.1; done
url=http://127.0.0.1:$(cat port)
: >came
nobody() { [ ! -s came ] || fail "$1: somebody went to a URL of the mail"; ok; }

make_ca
# naming NAME CA EXTENSION…: a certificate for NAME that names all the places a program could fetch from
naming() {
  local name=$1 ca=$2 more=()
  shift 2
  for extension in "$@" "authorityInfoAccess=OCSP;URI:$url/ocsp,caIssuers;URI:$url/$ca.cer" \
    "crlDistributionPoints=URI:$url/$ca.crl" "freshestCRL=URI:$url/delta.crl" "certificatePolicies=1.2.3.4,@cps"; do
    more+=(-addext "$extension")
  done
  { cat pki/ca.conf; printf '[cps]\npolicyIdentifier = 1.2.3.5\nCPS = %s/cps\n' "$url"; } >pki/naming.conf
  openssl req -newkey rsa:2048 -nodes -keyout "pki/$name.key" -out "pki/$name.req" -config pki/naming.conf -subj "/CN=TEST $name" \
    "${more[@]}" 2>/dev/null
  openssl x509 -req -in "pki/$name.req" -CA "pki/$ca.pem" -CAkey "pki/$ca.key" -days 700 -copy_extensions copyall \
    -out "pki/$name.pem" 2>/dev/null
}
usage="keyUsage=critical,digitalSignature,keyEncipherment"
naming middle ca "basicConstraints=critical,CA:TRUE" "keyUsage=critical,keyCertSign"
naming alice ca "$usage" "extendedKeyUsage=emailProtection" "subjectAltName=email:alice@example.org,URI:$url/alice"
naming bob ca "$usage" "extendedKeyUsage=emailProtection" "subjectAltName=email:bob@example.org"
naming carol middle "$usage" "extendedKeyUsage=emailProtection" "subjectAltName=email:carol@example.org"
openssl x509 -in pki/alice.pem -noout -text | grep -c "$url" | grep -qx 6 || fail "the certificate does not name the places"

make_site
for list in soft require; do
  make_list $list alice@example.org
  printf '\ncrl_check %s\n' "$list" >>"site/list_data/$list/config"
done
paraph member add soft alice@example.org bob@example.org carol@example.org >/dev/null
paraph member add require alice@example.org bob@example.org >/dev/null

paraph cert import pki/alice.pem pki/bob.pem pki/carol.pem >/dev/null 2>&1
for address in alice bob carol; do paraph cert show $address@example.org >/dev/null 2>&1; done
for list in soft require; do paraph cert coverage $list >/dev/null 2>&1 || true; done
for verb in "ca check" "crl check" "crl show" status check fsck; do
  # shellcheck disable=SC2086
  paraph $verb >/dev/null 2>&1 || true
done
nobody "verbs"

make_signed issued alice soft
make_signed waits alice require
make_signed incomplete carol soft
make_post sealed alice soft
for name in issued waits incomplete; do
  for mode in off soft require; do
    paraph message inspect "post/$name.signed" --ca pki/ca.pem --crl-check $mode --json >"$name.$mode.json"
  done
done
paraph message inspect post/sealed.eml --list soft --json >sealed.json
grep -q '"smime"' issued.soft.json || fail "the post does not count"; ok
grep -q '"waits_for_crl"' waits.require.json || fail "no list is asked for"; ok
grep -q '"untrusted_issuer"' incomplete.off.json || fail "the intermediate was found"; ok
nobody "inspection"

# A signed text that lies elsewhere (RFC 2046 §5.2.3).
printf 'Content-Type: message/external-body; access-type=URL; URL="%s/body"\r\n\r\nContent-Type: text/html\r\n\r\n' "$url" >post/away.txt
openssl cms -sign -in post/away.txt -signer pki/alice.pem -inkey pki/alice.key -md sha256 -from alice@example.org \
  -to soft@lists.example.org -subject Away -out post/away.signed
{ printf 'Message-ID: <away@example.org>\n'; cat post/away.signed; } >post/away.eml

for name in issued sealed away incomplete; do paraph-queue soft@lists.example.org <"post/$name.eml"; done
paraph-queue require@lists.example.org <post/waits.eml
run_daemons
run_daemons
[ "$(count_for bob)" -ge 1 ] || fail "nothing was distributed"; ok
ls site/spool/msg/require@* >/dev/null 2>&1 || fail "the post under require does not wait"; ok
nobody "daemons"

exec 3<>"/dev/tcp/127.0.0.1/$(cat port)"
for _ in $(seq 200); do [ -s came ] && break; sleep 0.1; done
[ -s came ] || fail "the listener notices nobody"; ok
finished
