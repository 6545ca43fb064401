#!/usr/bin/env bash
# One poison message among a thousand good ones, with the daemons running for ever: every good one arrives, once; the
# poison one is in msg/bad with its reason after three attempts, and has cost three workers.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

good=${1:-1000}
make_ca
make_site
make_list open alice@example.org open
make_list poison alice@example.org open
paraph member add open bob@example.org >/dev/null
paraph member add poison bob@example.org >/dev/null
wait_for() { # wait_for SECONDS command…
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.2; done
}
deaths() { grep -c '^paraph-incoming: error: a worker died' incoming.log || true; }

# Without the hooks nothing dies: seen by a probe, which is not counted.
plain probe alice poison | paraph-queue poison@lists.example.org
PARAPH_TEST_POISON=poison@ paraph-incoming --once 2>probe.log
grep -q 'a worker died' probe.log || { echo "SKIP: these programs have no test hooks (PARAPH_TEST_HOOKS)"; exit 77; }
paraph spool drop ALL --spool bad --yes >/dev/null
paraph-distribute --once 2>/dev/null   # the alarm about the probe
empty_mailboxes
quarantines() { ledger "select count(*) from paraph_mail where outcome = 'quarantined' and reason like '%3 attempts%'"; }
before=$(quarantines)

began=$SECONDS
PARAPH_TEST_POISON=poison@ paraph-incoming 2>incoming.log & incoming=$!
paraph-distribute 2>distribute.log & distribute=$!
for i in $(seq "$good"); do
  plain "good$i" alice open | paraph-queue open@lists.example.org || fail "good$i was not accepted"
  [ "$i" != $((good / 2)) ] || plain killer alice poison | paraph-queue poison@lists.example.org
done
queued=$((SECONDS - began))
all_arrived() { [ "$(count_for bob)" -ge "$good" ]; }
wait_for 300 all_arrived || fail "bob has $(count_for bob) of $good: $(tail -3 incoming.log distribute.log)"; ok
quarantined() { [ "$(find site/spool/msg/bad -name '*.reason' | wc -l)" = 1 ]; }
wait_for 60 quarantined || fail "no quarantine: $(cat incoming.log)"; ok
took=$((SECONDS - began))

for daemon in $incoming $distribute; do
  kill -0 "$daemon" || fail "a supervisor is gone"
  kill "$daemon"; wait "$daemon" || fail "a daemon ended with $?"; ok
done
# Each good mail exactly once: as many copies as mails, and as many different ones.
mail_for bob | xargs grep -hm1 '^Subject: ' >subjects
[ "$(wc -l <subjects)" = "$good" ] || fail "bob has $(wc -l <subjects) copies of $good mails"; ok
[ "$(sort -u subjects | grep -c 'Post good[0-9]*$')" = "$good" ] || fail "not every good mail"; ok
[ "$(deaths)" = 3 ] || fail "$(deaths) deaths: $(grep 'a worker died' incoming.log)"; ok
[ "$(grep 'a worker died' incoming.log | grep -c 'in hand: poison@')" = 3 ] || fail "others were in hand"; ok
! grep -q 'a worker died' distribute.log || fail "a distributor died: $(grep died distribute.log)"; ok
[ "$(find site/spool/msg/bad -type f ! -name '*.reason' | wc -l)" = 1 ] || fail "bad: $(ls site/spool/msg/bad)"; ok
ls site/spool/msg/bad | grep -q '^poison@.*reason$' || fail "bad: $(ls site/spool/msg/bad)"; ok
grep -h . site/spool/msg/bad/*.reason | grep -q '3 attempts: ' || fail "reason: $(cat site/spool/msg/bad/*.reason)"; ok
[ "$(ledger "select count(*) from paraph_mail where outcome = 'distributed'")" = "$good" ] || fail "ledger"; ok
[ "$(quarantines)" = $((before + 1)) ] || fail "ledger: $(ledger 'select * from paraph_mail')"; ok
[ "$(paraph spool list --spool msg)" = "nothing waits" ] || fail "$(paraph spool list)"; ok
echo "$good good mails: queued in $queued s, all there and the poison in bad/ after $took s; $(deaths) deaths"
finished
