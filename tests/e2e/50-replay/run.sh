#!/usr/bin/env bash
# What was sent before, and what is encrypted to us: security rules 6 to 14, 20, 40 and 41.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
for who in alice bob carol eve; do make_person $who rsa; done
make_site
make_list secure alice@example.org
make_list two alice@example.org
make_list any alice@example.org open
sed -i 's/encrypted_post_policy signed_inside/encrypted_post_policy any/' site/list_data/any/config
for list in secure two any; do paraph member add $list alice@example.org bob@example.org >/dev/null 2>&1; done
paraph cert import pki/alice.pem pki/bob.pem pki/eve.pem >/dev/null

# send LIST <mail: queues it and runs the daemons; $row is what the ledger says of it, $id its ingest id
send() {
  paraph-queue "$1@lists.example.org" || fail "not accepted"
  id=$(grep -a -h -m1 '^X-Paraph-Id: ' site/spool/msg/*@* | cut -d' ' -f2)
  run_daemons
  row=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
}
# ends "what" PATTERN: how the ledger's row begins
ends() { [[ $row == $2* ]] || fail "$1: '$row' instead of '$2'"; ok; }
renamed() { sed "s/^\(Message-ID: <\)/\1$1./" "$2"; }
held() { ls site/spool/moderation | grep -vc '\.' || true; }

# --- a captured post, sent again after somebody joined --------------------------------------------------------------
make_post one alice secure
send secure <post/one.eml
ends "a genuine post" distributed
check "bob reads it" opens "$(mail_for bob)" bob post/one.txt
paraph member add secure eve@example.org >/dev/null
empty_mailboxes
send secure < <(renamed again post/one.eml)
ends "the replay" 'held replayed_signature: first seen in '
[ "$(count_for eve)$(count_for bob)" = 00 ] || fail "a replay was distributed"; ok
paraph spool list | grep -q replayed_signature || fail "spool list does not say why: $(paraph spool list)"; ok
send secure < <(renamed third post/one.eml)
ends "held once" 'discarded replayed_signature'
# the signed text alone, in clear, and encrypted anew
{ printf 'Return-Path: <alice@example.org>\nMessage-ID: <clear-again@example.org>\nFrom: alice@example.org\nTo: secure@lists.example.org\n'; cat post/one.signed; } >clear.eml
send secure <clear.eml
ends "without its encryption" 'discarded replayed_signature'
openssl cms -encrypt -aes256 -in post/one.signed -from alice@example.org -to secure@lists.example.org -subject x -out anew.enc site/list_data/secure/cert.pem
{ printf 'Message-ID: <anew@example.org>\n'; cat anew.enc; } >anew.eml
send secure <anew.eml
ends "encrypted anew" 'discarded replayed_signature'
[ "$(count_for eve)" = 0 ] || fail "eve reads an old post"; ok

# --- the MTA's duplicate --------------------------------------------------------------------------------------------
empty_mailboxes
make_post dup alice secure
{ echo 'Received: from a by b id first'; cat post/dup.eml; } | sed '1!b' >first.eml
sed -n '2p' first.eml >path.line
{ cat path.line; sed '2d' first.eml; } >first.mail   # Return-Path comes first
send secure <first.mail
ends "the first" distributed
first=$id
send secure <post/dup.eml
ends "the second" "duplicate of $first"
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies"; ok
[ "$(count_for alice)" = 1 ] || fail "the duplicate was answered"; ok
# both at once
make_post pair alice secure
paraph-queue secure@lists.example.org <post/pair.eml
paraph-queue secure@lists.example.org <post/pair.eml
empty_mailboxes
run_daemons
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies of two at once"; ok
# without any protection
plain words alice any >words.eml
send any <words.eml; ends "plain" distributed
send any <words.eml; ends "plain, again" duplicate
# a first one that was refused is no reason to refuse the second
make_post early carol secure
send secure <post/early.eml
ends "not yet a member" 'rejected send_'
[ ! -e site/X509-user-certs/carol@example.org ] || fail "a refused post taught a certificate (rule 20)"; ok
paraph member add secure carol@example.org >/dev/null
empty_mailboxes
send secure <post/early.eml
ends "a member now" distributed
second=$id
check "learned now" test -f site/X509-user-certs/carol@example.org
send secure <post/early.eml
ends "and a third" "duplicate of $second"

# --- another's ciphertext -------------------------------------------------------------------------------------------
empty_mailboxes
make_post own alice secure
sed 's/^From: alice@/From: eve@/; s/^Return-Path: <alice/Return-Path: <eve/; s/<own\./<preplay./' post/own.eml >preplay.eml
send secure <preplay.eml
ends "pre-play under another From" 'rejected encrypted_not_signed: signer_is_not_sender'
cp "$(mail_for eve)" told.first
send secure <post/own.eml
ends "the author's own comes after" distributed
check "and is read" opens "$(mail_for bob)" bob post/own.txt
empty_mailboxes
send secure < <(renamed more preplay.eml)
ends "the same ciphertext again" 'rejected replayed_ciphertext'
cp "$(mail_for eve)" told.replay
openssl cms -encrypt -aes256 -in post/own.txt -from eve@example.org -to secure@lists.example.org -subject x -out unsigned.enc site/list_data/secure/cert.pem
{ printf 'Return-Path: <eve@example.org>\nMessage-ID: <unsigned@example.org>\n'; cat unsigned.enc; } >unsigned.eml
empty_mailboxes
send secure <unsigned.eml
ends "not signed inside" 'rejected encrypted_not_signed: not_signed'
cp "$(mail_for eve)" told.unsigned
# flip NAME FROM LIST OFFSET <mail: one octet of the CMS object, counted from its end, is another
flip() {
  python3 -c '
import base64, sys
name, sender, address, offset = sys.argv[1:]
body = sys.stdin.read().split("\n\n", 1)[1]
der = bytearray(base64.b64decode(body))
der[-int(offset)] ^= 1
print(f"Return-Path: <{sender}@example.org>\nMessage-ID: <{name}@x>\nFrom: {sender}@example.org\nTo: {address}@lists.example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n")
print(base64.encodebytes(bytes(der)).decode(), end="")' "$@"
}
make_post fresh alice secure
empty_mailboxes
flip padding eve secure 17 <post/fresh.eml >padding.eml
send secure <padding.eml
ends "broken padding" 'rejected encrypted_not_signed: decryption_failed'
cp "$(mail_for eve)" told.failed
make_post fresh2 alice secure
flip block eve secure 200 <post/fresh2.eml >block.eml
empty_mailboxes
send secure <block.eml
ends "a block of another text" 'rejected encrypted_not_signed: '
cp "$(mail_for eve)" told.block
# Attack A37: one answer for all of them, but for the names and times of the mails themselves.
same() { sed '/text\/rfc822-headers/,$d' "$1" | grep -iE '^(Action|Status|Diagnostic-Code|Reason code):|^[A-Za-z ,]*[a-z.]$'; }
[ "$(same told.first | wc -l)" -ge 6 ] || fail "too little to compare: $(cat told.first)"
for kind in replay unsigned failed block; do
  diff <(same told.first) <(same told.$kind) >told.diff || fail "$kind is answered in other words: $(cat told.diff)"; ok
  ! grep -qE 'decryption_failed|not_signed|encrypted_not' told.$kind || fail "$kind tells the reason"; ok
done

# --- a key wrapped for two generations of ours hides nothing --------------------------------------------------------
# --- what does not open is bounded ----------------------------------------------------------------------------------
make_post oracle alice any
paraph member add any eve@example.org >/dev/null
flip o0 eve any 17 <post/oracle.eml >o0.eml
send any <o0.eml
ends "one that does not open goes on intact" distributed
for n in $(seq 1 20); do
  openssl cms -encrypt -aes256 -in post/own.txt -from eve@example.org -out fail.enc site/list_data/any/cert.pem
  flip "o$n" eve any 17 <fail.enc | paraph-queue any@lists.example.org
done
empty_mailboxes
run_daemons
[ "$(count_for bob)" = 19 ] || fail "bob has $(count_for bob) instead of 19 that do not open"; ok
[ "$(ledger "select count(*) from paraph_mail where outcome = 'held' and reason like 'decryption_failed: the 21th%'")" = 1 ] ||
  fail "the 21st is not held: $(ledger "select outcome, reason from paraph_mail where reason like 'decr%'")"; ok
make_post good alice any
send any <post/good.eml
ends "a good one goes on" distributed

# --- one signature, two lists ---------------------------------------------------------------------------------------
empty_mailboxes
make_signed cross alice secure
send secure <post/cross.eml
ends "on its list" distributed
send two < <(sed 's/^To: secure@/To: two@/; s/<cross\./<crossed./' post/cross.eml)
ends "on another" 'held cross_posted_signature'
send two < <(sed 's/^To: secure@/To: two@/; s/<cross\./<crossed2./' post/cross.eml)
ends "on another, again" 'discarded replayed_signature'
send sympa < <(sed 's/<cross\./<crossed3./' post/cross.eml)
ends "at the command address" 'discarded not_smime: cross_posted_signature'
# signed_to NAME TO-FIELD…: signed, with the header inside
signed_to() {
  local name=$1
  shift
  { printf 'From: alice@example.org\r\n'; printf '%s\r\n' "$@"
    printf 'Content-Type: text/plain; hp="clear"\r\n\r\nWords for %s.\r\n' "$name"; } >hp.txt
  { printf 'Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\n' "$name"
    openssl cms -sign -binary -in hp.txt -signer pki/alice.pem -inkey pki/alice.key -md sha256 -from alice@example.org -to x@lists.example.org -subject hp; } >"$name.eml"
}
signed_to both 'To: secure@lists.example.org, Two <TWO@lists.example.org>'
send secure <both.eml; ends "both are named: the first" distributed
send two <both.eml; ends "both are named: the second" distributed
send two < <(renamed again both.eml); ends "both are named: again" 'held replayed_signature'
signed_to other 'To: secure@lists.example.org' 'Cc: bob@example.org'
send two <other.eml; ends "named for another list" 'held cross_posted_signature'
send two < <(renamed again other.eml); ends "named for another list, again" 'discarded cross_posted_signature'
send secure <other.eml; ends "on the list that it names, after that" distributed
signed_to copied 'To: bob@example.org' 'Cc: two@lists.example.org'
send two <copied.eml; ends "named in Cc" distributed
printf '\nlist_binding require\n' >>site/list_data/two/config
make_signed loose alice two
send two <post/loose.eml; ends "required and absent" 'held cross_posted_signature'
signed_to bound 'To: two@lists.example.org'
send two <bound.eml; ends "required and there" distributed

# --- old signatures -------------------------------------------------------------------------------------------------
# later DAYS LIST <mail: as if the queue had taken it so many days ahead
later() {
  local file
  paraph-queue "$2@lists.example.org"
  file=$(ls site/spool/msg/*@*)
  sed -i "s/^X-Paraph-Received: .*/X-Paraph-Received: $(date -u -d "+$1 days" +%FT%TZ)/" "$file"
  grep -q "^X-Paraph-Received: $(date -u -d "+$1 days" +%Y)" "$file" || fail "the time of receipt was not changed"
  id=$(grep -a -h -m1 '^X-Paraph-Id: ' "$file" | cut -d' ' -f2)
  run_daemons
  row=$(ledger "select outcome || ' ' || reason from paraph_mail where id = '$id'")
}
make_signed young alice secure
later 29 secure <post/young.eml
ends "29 days old" distributed
make_signed old alice secure
later 31 secure <post/old.eml
ends "31 days old" 'rejected send_subscriber_smime: stale_signature'

# --- a crash between the guard and the output -----------------------------------------------------------------------
empty_mailboxes
make_post crash alice secure
mkdir -p site/list_data/secure/scenari
echo 'no rule' >site/list_data/secure/scenari/send.private_smime   # stops it behind the guard
before=$(ledger 'select count(*) from paraph_guard')
paraph-queue secure@lists.example.org <post/crash.eml
paraph-incoming 2>>incoming.log &
daemon=$!
for _ in $(seq 100); do [ "$(ledger 'select count(*) from paraph_guard')" -gt "$before" ] && break; sleep 0.1; done
[ "$(ledger 'select count(*) from paraph_guard')" -gt "$before" ] || fail "the guard was not reached"; ok
workers=$(pgrep -P $daemon || true)
# shellcheck disable=SC2086
kill -9 $daemon $workers
wait $daemon 2>/dev/null || true
rm site/list_data/secure/scenari/send.private_smime
run_daemons
run_daemons
[ "$(count_for bob)" = 1 ] || fail "bob has $(count_for bob) copies after the crash"; ok
send secure < <(renamed again post/crash.eml)
ends "a replay after the crash" 'held replayed_signature'

# --- CA mail --------------------------------------------------------------------------------------------------------
acme() { plain "$1" alice any | sed 's/^Subject:.*/Subject: =?utf-8?q?ACME:_token?=/'; }
send any < <(acme acme1 | sed 's/^From:.*/&\nFrom: acme@ca.example/'); ends "CA mail with two From fields" 'quarantined ca_validation'
for to in any any-request any-editor any-owner any-subscribe any-unsubscribe secure sympa listmaster; do
  send $to < <(acme "acme-$to" | sed "s/^To:.*/To: $to@lists.example.org/"); ends "CA mail to $to@" 'quarantined ca_validation'
done
send any < <(acme acme2 | sed 's/^Subject:.*/Subject:  acme: token/'); ends "CA mail in small letters" 'quarantined ca_validation'
! grep -rqs 'ACME\|token' site/maildir || fail "CA mail has left: $(grep -rl 'ACME\|token' site/maildir)"; ok
send sympa < <(plain acme3 alice sympa | sed 's/^Subject:/Auto-Submitted: auto-generated; type = acme\n&/'); ends "CA mail to the command address" 'quarantined ca_validation'
echo 'ca_senders validation@authority.example, ca.example' >>site/paraph.conf
send any < <(plain ca1 alice any | sed 's/^From:.*/From: Checks <noreply@mail.CA.example>/'); ends "from a CA's domain" 'quarantined ca_validation'
send any < <(plain ca2 alice any | sed 's/^From:.*/From: validation@authority.example/'); ends "from a CA's address" 'quarantined ca_validation'
send any < <(plain ca3 alice any | sed 's/^From:.*/From: other@authority.example/'); ends "from beside it" distributed
[ "$(count_for listmaster)" -ge 1 ] || fail "the listmaster was not told"; ok

# --- refusals -------------------------------------------------------------------------------------------------------
empty_mailboxes
for n in 1 2 3; do plain "stranger$n" mallory secure | paraph-queue secure@lists.example.org; done
run_daemons
[ "$(count_for mallory)" = 1 ] || fail "mallory got $(count_for mallory) reports"; ok
[ "$(ledger "select count(*) from paraph_mail where reason like '%sender not told: refusal % to this address today'")" -ge 2 ] ||
  fail "not counted: $(ledger "select reason from paraph_mail where from_address like 'mallory%'")"; ok

# --- the secret -----------------------------------------------------------------------------------------------------
rm site/site.secret
make_post secret alice secure
send secure <post/secret.eml
ends "a new secret is made" distributed
[ "$(stat -c %a site/site.secret)" = 600 ] || fail "mode of the secret"; ok
grep -q site-secret-made incoming.log || fail "nobody says so"; ok
chmod 644 site/site.secret
make_post open alice secure
paraph-queue secure@lists.example.org <post/open.eml
run_daemons
paraph spool list | grep -q 'chmod' || fail "a secret open to others: $(paraph spool list)"; ok
chmod 600 site/site.secret
empty_mailboxes
run_daemons
[ "$(count_for bob)" = 1 ] || fail "the waiting post did not go through"; ok
finished
