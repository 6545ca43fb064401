#!/usr/bin/env bash
# A worker that dies on one mail: three attempts, then that mail alone is in quarantine; all others go through.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_site
make_list open alice@example.org open
make_list poison alice@example.org open
make_list crowd alice@example.org open
paraph member add open bob@example.org >/dev/null
for i in 1 2 3; do plain "before$i" alice open | paraph-queue open@lists.example.org; done
plain killer alice poison | paraph-queue poison@lists.example.org
for i in 1 2 3; do plain "after$i" alice open | paraph-queue open@lists.example.org; done

PARAPH_TEST_POISON=poison@ paraph-incoming --once 2>incoming.log || fail "the supervisor gave up: $(tail -3 incoming.log)"
deaths=$(grep -c '^paraph-incoming: error: a worker died' incoming.log || true)
[ "$deaths" -gt 0 ] || { echo "SKIP: these programs have no test hooks (PARAPH_TEST_HOOKS)"; exit 77; }
[ "$deaths" = 3 ] || fail "$deaths attempts: $(cat incoming.log)"; ok
paraph-distribute --once 2>distribute.log
[ "$(count_for bob)" = 6 ] || fail "bob has $(count_for bob) of 6 good mails"; ok
[ "$(ls site/spool/msg/bad | grep -c '^poison@.*reason$')" = 1 ] || fail "no reason: $(ls site/spool/msg/bad)"; ok
paraph spool list | grep -q '3 attempts' || fail "spool list: $(paraph spool list)"; ok
[ "$(ledger "select count(*) from paraph_mail where outcome='quarantined'")" = 1 ] || fail "ledger"; ok
check "the listmaster was told" test "$(count_for listmaster)" = 1

# The same for a packet.
empty_mailboxes
for i in 1 2; do plain "packet$i" alice open | paraph-queue open@lists.example.org; done
paraph-incoming --once 2>>incoming.log
bad=$(ls site/spool/bulk/pct | head -1)
PARAPH_TEST_POISON=$bad paraph-distribute --once 2>distribute.log
[ "$(grep -c '^paraph-distribute: error: a worker died' distribute.log)" = 3 ] || fail "packet attempts: $(cat distribute.log)"; ok
[ "$(count_for bob)" = 1 ] || fail "the good packet did not go through"; ok

# One recipient of many: he fails, with the reason, and the others of his packet have their copies. By SMTP, where several
# share a transaction.
for i in $(seq 5); do echo "r$i@example.org"; done | paraph member add crowd >/dev/null
cp site/paraph.conf good.conf
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" sink.txt 2>/dev/null & sink=$!
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
for i in $(seq 100); do listens && break; sleep 0.1; done
sed -i '/^transport[ \t]/d' site/paraph.conf
printf 'transport smtp://127.0.0.1:%s\nnrcpt 3\n' "$port" >>site/paraph.conf
plain crowded alice crowd | paraph-queue crowd@lists.example.org
paraph-incoming --once 2>>incoming.log
id=$(ls site/spool/bulk/msg | head -1)
PARAPH_TEST_POISON='handing over to r2@example.org' paraph-distribute --once 2>recipient.log || fail "the supervisor gave up: $(tail -3 recipient.log)"
kill $sink
mv good.conf site/paraph.conf
# The first death was that of a whole transaction, named by its first recipient; after it there is one for each.
[ "$(grep -c "^paraph-distribute: error: a worker died.*in hand: $id.0001 to r1@" recipient.log)" = 1 ] || fail "deaths: $(cat recipient.log)"; ok
[ "$(grep -c "^paraph-distribute: error: a worker died.*in hand: $id.0001 to r2@" recipient.log)" = 3 ] || fail "deaths: $(cat recipient.log)"; ok
[ "$(grep -c '^paraph-distribute: error: a worker died' recipient.log)" = 4 ] || fail "deaths: $(cat recipient.log)"; ok
for i in 1 3 4 5; do [ "$(grep -c "^r$i@example.org	Post crowded" sink.txt)" = 1 ] || fail "r$i: $(cat sink.txt)"; done; ok
! grep -q '^r2@' sink.txt || fail "r2 has a copy"; ok
[ "$(ledger "select outcome || ' ' || reply from paraph_copy where mail_id = '$id' and member = 'r2@example.org'")" = \
  'failed 3 attempts: a worker died of signal 11 (Segmentation fault), the last time' ] || fail "ledger: $(ledger 'select * from paraph_copy')"; ok
[ "$(ledger "select count(*) from paraph_copy where mail_id = '$id' and outcome = 'plain'")" = 4 ] || fail "ledger: $(ledger 'select * from paraph_copy')"; ok
[ "$(ledger "select count(*) from paraph_alarm where kind = 'failed' and subject = 'r2@example.org in packet $id.0001'")" = 1 ] || fail "no alarm"; ok
[ ! -e "site/spool/bulk/pct/$id.0001" ] && [ ! -e "site/spool/bulk/bad/$id.0001" ] || fail "the packet has not ended"; ok
! paraph status 2>&1 | grep -q 'died on' || fail "still suspected: $(paraph status)"; ok

# Who dies while several mails are settled together cannot say of which: the next times it can.
empty_mailboxes
paraph member add poison bob@example.org >/dev/null
echo 'incoming_max_count 1' >>site/paraph.conf
for i in 1 2 3; do plain "early$i" alice open | paraph-queue open@lists.example.org; done
plain settler alice poison | paraph-queue poison@lists.example.org
for i in 1 2 3; do plain "late$i" alice open | paraph-queue open@lists.example.org; done
PARAPH_TEST_POISON='settling poison@' paraph-incoming --once 2>settle.log || fail "the supervisor gave up: $(tail -3 settle.log)"
sed -i '/^incoming_max_count/d' site/paraph.conf
[ "$(grep -c 'a worker died.*in hand: several that have ended' settle.log)" = 1 ] || fail "settling: $(cat settle.log)"; ok
[ "$(grep -c 'a worker died.*in hand: poison@' settle.log)" = 3 ] || fail "attempts: $(cat settle.log)"; ok
[ "$(grep -c '^paraph-incoming: error: a worker died' settle.log)" = 4 ] || fail "deaths: $(cat settle.log)"; ok
[ "$(ls site/spool/msg/bad | grep -c '^poison@.*reason$')" = 2 ] || fail "no reason: $(ls site/spool/msg/bad)"; ok
paraph-distribute --once 2>distribute.log
[ "$(count_for bob)" = 6 ] || fail "bob has $(count_for bob) of 6 good mails"; ok
finished
