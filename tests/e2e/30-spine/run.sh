#!/usr/bin/env bash
# The main job: an encrypted and signed post enters through paraph-queue, and every subscriber gets a copy that only he
# can open, or a notice that says why not.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

canary="canary-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"
make_ca
make_person alice rsa
make_person bob ec
make_person dave rsa "" 20230101000000Z 20240101000000Z
make_person erin rsa none   # no keyUsage: serves for both (RFC 8550 §4.4.2)
make_person mallory rsa
make_site
make_list secure olga@example.org
check "members" paraph member add secure alice@example.org bob@example.org carol@example.org dave@example.org erin@example.org
check "certificates" paraph cert import pki/bob.pem pki/dave.pem pki/erin.pem

# --- encrypted and signed ------------------------------------------------------------------------------------------
make_post one alice secure "The $canary word."
paraph-queue secure@lists.example.org <post/one.eml || fail "queue"
run_daemons
for who in alice bob erin; do
  [ "$(count_for $who)" = 1 ] || fail "$who has $(count_for $who) mails"
  check "$who opens the copy" opens "$(mail_for $who)" "$who" post/one.txt
  grep -q '^List-Id: <secure.lists.example.org>' "$(mail_for $who)" || fail "List-Id of $who"
done
# one summary, for the owner
[ "$(count_for olga)" = 1 ] || fail "olga has $(count_for olga) mails"; ok
for who in 'carol@example.org  missing' 'dave@example.org  expired'; do
  grep -q "^  $who" "$(mail_for olga)" || fail "the summary does not say: $who"; ok
done
# alice's certificate was nowhere but in her post: it was learned, and then used to seal her copy
check "learned" test -f site/X509-user-certs/alice@example.org
! openssl cms -decrypt -in "$(mail_for alice)" -recip pki/bob.pem -inkey pki/bob.key -out /dev/null 2>/dev/null || fail "bob opens alice's copy"
ok
for copy in alice bob; do
  serials=$(openssl cms -cmsout -print -noout -in "$(mail_for $copy)" | grep -c 'serialNumber:')
  [ "$serials" = 1 ] || fail "$copy's copy names $serials recipients"; ok
done
for who in carol dave; do
  [ "$(count_for $who)" = 1 ] || fail "$who has $(count_for $who) mails"
  check "$who's notice is signed by the list" openssl cms -verify -in "$(mail_for $who)" -CAfile pki/ca.pem -out notice.txt
  ! grep -q 'Post one' "$(mail_for $who)" notice.txt || fail "the notice quotes the subject"
done
grep -qi 'expired' notice.txt || fail "dave is not told that his certificate expired"
[ "$(ledger "select outcome, count(*) from paraph_copy group by outcome order by 1" | tr '\n' ' ')" = "notice|2 plain|1 sealed|3 " ] ||
  fail "ledger: $(ledger 'select * from paraph_copy')"; ok
[ "$(ledger 'select outcome from paraph_mail where list = "secure@lists.example.org" and outcome <> "service"')" = distributed ] || fail "ledger of the mail"; ok
[ "$(paraph spool list)" = "nothing waits" ] || fail "$(paraph spool list)"; ok

# the canary is nowhere: site, logs, or what left
check "no canary anywhere" bash -c "! grep -rq '$canary' site incoming.log distribute.log"
# and the grep would have found it
echo "$canary" >site/probe && grep -rq "$canary" site || fail "the canary search is blind"
rm site/probe

# --- made and opened by gpgsm's rules: RSA with CBC, by a second program -------------------------------------------
if command -v gpgsm >/dev/null; then
  export GNUPGHOME=$work/gnupg
  mkdir -m 700 "$GNUPGHOME"
  printf 'disable-crl-checks\ndisable-policy-checks\n' >"$GNUPGHOME/gpgsm.conf"
  echo allow-loopback-pinentry >"$GNUPGHOME/gpg-agent.conf"
  openssl pkcs12 -export -legacy -descert -in pki/alice.pem -inkey pki/alice.key -passout pass:test -out alice.p12
  echo test | gpgsm --batch --no-tty --pinentry-mode loopback --passphrase-fd 0 --import alice.p12 2>/dev/null || true
  gpgsm --batch --import pki/ca.pem pki/secure.pem 2>/dev/null || true
  fingerprint=$(openssl x509 -in pki/ca.pem -noout -fingerprint -sha1 | cut -d= -f2)
  echo "$fingerprint S relax" >"$GNUPGHOME/trustlist.txt"
  gpgconf --kill all
  sed -n '/^$/,$p' "$(mail_for alice)" | tail -n +2 | base64 -d >alice.p7m
  if echo test | gpgsm --batch --no-tty --pinentry-mode loopback --passphrase-fd 0 --decrypt --output gpgsm.eml alice.p7m 2>gpgsm.log; then
    check "gpgsm reads what openssl reads" openssl cms -verify -in gpgsm.eml -CAfile pki/ca.pem -out gpgsm.txt
    check "the same octets" cmp gpgsm.txt post/one.txt
    # and the other way round: signed and encrypted by gpgsm
    empty_mailboxes
    printf 'Content-Type: text/plain\r\n\r\nBy another program.\r\n' >gpg.txt
    if echo test | gpgsm --batch --no-tty --pinentry-mode loopback --passphrase-fd 0 -u alice@example.org --base64 --detach-sign -o gpg.sig gpg.txt 2>gpgsm.log; then
      { printf 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="of-gpgsm"\r\n\r\n--of-gpgsm\r\n'
        cat gpg.txt; printf '\r\n--of-gpgsm\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        grep -v '^-----' gpg.sig; printf '\r\n--of-gpgsm--\r\n'; } >gpg.signed
      gpgsm --batch --no-tty -r secure@lists.example.org --base64 --encrypt -o gpg.p7m gpg.signed 2>gpgsm.log || fail "gpgsm --encrypt: $(cat gpgsm.log)"
      { printf 'Return-Path: <alice@example.org>\nMessage-ID: <gpg@example.org>\nFrom: alice@example.org\nTo: secure@lists.example.org\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n'
        grep -v '^-----' gpg.p7m; } | paraph-queue secure@lists.example.org
      run_daemons
      check "bob opens gpgsm's post" opens "$(mail_for bob)" bob gpg.txt
    else echo "SKIP: gpgsm cannot sign here: $(cat gpgsm.log)"; fi
  else echo "SKIP: gpgsm cannot decrypt here: $(cat gpgsm.log)"; fi
  gpgconf --kill all
else echo "SKIP: no gpgsm"; fi

# --- who may not ---------------------------------------------------------------------------------------------------
refused_count() { ledger "select count(*) from paraph_mail where outcome='rejected'"; }
empty_mailboxes
before=$(refused_count)
make_post stranger mallory secure
sed -i 's/^From: mallory@/From: alice@/' post/stranger.eml   # mallory's signature, alice's name
paraph-queue secure@lists.example.org <post/stranger.eml
plain unsigned alice secure | paraph-queue secure@lists.example.org
run_daemons
[ "$(refused_count)" = $((before + 2)) ] || fail "refusals: $(ledger 'select outcome, reason from paraph_mail')"; ok
[ "$(count_for bob)" = 0 ] || fail "a refused post reached bob"; ok
ledger "select reason from paraph_mail where outcome='rejected'" | grep -q signer_is_not_sender || fail "no reason"; ok
grep -q 'X-Paraph; ' "$(mail_for alice | head -1)" || fail "alice got no report"; ok

# --- signed, not encrypted: goes on octet for octet ----------------------------------------------------------------
empty_mailboxes
make_signed clear alice secure
paraph-queue secure@lists.example.org <post/clear.eml
run_daemons
check "the clear-signed copy verifies" openssl cms -verify -in "$(mail_for bob)" -CAfile pki/ca.pem -out clear.txt
check "over the same octets" cmp clear.txt post/clear.txt
body() { sed '1,/^\r\{0,1\}$/d' "$1"; }
check "body octet for octet" cmp <(body post/clear.eml) <(body "$(mail_for bob)")

# --- a key of nobody here: intact on a public list, refused on a sealed one ----------------------------------------
empty_mailboxes
make_list open alice@example.org open
paraph member add open bob@example.org >/dev/null
openssl cms -encrypt -aes256 -in post/one.txt -from alice@example.org -to open@lists.example.org -subject foreign \
  -out foreign.enc pki/dave.pem
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <foreign@example.org>\n'; cat foreign.enc; } >foreign.eml
paraph-queue open@lists.example.org <foreign.eml
run_daemons
check "intact" cmp <(body foreign.eml) <(body "$(mail_for bob)")

# --- AES-GCM is read, EC list keys work ---------------------------------------------------------------------------
empty_mailboxes
make_list curve alice@example.org sealed ec
paraph member add curve bob@example.org >/dev/null
make_post curve alice curve   # signed anew: the same signature on another list is held
openssl cms -encrypt -aes-256-gcm -in post/curve.signed -from alice@example.org -to curve@lists.example.org \
  -subject gcm -out gcm.enc site/list_data/curve/cert.pem
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <gcm@example.org>\n'; cat gcm.enc; } | paraph-queue curve@lists.example.org
run_daemons
check "GCM to an EC key opens" opens "$(mail_for bob)" bob post/curve.txt

# --- sympa@ stores a certificate and says so, signed by the site ---------------------------------------------------
empty_mailboxes
paraph key generate site >/dev/null 2>&1
openssl x509 -req -in site/list_data/sympa/request.pem -CA pki/ca.pem -CAkey pki/ca.key -days 700 -copy_extensions copyall -out pki/site.pem 2>/dev/null
paraph key install site --cert pki/site.pem >/dev/null 2>&1
make_signed hello mallory sympa
paraph-queue sympa@lists.example.org <post/hello.eml
run_daemons
check "the answer is signed by the site" openssl cms -verify -in "$(mail_for mallory)" -CAfile pki/ca.pem -out answer.txt
serial=$(openssl x509 -in pki/mallory.pem -noout -serial | cut -d= -f2)
grep -qi "$serial" answer.txt || fail "the answer does not name the certificate: $(cat answer.txt)"; ok
grep -qi '^Auto-Submitted: auto-replied' "$(mail_for mallory)" || fail "not marked as automatic"; ok
check "stored" test -f site/X509-user-certs/mallory@example.org
empty_mailboxes
{ head -2 post/hello.eml; echo "Auto-Submitted: auto-replied"; tail -n +3 post/hello.eml; } | sed 's/<hello\./<auto./' | paraph-queue sympa@lists.example.org
run_daemons
[ "$(count_for mallory)" = 0 ] || fail "an automaton was answered"; ok
# an encrypted one is opened first
make_post hello mallory sympa   # signed anew
openssl cms -encrypt -aes256 -in post/hello.signed -from mallory@example.org -to sympa@lists.example.org -subject x -out hello.enc site/list_data/sympa/cert.pem
{ printf 'Return-Path: <mallory@example.org>\nMessage-ID: <hello.enc@example.org>\n'; cat hello.enc; } | paraph-queue sympa@lists.example.org
run_daemons
[ "$(count_for mallory)" = 1 ] || fail "the encrypted one was not answered"; ok
finished
