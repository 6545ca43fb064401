#!/usr/bin/env bash
# Bad input: each has a clear outcome with a reason somebody can see, and the next message goes through.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"
shopt -s lastpipe  # `mail | outcome …` counts in this shell

make_ca
make_person alice rsa
make_person bob rsa
make_site
make_list secure alice@example.org
make_list open alice@example.org open
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph member add open bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null

# outcome "what" LIST WANTED-OUTCOME REASON-PATTERN <message: the ledger's row of the mail just queued, then a good post
outcome() {
  local what=$1 list=$2 wanted=$3 pattern=$4 got id
  paraph-queue "$list@lists.example.org" || fail "$what: not accepted"
  id=$(grep -a -m1 '^X-Paraph-Id: ' "$(ls -td site/spool/msg/"$list"@* | head -1)" | cut -d' ' -f2)
  run_daemons
  got=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
  [[ $got == $wanted* && $got =~ $pattern ]] || fail "$what: ledger says '$got', wanted '$wanted' and /$pattern/"
  ok
  next_goes_through "$what"
}
next_goes_through() {
  local before next   # another Message-ID each time, also at the end of a pipe
  next=$(date +%N)
  before=$(count_for bob)
  plain "next$next" alice open | paraph-queue open@lists.example.org
  run_daemons
  [ "$(count_for bob)" -gt "$before" ] || fail "after '$1' the next message did not go through"
  ok
}
smime_mail() {  # NAME: headers for an enveloped body that follows on stdin
  printf 'Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\nFrom: alice@example.org\nTo: secure@lists.example.org\nSubject: %s\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n' "$1" "$1"
  cat
}

make_post good alice secure
head -c 3000 /dev/urandom | base64 | smime_mail garbage | outcome "garbage instead of CMS" secure rejected 'malformed'
sed -n '/^$/,$p' post/good.eml | sed -n '1,20p' | smime_mail truncated | outcome "truncated base64" secure rejected 'malformed|decryption_failed'
printf '' | smime_mail nothing | outcome "an empty CMS body" secure rejected 'malformed'

plain twofrom alice open | sed 's/^From:.*/&\nFrom: mallory@example.org/' | outcome "two From fields" open rejected several_from
plain nofrom alice open | sed '/^From:/d' | outcome "no From" open quarantined no_from
plain noid alice open | sed '/^Message-ID:/d' | outcome "no Message-ID" open quarantined no_message_id
[ "$(paraph spool list --json | python3 -c 'import json,sys; print(sum("no_" in e["waits_for"] for e in json.load(sys.stdin)))')" = 2 ] ||
  fail "spool list does not name the reasons: $(paraph spool list)"; ok
printf '' | outcome "an empty message" open quarantined 'no_message_id'
head -c 20000 /dev/urandom | outcome "random octets" open quarantined 'no_'

{ plain big alice open; head -c 50000000 /dev/zero | tr '\0' 'x' | fold -w 70; } | outcome "a 50 MB post" open rejected too_large
{ python3 - <<'PY'
depth = 10000
print("Return-Path: <alice@example.org>\nMessage-ID: <nested@example.org>\nFrom: alice@example.org\nTo: open@lists.example.org\nSubject: nested\nMIME-Version: 1.0")
for i in range(depth):
    print(f'Content-Type: multipart/mixed; boundary="b{i}"\n\n--b{i}')
print("Content-Type: text/plain\n\ndeep")
PY
} >nested.eml
outcome "10,000 nested parts" open distributed '' <nested.eml
grep -q 'deep' "$(mail_for bob | xargs grep -l 'Subject: nested')" || fail "nested post lost"; ok

plain loop alice open | sed 's/^Subject:/X-Loop: open@lists.example.org\n&/' | outcome "a loop" open discarded loop
plain looplist alice open | sed 's/^Subject:/List-Id: Open things\n  <OPEN.lists.example.org>\n&/' | outcome "our own List-Id" open discarded 'loop: List-Id'
plain otherlist alice open | sed 's/^Subject:/List-Id: <other.lists.example.org>\n&/' | outcome "another's List-Id" open distributed ''
# by the hundredth hop it has been round: counted, whoever wrote them
hops() { for ((i = 0; i < $1; i++)); do printf 'Received: from a by b; Mon, 23 Nov 2026 12:00:00 +0000\n'; done; }
{ hops 100; plain hops100 alice open | sed 1d; } | outcome "100 Received fields" open distributed ''
{ hops 101; plain hops101 alice open | sed 1d; } | outcome "101 Received fields" open quarantined 'loop: more than 100 Received'
# what a list sends comes back from a member's own forwarding
plain round alice open | outcome "a post" open distributed ''
mail_for bob | xargs grep -l 'Subject: Post round' | head -1 | xargs cat | outcome "the copy of it, sent back" open discarded loop
plain auto alice open | sed 's/^Subject:/Auto-Submitted: auto-generated\n&/' | outcome "an automaton" open discarded automatic
plain acme alice open | sed 's/^Subject:.*/Subject: ACME: token\nAuto-Submitted: auto-generated; type=acme/' | outcome "CA validation" open quarantined ca_validation
plain nolist alice nolist | outcome "an unknown list" nolist rejected unknown_list
{ head -2 post/good.eml; echo 'From: alice@example.org'; sed -n '3,$p' post/good.eml | grep -v '^From:' ; } | sed 's/<good/<again/' >again.eml
make_signed bare alice secure
python3 - <<'PY'
data = open("post/bare.eml", "rb").read()
open("bare.eml", "wb").write(data.replace(b"Open words", b"Open\x00words", 1))
PY
outcome "a NUL in a clear-signed part" secure rejected unsafe_octets <bare.eml

# --- addresses of ours are nobody's (rule 42) ------------------------------------------------------------------------
for address in open secure OPEN open-request open-owner open-editor sympa sympa-request listmaster; do
  for role in member owner editor; do refuse "$address@ as $role" 65 paraph $role add secure "$address@lists.example.org"; done
  refuse "$address@ as the owner of a new list" 64 paraph list create fresh --owner "$address@lists.example.org"
done
refuse "a list that owns itself" 64 paraph list create fresh --owner fresh@lists.example.org
refuse "among others" 65 bash -c 'echo open@lists.example.org | paraph member import secure -'
[ "$(paraph member list secure | grep -c lists.example.org)" = 0 ] || fail "$(paraph member list secure)"; ok
# what a database says all the same (Sympa's, say) makes no loop
python3 - <<'PY'
import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db:
    db.execute("insert into subscriber_table (list_subscriber, robot_subscriber, user_subscriber, date_epoch_subscriber, reception_subscriber) "
               "values ('open', 'lists.example.org', 'open@lists.example.org', 1, 'mail')")
PY
plain itself alice open | outcome "a list that is its own member" open distributed ''
outcome "what it sends itself" open discarded loop <"$(grep -rl 'Subject: Post itself' site/maildir/open@lists.example.org/new)"
paraph member del open open@lists.example.org >/dev/null

# --- subscribers' certificates -------------------------------------------------------------------------------------
for who in empty garbage truncated; do paraph member add secure $who@example.org >/dev/null; done
: >site/X509-user-certs/empty@example.org
head -c 2000 /dev/urandom >site/X509-user-certs/garbage@example.org
head -c 300 pki/bob.pem >site/X509-user-certs/truncated@example.org
empty_mailboxes
make_post certs alice secure
paraph-queue secure@lists.example.org <post/certs.eml
run_daemons
check "the good ones are served" opens "$(mail_for bob)" bob post/certs.txt
for who in empty garbage truncated; do
  [ "$(count_for $who)" = 1 ] || fail "$who has $(count_for $who) mails"
  ! grep -q pkcs7-mime "$(mail_for $who)" || fail "$who got something sealed"; ok
done
next_goes_through "broken certificates"

# --- the list's key ------------------------------------------------------------------------------------------------
paraph list create keyless --owner alice@example.org --type open >/dev/null 2>&1
paraph member add keyless bob@example.org >/dev/null
sed 's/<certs\./<keyless./; s/secure@lists/keyless@lists/' post/certs.eml | outcome "a list without key" keyless distributed ''
# A key that cannot be opened: the mail waits, says why, and goes through once it is mended.
cp site/list_data/secure/private_key good.key
openssl pkey -in good.key -aes256 -passout pass:unknown -out site/list_data/secure/private_key
chmod 600 site/list_data/secure/private_key
empty_mailboxes
make_post locked alice secure
paraph-queue secure@lists.example.org <post/locked.eml
run_daemons
[ "$(count_for bob)" = 0 ] || fail "a post went past a locked key"; ok
paraph spool list | grep -q 'key of ours' || fail "spool list does not say why it waits: $(paraph spool list)"; ok
{ paraph message inspect post/locked.eml --list secure --json || true; } >inspect.json 2>inspect.err
grep -q key_unavailable inspect.json || fail "inspect says: $(cat inspect.json inspect.err)"; ok
refuse "key show says so" 78 paraph key show secure
next_goes_through "a key with a wrong passphrase"
cp good.key site/list_data/secure/private_key
empty_mailboxes
run_daemons
check "the waiting post went through" opens "$(mail_for bob)" bob post/locked.txt
chmod 644 site/list_data/secure/private_key
make_post world alice secure
paraph-queue secure@lists.example.org <post/world.eml
run_daemons
{ paraph key show secure 2>&1 || true; } | grep -q 'chmod' || fail "a world-readable key is not refused with the chmod to run"; ok
chmod 600 site/list_data/secure/private_key
run_daemons

# --- a scenario that does not parse: only what needs it waits -------------------------------------------------------
printf 'title.gettext broken\n\nis_subscribr([listname],[sender]) smtp,smime -> do_it\n' >site/list_data/secure/scenari/send.private_smime
empty_mailboxes
make_post rule alice secure
paraph-queue secure@lists.example.org <post/rule.eml
run_daemons
[ "$(count_for bob)" = 0 ] || fail "a broken scenario let a post through"; ok
paraph spool list | grep -q 'send.private_smime:3' || fail "no file and line: $(paraph spool list)"; ok
refuse "scenario check names it" 65 paraph scenario check site/list_data/secure/scenari/send.private_smime
next_goes_through "a broken scenario"
rm site/list_data/secure/scenari/send.private_smime
empty_mailboxes
run_daemons
check "the waiting post went through" opens "$(mail_for bob)" bob post/rule.txt

# --- configuration -------------------------------------------------------------------------------------------------
cp site/paraph.conf paraph.conf.good
echo 'sned private' >>site/paraph.conf
paraph lists 2>&1 >/dev/null | grep -q "paraph.conf:[0-9]*: .*sned" || fail "an unknown name is not named with its line"; ok
cp paraph.conf.good site/paraph.conf
refuse "no configuration" 66 paraph --config nowhere.conf lists
refuse "no such verb" 64 paraph lsit
refuse "no such list" 66 paraph list show nolist
finished
