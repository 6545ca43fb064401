#!/usr/bin/env bash
# The certificate store over time: who may replace whose certificate, whom nothing is sealed to, what a member who
# missed posts is told, and how a mended certificate brings them.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob rsa
make_person carol ec
make_person ellen rsa
make_person weak rsa1024
make_site
make_list secure alice@example.org
make_list elsewhere oscar@example.org
paraph member add secure alice@example.org bob@example.org carol@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null

# another CA, as trusted as the first
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/other.key -out pki/other.pem -days 3650 -config pki/ca.conf \
  -extensions root -subj "/CN=TEST other CA" 2>/dev/null
cat pki/other.pem >>site/ca.pem
# by_other NAME FILE: a certificate for NAME's address by the other CA, begun later
by_other() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "pki/$2.key" -out "pki/$2.req" -config pki/ca.conf -subj "/CN=TEST $2" \
    -addext "subjectAltName=email:$1@example.org" -addext "keyUsage=critical,digitalSignature,keyEncipherment" 2>/dev/null
  openssl ca -batch -config pki/ca.conf -cert pki/other.pem -keyfile pki/other.key -extensions person -notext \
    -in "pki/$2.req" -out "pki/$2.pem" -startdate 20260101000000Z -enddate 20460101000000Z 2>/dev/null
}
digest_of() { openssl x509 -in "pki/$1.pem" -noout -fingerprint -sha256 | cut -d= -f2 | tr -d :; }
in_use() { cmp -s <(openssl x509 -in "site/X509-user-certs/$1@example.org" -outform DER) <(openssl x509 -in "pki/$2.pem" -outform DER); }

# --- who cannot read: one notice a day, and the posts are kept as ciphertext ------------------------------------------
canary="canary-$(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"
for i in 1 2 3; do make_post "missed$i" alice secure "The $canary word of $i."; paraph-queue secure@lists.example.org <"post/missed$i.eml"; done
run_daemons
[ "$(count_for bob)" = 3 ] || fail "bob has $(count_for bob) copies"; ok
[ "$(count_for carol)" = 1 ] || fail "carol was told $(count_for carol) times"; ok
# It is a message of its own, though in the post's packet: its bounces go to nobody (attack A31, RFC 3834 §3.3).
grep -qx 'Return-Path: <>' "$(mail_for carol)" || fail "the notice leaves with $(grep Return-Path: "$(mail_for carol)")"; ok
[ "$(mail_for bob | xargs grep -lx 'Return-Path: <secure-owner@lists.example.org>' | wc -l)" = 3 ] || fail "the copies leave otherwise"; ok
[ "$(ledger "select outcome, count(*) from paraph_copy where member='carol@example.org' group by 1 order by 1" | tr '\n' ' ')" = "missed|2 notice|1 " ] ||
  fail "carol's copies: $(ledger "select * from paraph_copy where member='carol@example.org'")"; ok
[ "$(find site/spool/missed -type f | wc -l)" = 3 ] || fail "not all three are kept"; ok
check "kept as ciphertext" bash -c "! grep -rq '$canary' site"
code=0; paraph cert coverage secure >coverage.txt 2>/dev/null || code=$?
[ $code = 2 ] || fail "coverage: exit $code"; ok
grep -q '^secure@lists.example.org: 2 of 3 receiving members can read' coverage.txt || fail "$(cat coverage.txt)"; ok
grep -q '^NO .*carol@example.org .*no certificate .*3 posts missed .*asked 20' coverage.txt || fail "$(cat coverage.txt)"; ok

# One summary per post for the owners (alice, who is also the author), and none when everybody could read.
summaries() { mail_for "$1" | xargs -r grep -l 'could not$\|could not read' | xargs -r grep -l 'paraph cert coverage\|Your encrypted message' || true; }
[ "$(summaries alice | wc -l)" = 3 ] || fail "$(summaries alice | wc -l) summaries for the owner"; ok
grep -q 'carol@example.org  missing' "$(summaries alice | head -1)" || fail "the summary names nobody: $(cat "$(summaries alice | head -1)")"; ok
! summaries alice | xargs grep -l "Post missed" || fail "a summary quotes the Subject"; ok

# --- a mended certificate brings them, once --------------------------------------------------------------------------
empty_mailboxes
paraph cert import pki/carol.pem >/dev/null 2>import.txt
grep -q '3 missed posts' import.txt || fail "import says: $(cat import.txt)"; ok
paraph cert import pki/carol.pem >/dev/null 2>&1
run_daemons
[ "$(count_for carol)" = 3 ] || fail "carol got $(count_for carol) of three"; ok
[ "$(count_for bob)" = 0 ] || fail "bob got something again"; ok
for copy in $(mail_for carol); do
  openssl cms -decrypt -in "$copy" -recip pki/carol.pem -inkey pki/carol.key -out opened.eml && grep -q "$canary" opened.eml || fail "$copy does not open"
done; ok
[ "$(find site/spool/missed -type f | wc -l)" = 0 ] || fail "kept for nobody"; ok
check "all can read" paraph cert coverage secure

# --- another issuer's certificate waits (attack A6) -------------------------------------------------------------------
empty_mailboxes
by_other bob bob2
cp pki/bob.pem pki/first.pem
openssl cms -sign -in post/missed1.txt -signer pki/bob2.pem -inkey pki/bob2.key -md sha256 -from bob@example.org \
  -to sympa@lists.example.org -subject hello -out post/poison.signed
for id in one two; do
  { printf 'Return-Path: <bob@example.org>\nMessage-ID: <poison-%s@example.org>\n' $id; cat post/poison.signed; } | paraph-queue sympa@lists.example.org
  run_daemons
done
check "sealing stays on the old one" in_use bob first
paraph cert history bob@example.org | grep -q '^pending' || fail "$(paraph cert history bob@example.org)"; ok
# told MEMBER WHO…: each of them once that a certificate of MEMBER waits
told() {
  local member=$1 who; shift
  for who in "$@"; do
    [ "$(mail_for "$who" | xargs -r grep -l "A certificate of $member@example.org waits for approval" | wc -l)" = 1 ] || fail "$who was not told once of $member"; ok
  done
}
told bob bob alice listmaster   # at sympa@ first: the owner of his list, too
[ "$(count_for oscar)" = 0 ] || fail "told is who owns no list of bob's"; ok
check "accepted" paraph cert accept bob@example.org "$(digest_of bob2)"
check "then it is used" in_use bob bob2
paraph cert history bob@example.org | grep -q '^history' || fail "no history"; ok
empty_mailboxes
by_other carol carol2
for id in three four; do   # and at a list first: the listmaster, who can accept it, too
  make_signed "poison-$id" carol2 secure
  sed -i 's/carol2@/carol@/' "post/poison-$id.eml"
  paraph-queue secure@lists.example.org <"post/poison-$id.eml"
  run_daemons
done
told carol carol alice listmaster

# --- a pin stays; what is removed does not come back ------------------------------------------------------------------
check "pin" paraph cert pin alice@example.org
make_person alice rsa "" 20260601000000Z
cp pki/alice.pem pki/alice2.pem; cp pki/alice.key pki/alice2.key
old=$(openssl x509 -in site/X509-user-certs/alice@example.org -noout -serial)
make_post pinned alice2 secure
sed -i 's/alice2@/alice@/' post/pinned.eml
paraph-queue secure@lists.example.org <post/pinned.eml
run_daemons
[ "$(openssl x509 -in site/X509-user-certs/alice@example.org -noout -serial)" = "$old" ] || fail "a pinned certificate moved"; ok
refuse "a digest that nothing has" 66 paraph cert accept alice@example.org 00000000
check "unpin" paraph cert unpin alice@example.org
make_post unpinned alice2 secure
sed -i 's/alice2@/alice@/' post/unpinned.eml
paraph-queue secure@lists.example.org <post/unpinned.eml
run_daemons
check "then the newer one comes" in_use alice alice2
check "remove" paraph cert remove alice@example.org
[ ! -e site/X509-user-certs/alice@example.org ] || fail "the file is still there"; ok
make_post removed alice2 secure
sed -i 's/alice2@/alice@/' post/removed.eml
paraph-queue secure@lists.example.org <post/removed.eml
run_daemons
[ ! -e site/X509-user-certs/alice@example.org ] || fail "mail brought a removed certificate back"; ok
check "import brings it back" paraph cert import pki/alice2.pem

# --- nobody's CA: sealed to only when pinned, and only where the list says so (rule 19) -------------------------------
empty_mailboxes
openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/self.key -out pki/self.pem -days 700 -subj "/CN=TEST self" \
  -addext "subjectAltName=email:self@example.org" -addext "basicConstraints=critical,CA:FALSE" \
  -addext "keyUsage=critical,digitalSignature,keyEncipherment" 2>/dev/null
paraph member add secure self@example.org >/dev/null
paraph cert import pki/self.pem >/dev/null 2>&1
send() { make_post "$1" alice2 secure; sed -i 's/alice2@/alice@/' "post/$1.eml"; paraph-queue secure@lists.example.org <"post/$1.eml"; run_daemons; }
copies_of() { ledger "select outcome from paraph_copy c join paraph_mail m on m.id=c.mail_id where member='$1@example.org' order by m.received desc, m.id desc"; }
send untrusted
refuse "self cannot read" 2 paraph cert coverage secure
grep -q 'NO .*self@example.org .*untrusted' refused.out || fail "$(cat refused.out)"; ok
grep -q 'issuer' "$(mail_for self)" || fail "self is not told why"; ok
check "pin it" paraph cert pin self@example.org
send pinned-only
[ "$(mail_for self | xargs grep -l 'enveloped-data' | wc -l)" = 0 ] || fail "a pin counts without trust ca+pins"; ok
printf '\ntrust ca+pins\n' >>site/list_data/secure/config
send trusted
mail_for self | xargs grep -l 'enveloped-data' | xargs -r grep -q '^Subject: .*Post trusted' || fail "pinned and trusted, but not sealed to"; ok

# --- members with unusable certificates disturb nobody (A36) ----------------------------------------------------------
paraph member add secure weak@example.org empty@example.org authority@example.org >/dev/null
paraph cert import pki/weak.pem >/dev/null 2>&1
: >site/X509-user-certs/empty@example.org
cp pki/ca.pem site/X509-user-certs/authority@example.org
empty_mailboxes
send disturbed
[ "$(count_for bob)" = 1 ] && [ "$(count_for carol)" = 1 ] || fail "somebody was disturbed"; ok
for who in weak empty authority; do [ "$(count_for $who)" = 1 ] || fail "$who got no notice"; done; ok

# Coverage has a table's words for each: neither whose certificate it is nor where its file lies.
make_person olaf rsa "" 20240101000000Z 20241102000000Z
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:brainpoolP256r1 -nodes -keyout pki/kurt.key -out pki/kurt.req -config pki/ca.conf \
  -subj "/CN=TEST kurt" -addext "subjectAltName=email:kurt@example.org" -addext "keyUsage=critical,digitalSignature,keyAgreement" 2>/dev/null
openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions person -notext -in pki/kurt.req -out pki/kurt.pem \
  -startdate 20250101000000Z -enddate 20460101000000Z 2>/dev/null
paraph list create table --owner alice@example.org >/dev/null 2>&1
paraph member add table bob@example.org olaf@example.org kurt@example.org weak@example.org nobody@example.org fifo@example.org folder@example.org \
  nonsense@example.org empty@example.org authority@example.org >/dev/null
paraph editor add table dan@example.org >/dev/null
for who in olaf kurt; do cp pki/$who.pem "site/X509-user-certs/$who@example.org"; done
mkfifo site/X509-user-certs/fifo@example.org
mkdir site/X509-user-certs/folder@example.org
printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >site/X509-user-certs/nonsense@example.org
refuse "somebody cannot read" 2 paraph cert coverage table
cp refused.out table.txt
while read -r line; do
  sed 's/   */ | /g' table.txt | grep -qE "^NO \| $line" || fail "no '$line' in: $(cat table.txt)"; ok
done <<'LINES'
olaf@example.org \| expired 2024-11-02 \|
weak@example.org \| weak_key: RSA 1024, needs 2048 \|
nobody@example.org \| no certificate \|
kurt@example.org \| (weak|unsupported)_key: EC brainpoolP256r1, needs P-256, P-384 or P-521 \|
fifo@example.org \| unreadable: is not a regular file \|
folder@example.org \| unreadable: is a directory \|
nonsense@example.org \| unreadable: [^|/]* \|
dan@example.org \| \(editor\) no certificate: cannot read what he moderates
LINES
! grep -q '/\|CN=' table.txt || fail "a path or a name: $(cat table.txt)"; ok
rm -r site/X509-user-certs/{fifo,folder,nonsense,olaf,kurt}@example.org

# The next notice, a day later, counts what was missed until then.
! grep -q 'you have missed' "$(mail_for weak)" || fail "a first notice counts"; ok
empty_mailboxes
send sameday
[ "$(count_for weak)" = 0 ] || fail "told twice a day"; ok
next_day
send nextday
[ "$(count_for weak)" = 1 ] || fail "weak was told $(count_for weak) times"; ok
tr -s '\r\n ' ' ' <"$(mail_for weak)" | grep -q 'you have missed 3 encrypted messages' || fail "it counts: $(cat "$(mail_for weak)")"; ok

# --- ciphers: what a reader's program states, what is set for him, the floor ------------------------------------------
cipher_for() { ledger "select c.cipher from paraph_copy c join paraph_mail m on m.id=c.mail_id where c.member='$1@example.org' and c.outcome='sealed' order by m.rowid desc limit 1" 2>/dev/null ||
  ledger "select c.cipher from paraph_copy c join paraph_mail m on m.id=c.mail_id where c.member='$1@example.org' and c.outcome='sealed' order by m.received desc, m.id desc limit 1"; }
sleep 1
check "set" paraph cert set carol@example.org cipher=aes-256-gcm
empty_mailboxes
send gcm
grep -q 'smime-type=authEnveloped-data' "$(mail_for carol)" || fail "carol's copy is not GCM"; ok
grep -q 'smime-type=enveloped-data' "$(mail_for bob)" || fail "bob's copy is not CBC"; ok
check "opens" openssl cms -decrypt -in "$(mail_for carol)" -recip pki/carol.pem -inkey pki/carol.key -out opened.eml
check "set below the floor" paraph cert set bob@example.org cipher=aes-128-cbc
printf '\ncipher_floor aes-256-cbc\n' >>site/list_data/secure/config
empty_mailboxes
send floor
openssl cms -cmsout -print -noout -in "$(mail_for bob)" | grep -q 'aes-256-cbc' || fail "below the floor"; ok

# --- too few could read it: an editor's to release --------------------------------------------------------------------
printf '\nencrypted_post_min_coverage 90\n' >>site/list_data/secure/config
empty_mailboxes
send few
[ "$(count_for bob)" = 0 ] || fail "distributed though too few can read it"; ok
paraph spool list | grep -q 'coverage: ' || fail "$(paraph spool list)"; ok

# --- LDIF and PKCS#7 --------------------------------------------------------------------------------------------------
{ printf 'version: 1\n\ndn: cn=Ellen,dc=example,dc=org\nmail: ellen@example.org\nuserCertificate;binary:: '
  openssl x509 -in pki/ellen.pem -outform DER | base64 -w 60 | sed '2,$s/^/ /'; } >ellen.ldif
check "LDIF" paraph cert import ellen.ldif
check "stored" in_use ellen ellen
paraph cert history ellen@example.org --json | grep -q '"source": "ldif"' || fail "no source"; ok
for kind in ldif pem; do
  { printf '\xef\xbb\xbf'; cat ellen.$kind 2>/dev/null || cat pki/ellen.pem; } >marked.$kind
  paraph cert import marked.$kind | grep -q 'ellen@example.org.*already there' || fail "$kind with a byte order mark"; ok
done
refuse "nothing but CAs" 65 paraph cert import pki/ca.pem
grep -q "pki/ca.pem: CN=TEST ONLY CA is a CA's certificate, and nobody's own: nothing is stored. To trust that CA: paraph ca add FILE" refused.err || fail "$(cat refused.err)"; ok
refuse "whoever it is said to be for" 65 paraph cert import --for ellen@example.org pki/ca.pem --dry-run
cat pki/ca.pem pki/other.pem >cas.pem
refuse "several, and a file behind them" 65 paraph cert import cas.pem pki/ellen.pem
grep -q 'cas.pem: CN=TEST ONLY CA and 1 more are each' refused.err || fail "$(cat refused.err)"; ok
grep -q 'ellen@example.org.*already there' refused.out || fail "the other file: $(cat refused.out)"; ok
{ printf 'dn: cn=CA\nmail: authority@example.org\nuserCertificate:: '; openssl x509 -in pki/ca.pem -outform DER | base64 -w 0; echo
  echo; cat ellen.ldif | tail -n +3; } >cas.ldif
refuse "an entry of LDIF" 65 paraph cert import cas.ldif
grep -q "cas.ldif: line 1: CN=TEST ONLY CA is a CA's" refused.err || fail "$(cat refused.err)"; ok
grep -q 'ellen@example.org.*already there' refused.out || fail "the entry behind it: $(cat refused.out)"; ok
openssl crl2pkcs7 -nocrl -certfile pki/ellen.pem -certfile pki/ca.pem -outform DER -out ellen.p7b
paraph cert import ellen.p7b | grep -q 'already there' || fail "PKCS#7"; ok
paraph cert import ellen.p7b --dry-run | grep -q 'already there' || fail "a dry run does not look what is there"; ok
cp pki/bob2.pem site/X509-user-certs/dora@example.org
paraph cert history dora@example.org | grep -q 'a file of the directory' || fail "a file that was put there is not manual"; ok
# --- a dry run says what the real one says, and leaves nothing -------------------------------------------------------------
make_person gus rsa "" 20250201000000Z
for age in older:20250101000000Z newer:20250301000000Z newest:20250401000000Z; do
  cp pki/gus.pem pki/gus.kept
  make_person gus rsa "" "${age#*:}"
  mv pki/gus.pem "pki/gus-${age%:*}.pem"
  mv pki/gus.kept pki/gus.pem
done
make_person gus ec digitalSignature 20250201000000Z && mv pki/gus.pem pki/gus-sign.pem
make_person gus rsa cRLSign && mv pki/gus.pem pki/gus-useless.pem
make_person gus rsa "" 20250201000000Z
cat pki/gus-newer.pem pki/gus.pem pki/gus-newest.pem pki/gus-newest.pem >pki/gus-several.pem
known() { paraph cert history gus@example.org --json; find site/X509-user-certs -type f -exec sha256sum {} + | sort; }
# foreseen "what" OUTCOMES EXIT arguments…: of cert import
foreseen() {
  local what=$1 outcomes=$2 exit=$3 dry=0 real=0
  shift 3
  known >known.before
  paraph cert import "$@" --json --dry-run >dry.json 2>dry.err || dry=$?
  known | cmp - known.before || fail "$what: the dry run changes something"; ok
  paraph cert import "$@" --json >real.json 2>real.err || real=$?
  cmp dry.json real.json || fail "$what: foreseen $(cat dry.json), came $(cat real.json)"; ok
  [ "$dry:$real" = "$exit:$exit" ] || fail "$what: exit $dry and $real"; ok
  [ "$(outcomes_of <real.json)" = "$outcomes" ] || fail "$what: $(cat real.json)"; ok
  diff <(grep -v 'dry-run' dry.err) <(grep -v 'missed post' real.err) || fail "$what: warnings"; ok
}
outcomes_of() { python3 -c 'import json, sys; print(", ".join(row["outcome"] for row in json.load(sys.stdin)))'; }
foreseen "nothing is there" stored 0 pki/gus.pem
foreseen "the same again" "already there" 0 pki/gus.pem
foreseen "an older one" "not stored, a newer one is there" 0 pki/gus-older.pem
foreseen "for nothing" "" 65 pki/gus-useless.pem
foreseen "for another use" stored 0 pki/gus-sign.pem
foreseen "each after those before it" "stored, not stored, a newer one is there, stored, already there" 0 pki/gus-several.pem
foreseen "by hand over a newer one" stored 0 --replace pki/gus-newer.pem
paraph cert pin gus@example.org "$(openssl x509 -in pki/gus-newer.pem -noout -fingerprint -sha256 | cut -d= -f2)" >/dev/null
foreseen "while one is pinned" "waits, the one in use is pinned" 0 pki/gus-newest.pem
foreseen "and again" "waits, the one in use is pinned" 0 pki/gus-newest.pem
paraph cert remove gus@example.org "$(openssl x509 -in pki/gus-newer.pem -noout -fingerprint -sha256 | cut -d= -f2)" >/dev/null
foreseen "what was removed, by a person's word" stored 0 pki/gus-newer.pem
foreseen "two files" "not stored, a newer one is there, already there" 0 pki/gus.pem pki/gus-newer.pem
finished
