#!/usr/bin/env bash
# Revocation lists: a post waits for one under `crl_check require`, goes on when it is imported, and is refused when it names the
# signer. `crl fetch` takes only what is written down and signed by a CA at hand.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob rsa
make_site
make_list secure alice@example.org
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
printf '\ncrl_check require\n' >>site/list_data/secure/config
echo 01 >pki/crl.number
# make_crl FILE DAYS: of the CA, with what ca.index says
make_crl() {
  sed -e 's/^\[test\]/[test]\ncrlnumber = pki\/crl.number\ncrl_extensions = crl/' -e '$a[crl]\nauthorityKeyIdentifier = keyid' \
    pki/ca.conf >pki/crl.conf
  openssl ca -gencrl -config pki/crl.conf -cert pki/ca.pem -keyfile pki/ca.key -crldays "$2" -out "$1" 2>/dev/null
}
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
accept() { make_post "$1" "$2" secure; paraph-queue secure@lists.example.org <"post/$1.eml" || fail "$1 was not accepted"; }

refuse "a CA without a list is critical under require" 2 paraph crl check
accept first alice
run_daemons
is "copies before there is a list" "$(count_for bob)" 0
ls site/spool/msg/secure* >/dev/null 2>&1 || fail "the post does not wait"
paraph spool list | grep -q . || fail "spool list does not show it"
grep -q "no revocation list of CN=TEST ONLY CA" incoming.log || { cat incoming.log; fail "the log does not say what is missing"; }

make_crl good.pem 30
check "import" paraph crl import good.pem >/dev/null
paraph crl import good.pem | grep -q "already there" || fail "imported twice"
check "all is well" paraph crl check >/dev/null
paraph spool flush >/dev/null 2>&1 || true
run_daemons
is "copies once there is one" "$(count_for bob)" 1
paraph crl show --json | python3 -c '
import json, sys
[crl] = json.load(sys.stdin)
assert crl["verified"] and not crl["stale"] and crl["entries"] == 0, crl' || fail "crl show"

# A damaged file concerns nobody else.
echo nonsense >site/crl/broken.crl
chmod 600 site/crl/broken.crl
refuse "a file that is no list is named" 1 paraph crl check
accept second alice
run_daemons
is "copies with a damaged file beside" "$(count_for bob)" 2
rm site/crl/broken.crl

# Revoked, by a newer list; the older one does not come back.
openssl ca -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -revoke pki/alice.pem 2>/dev/null
make_crl revoked.pem 30
check "import of the newer one" paraph crl import revoked.pem >/dev/null
paraph crl import good.pem | grep -q "a newer one is there" || fail "an older list came back"
accept third alice
run_daemons
is "copies of a revoked signer's post" "$(count_for bob)" 2
paraph message inspect post/third.signed --list secure --json | grep -q '"revoked"' || fail "inspect does not say revoked"

# Stale, or soon.
rm site/crl/*.crl
make_crl short.pem 1
check "import of a short one" paraph crl import short.pem >/dev/null
refuse "what grows stale within two days is named" 1 paraph crl check

if [ -x /usr/bin/curl ]; then
  refuse "nothing is fetched that nobody wrote down" 78 paraph crl fetch
  mkdir www
  make_crl long.pem 90
  openssl crl -in long.pem -outform DER -out www/ca.crl
  openssl req -x509 -newkey rsa:2048 -nodes -keyout foreign.key -out foreign.pem -days 10 -subj "/CN=TEST ONLY CA" \
    -addext keyUsage=cRLSign 2>/dev/null
  openssl ca -gencrl -config pki/crl.conf -cert foreign.pem -keyfile foreign.key -crldays 90 -out forged.pem 2>/dev/null
  openssl crl -in forged.pem -outform DER -out www/forged.crl
  python3 -u -c '
import functools, http.server
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="www")
server = http.server.HTTPServer(("127.0.0.1", 0), handler)
server.timeout = 60
open("port", "w").write(f"{server.server_port}\n")
for _ in range(10): server.handle_request()' 2>/dev/null &
  for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
  printf 'crl_url http://127.0.0.1:%s/forged.crl\n' "$(cat port)" >>site/paraph.conf
  refuse "a list that no CA at hand has signed is not stored" 65 paraph crl fetch
  paraph crl check >crl.out && fail "the forged list counts"
  ok
  printf 'crl_url http://127.0.0.1:%s/ca.crl\n' "$(cat port)" >>site/paraph.conf
  paraph crl fetch >fetched.out 2>/dev/null || true
  grep -q stored fetched.out || fail "the CA's own list was not fetched"
  check "fetched and current" paraph crl check >/dev/null
fi
finished
