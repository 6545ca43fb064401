#!/usr/bin/env bash
# Security rule 31, read back from each running process: supervisor and workers of both daemons, the queue and the command line are
# closed to debuggers (so their /proc entries are root's, whoever runs them) and leave no dump, though dumps were wanted.
. "${PARAPH_SOURCE:?}/tests/e2e/support/unprivileged.sh"
. "$PARAPH_SOURCE/tests/e2e/support/site.sh"

make_ca
make_person alice rsa
make_site
make_list secure alice@example.org
ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -Hc)"

# closed PID "what"
closed() {
  grep -q '^Max core file size  *0  *0 ' "/proc/$1/limits" || fail "$2 may leave a dump: $(grep core "/proc/$1/limits")"; ok
  # The kernel gives the files of a process that is not dumpable to root; those of others are their user's.
  [ "$(stat -c %u "/proc/$1/limits")" = 0 ] || fail "$2 is open to a debugger"; ok
  grep -q '^Umask:.*0077' "/proc/$1/status" || fail "$2: $(grep Umask "/proc/$1/status")"; ok
}
grep -q '^Max core file size  *0  *0 ' /proc/$$/limits && { echo "SKIP: no dumps are allowed here at all"; exit 77; }

[ "$(stat -c %u /proc/$$/limits)" = "$(id -u)" ] || fail "this shell is closed too, so nothing can be told"

workers() { pgrep -P "$1" || true; }
for program in paraph-incoming paraph-distribute; do
  $program 2>>$program.log &
  daemon=$!
  for ((i = 0; i < 100; i++)); do [ -n "$(workers $daemon)" ] && break; sleep 0.1; done
  [ -n "$(workers $daemon)" ] || fail "$program has no worker: $(cat $program.log)"
  for pid in $daemon $(workers $daemon); do
    # a worker is what its supervisor was when it was forked
    closed "$pid" "$program, pid $pid"
  done
  kill $daemon
  wait $daemon || true
done

# the queue while it reads, paraph while it reads a certificate
mkfifo in
paraph-queue secure@lists.example.org <in & queue=$!
exec 7>in
for ((i = 0; i < 100; i++)); do grep -q '^Umask:.*0077' /proc/$queue/status && break; sleep 0.1; done
closed $queue paraph-queue
printf 'Return-Path: <alice@example.org>\nFrom: alice@example.org\nMessage-ID: <q@example.org>\n\nx\n' >&7
exec 7>&-
wait $queue
mkfifo certificate
paraph message inspect certificate >/dev/null 2>&1 & tool=$!
exec 7>certificate
for ((i = 0; i < 100; i++)); do grep -q '^Umask:.*0077' /proc/$tool/status && break; sleep 0.1; done
closed $tool paraph
exec 7>&-
wait $tool || true
finished
