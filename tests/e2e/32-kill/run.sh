#!/usr/bin/env bash
# kill -9 of either daemon at any moment: after a restart nothing is lost, and no subscriber gets a copy twice except
# possibly the one in flight.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

members=60
mails=6
make_ca
make_person alice rsa
make_site
make_list secure alice@example.org
echo 'packet_size 7' >>site/paraph.conf
for i in $(seq $members); do echo "m$i@example.org"; done | paraph member add secure >/dev/null
paraph member add secure alice@example.org >/dev/null
paraph cert import --for m1@example.org pki/alice.pem >/dev/null
for i in $(seq 2 $members); do cp site/X509-user-certs/m1@example.org "site/X509-user-certs/m$i@example.org"; done
for i in $(seq $mails); do
  make_post "k$i" alice secure
  paraph-queue secure@lists.example.org <"post/k$i.eml"
done

kills=0
pending() { paraph spool list --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))'; }
for round in $(seq 200); do
  for program in paraph-incoming paraph-distribute; do
    setsid $program 2>>killed.log &   # its own process group: supervisor and worker die at once
    pid=$!
    sleep "0.$(printf '%02d' $((RANDOM % 25 + 3)))"
    kill -9 -- -$pid 2>/dev/null && kills=$((kills + 1))
    wait $pid 2>/dev/null || true
  done
  [ "$(pending)" = 0 ] && break
done
run_daemons
[ "$(pending)" = 0 ] || fail "something is left after $kills kills: $(paraph spool list)"; ok
[ -z "$(ls site/spool/msg/bad)" ] || fail "an innocent mail was quarantined"; ok

total=0
for i in $(seq $members); do
  for k in $(seq $mails); do
    copies=$(mail_for "m$i" | xargs grep -l "^Subject: Post k$k\$" | wc -l)
    [ "$copies" -ge 1 ] || fail "m$i never got k$k"
    total=$((total + copies))
  done
done
ok
extra=$((total - members * mails))
[ $extra -le $kills ] || fail "$extra copies too many after $kills kills"; ok
echo "$kills kills, $total copies for $((members * mails)) owed, $extra repeated in flight"
finished
