#!/usr/bin/env bash
# A worker that dies on one mail: three attempts, then that mail alone is in quarantine; all others go through.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_site
make_list open alice@example.org open
make_list poison alice@example.org open
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
