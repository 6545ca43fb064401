#!/usr/bin/env bash
# What is around the daemons fails for a while and comes back: the MTA, a list's key, the database. Mail waits and says
# why, other mail goes on, no attempt is counted, and afterwards everybody has everything once.
. "${PARAPH_SOURCE:?}/tests/e2e/support/unprivileged.sh"
. "$PARAPH_SOURCE/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_person bob ec
make_site
make_list secure alice@example.org
make_list open alice@example.org open
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph member add open alice@example.org bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
maildir=$(sed -n 's/^transport //p' site/paraph.conf)
set_transport() { sed -i "s,^transport.*,transport $1," site/paraph.conf; }
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
wait_for() { # wait_for SECONDS command…
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
begin() { section=$1 began=$SECONDS; }
end() { echo "$section: $1, $((SECONDS - began)) s"; }
nothing_waits() { [ "$(paraph spool list)" = "nothing waits" ]; }
start_daemons() {
  paraph-incoming 2>>incoming.log & incoming=$!
  paraph-distribute 2>>distribute.log & distribute=$!
}
stop_daemons() {
  kill $incoming $distribute
  wait $incoming || fail "paraph-incoming ended with $?: $(tail -3 incoming.log)"
  wait $distribute || fail "paraph-distribute ended with $?: $(tail -3 distribute.log)"
}
post_open() { plain "$1" alice open | paraph-queue open@lists.example.org || fail "$1 was not accepted"; }
post_secure() { make_post "$1" alice secure; paraph-queue secure@lists.example.org <"post/$1.eml" || fail "$1 was not accepted"; }
copies() { mail_for "$1" | xargs -r grep -l "^Subject: .*$2\$" | wc -l; }
# No attempt: no worker died, nothing was quarantined.
no_attempt() {
  ! grep -q 'a worker died' incoming.log distribute.log || fail "$1: $(grep -h 'worker died' ./*.log)"
  [ -z "$(find site/spool/msg/bad site/spool/bulk/bad -type f 2>/dev/null)" ] || fail "$1: in quarantine: $(paraph spool list)"
  ok
}

begin "MTA down"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
set_transport "smtp://127.0.0.1:$port"
start_daemons
for i in 1 2 3 4 5; do post_open "down$i"; done
post_secure sealed1
refused() { [ "$(paraph spool list --spool bulk -j | json 'len(d)')" = 6 ] && paraph spool list | grep -q 'Connection refused'; }
wait_for 10 refused || fail "$(paraph spool list)"; ok
paraph status >status.out && fail "status is content"
grep -q "^CRITICAL.*mail server 127.0.0.1:$port.*refused" status.out || fail "status: $(cat status.out)"; ok
stop_daemons   # "for the whole run"
is "all still wait" "$(paraph spool list --spool bulk -j | json 'len(d)')" 6
start_daemons
sleep 1
no_attempt "the MTA is down"
python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" sink.txt & sink=$!
wait_for 30 nothing_waits || fail "the MTA is back: $(paraph spool list)"; ok
stop_daemons
kill $sink
for i in 1 2 3 4 5; do for who in alice bob; do
  is "$who, down$i" "$(grep -c "^$who@example.org	.*down$i\$" sink.txt)" 1
done; done
is "all copies" "$(grep -c . sink.txt)" 12
no_attempt "the MTA was down"
is "as the ledger has it" "$(ledger "select count(*) from paraph_copy")" 12
end "6 mails, 12 copies, each once"

begin "421 for one list"
paraph list create chatty --owner alice@example.org --type open >/dev/null 2>&1
seq -f 'c%g@example.org' 20 | paraph member add chatty >/dev/null
printf 'nrcpt 1\nbulk_max_count 1\n' >>site/paraph.conf
python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" fussy.txt chatty-owner@lists.example.org & sink=$!
for i in 1 2 3; do plain "fussy$i" alice chatty | paraph-queue chatty@lists.example.org || fail "fussy$i"; done
for i in 1 2 3; do post_open "calm$i"; done
paraph-incoming --once 2>>incoming.log
listening() { python3 -c 'import socket,sys; socket.create_connection(("127.0.0.1", int(sys.argv[1]))).close()' "$port"; }
wait_for 10 listening || fail "no sink"
paraph-distribute --once 2>>distribute.log   # one run, as cron would
is "copies of the others" "$(grep -c 'calm[123]$' fussy.txt)" 6
is "of the list that is refused" "$(grep -c 'fussy' fussy.txt || true)" 0
tries=$(grep -c '^421' fussy.txt)
# Not one for each of its 60 copies: two at most, and two more after each rest of 10 s.
[ "$tries" -ge 1 ] && [ "$tries" -le 10 ] || fail "$tries connections were refused"; ok
is "its mails wait" "$(paraph spool list --spool bulk -j | json 'len(d)')" 3
paraph spool list | grep -q '421 4.7.0 not you' || fail "no reason: $(paraph spool list)"; ok
no_attempt "421"
kill $sink; wait $sink 2>/dev/null || true
python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" fussy.txt & sink=$!
wait_for 10 listening || fail "no sink"
paraph spool flush ALL >/dev/null
paraph-distribute --once 2>>distribute.log
nothing_waits || fail "the server takes them now: $(paraph spool list)"; ok
is "its copies" "$(grep -c 'fussy[123]$' fussy.txt)" 60
kill $sink
sed -i '/^nrcpt/d; /^bulk_max_count/d' site/paraph.conf
set_transport "$maildir"
end "the others' mail left at once, $tries connections refused"

begin "list key unreadable"
chmod 0 site/list_data/secure/private_key
start_daemons
post_secure sealed2
for i in 1 2 3; do post_open "key$i"; done
others() { [ "$(count_for bob)" = 3 ]; }
wait_for 10 others || fail "other lists wait: $(paraph spool list) $(tail -3 incoming.log)"; ok
says_why() { grep -h "try: paraph key show secure@lists.example.org" site/spool/msg/.wait/*; }
wait_for 10 says_why || fail "the note: $(cat site/spool/msg/.wait/*)"; ok
paraph status >status.out && fail "status is content"
grep -q '^CRITICAL.*secure' status.out || fail "status: $(cat status.out)"; ok
paraph key show secure@lists.example.org >key.out 2>&1 || true
grep -q "secure/private_key: Permission denied" key.out || fail "the file is not named: $(cat key.out)"; ok
grep -q "chmod 600 [^ ]*secure/private_key" key.out || fail "key show names no command: $(cat key.out)"; ok
grep -h "secure/private_key: Permission denied.*chmod 600 [^ ]*secure/private_key" incoming.log >/dev/null ||
  fail "the log names no command: $(grep -h private_key incoming.log | tail -3)"; ok
no_attempt "the key cannot be read"
chmod 600 site/list_data/secure/private_key
wait_for 30 nothing_waits || fail "the key is back: $(paraph spool list)"; ok
stop_daemons
check "alice opens the post that waited" opens "$(mail_for alice | xargs grep -l smime-type=enveloped | head -1)" alice post/sealed2.txt
is "alice's copies" "$(count_for alice)" 4
no_attempt "the key could not be read"
end "the encrypted post waited, three others went on"

begin "list certificate unreadable"
empty_mailboxes
start_daemons
post_secure sealed4   # now they have it in memory
wait_for 10 nothing_waits || fail "sealed4: $(paraph spool list)"
make_post sealed5 alice secure
chmod 0 site/list_data/secure/cert.pem
paraph-queue secure@lists.example.org <post/sealed5.eml || fail "sealed5 was not accepted"
post_open certificate
others() { [ "$(copies bob certificate)" = 1 ] && [ -e site/spool/msg/.wait ] && grep -rq "paraph key show secure" site/spool/msg/.wait; }
wait_for 10 others || fail "no note, or others wait: $(paraph spool list) $(cat site/spool/msg/.wait/* 2>/dev/null)"; ok
paraph key show secure@lists.example.org >key.out 2>&1 || true
grep -q "secure/cert.pem: Permission denied" key.out || fail "the file is not named: $(cat key.out)"; ok
is "alice's copies" "$(copies alice sealed5)" 0
no_attempt "the list's certificate cannot be read"
chmod 644 site/list_data/secure/cert.pem
wait_for 30 nothing_waits || fail "the certificate is back: $(paraph spool list)"; ok
stop_daemons
check "alice opens the post that waited" opens "$(mail_for alice | xargs grep -l 'Subject: .*sealed5$' | head -1)" alice post/sealed5.txt
no_attempt "the list's certificate could not be read"
end "the encrypted post waited, another list's went on"

begin "certificate directory replaced"
empty_mailboxes
make_person ally rsa
start_daemons
post_secure sealed6
wait_for 10 nothing_waits || fail "sealed6: $(paraph spool list)"
mkdir -m 700 restored
openssl x509 -in pki/ally.pem -out restored/alice@example.org
mv site/X509-user-certs replaced && mv restored site/X509-user-certs
post_secure sealed7
wait_for 30 nothing_waits || fail "sealed7: $(paraph spool list)"; ok
stop_daemons
of() { mail_for alice | xargs grep -l "Subject: .*$1\$" | head -1; }
check "before, with the old key" opens "$(of sealed6)" alice post/sealed6.txt
check "afterwards, with the new one" opens "$(of sealed7)" ally post/sealed7.txt
rm -rf site/X509-user-certs && mv replaced site/X509-user-certs
end "the daemons that ran seal to the new certificate"

begin "database locked for 10 s"
empty_mailboxes
start_daemons
post_open before
wait_for 10 nothing_waits || fail "before"
python3 -c 'import sqlite3, time
c = sqlite3.connect("site/paraph.sqlite", timeout=10); c.execute("BEGIN EXCLUSIVE"); open("locked", "w"); time.sleep(10)' & locker=$!
wait_for 10 test -e locked || fail "cannot lock"
for i in 1 2 3 4 5; do post_open "locked$i"; done
post_secure sealed3
wait $locker
wait_for 30 nothing_waits || fail "unlocked: $(paraph spool list)"; ok
stop_daemons
for i in 1 2 3 4 5; do for who in alice bob; do is "$who, locked$i" "$(copies $who "locked$i")" 1; done; done
is "bob's copy of the sealed post" "$(copies bob sealed3)" 1
no_attempt "the database was locked"
end "7 mails, each once"

begin "database read-only"
empty_mailboxes
post_open bulked
paraph-incoming --once 2>>incoming.log
post_open msged
chmod 400 site/paraph.sqlite*
run_daemons || true
post_open fresh
# One of them may be in msg and, its outputs written already, in bulk (S4).
is "all wait: $(paraph spool list)" "$(paraph spool list -j | json "len({e[\"id\"] for e in d})")" 3
is "nothing has left" "$(count_for bob)" 0
paraph status >status.out && fail "status is content"
grep -q '^CRITICAL.*paraph.sqlite' status.out || fail "status: $(cat status.out)"; ok
no_attempt "the database is read-only"
chmod 600 site/paraph.sqlite*
run_daemons
nothing_waits || { sleep 2; run_daemons; }
nothing_waits || fail "writable again: $(paraph spool list)"; ok
for name in bulked msged fresh; do for who in alice bob; do is "$who, $name" "$(copies $who $name)" 1; done; done
no_attempt "the database was read-only"
end "3 mails waited, each once"
finished
