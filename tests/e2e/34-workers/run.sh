#!/usr/bin/env bash
# Supervisor and workers: limits, attempts, a crew that shares the work, signals, two daemons, the service manager.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

make_ca
make_site
make_list open alice@example.org open
make_list poison alice@example.org open
paraph member add open bob@example.org >/dev/null
post() { plain "$1" alice "$2" | paraph-queue "$2@lists.example.org"; }
state() { ls site/spool/msg | grep -vc '^bad$'; }
wait_for() { # wait_for SECONDS command…
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
workers_of() { pgrep -P "$1" | sort | tr '\n' ' '; }

# Stopped in the middle of a packet and started again: each copy goes out once. Meanwhile nothing is wrong, whatever was
# wrong before the MTA answered, and the copies that are out count as out.
make_list slow alice@example.org open
seq -f 'm%g@example.org' 20 | paraph member add slow >/dev/null
cp site/paraph.conf good.conf
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
sed -i "s|^transport.*|transport smtp://127.0.0.1:$port|" site/paraph.conf
echo 'nrcpt 1' >>site/paraph.conf
post halved slow
paraph-incoming --once 2>/dev/null
paraph-distribute --once 2>/dev/null
refuse "status without an MTA" 2 paraph status
SMTP_SINK_PAUSE=0.2 python3 "$PARAPH_SOURCE/tests/e2e/support/smtp_sink.py" "$port" sink.txt 2>/dev/null & sink=$!
sent() { wc -l <sink.txt; }
some_sent() { [ -s sink.txt ] && [ "$(sent)" -ge 3 ]; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
wait_for 30 listens || fail "no SMTP server"
paraph-distribute 2>halved.log & daemon=$!
wait_for 60 some_sent || fail "no copy goes out: $(cat halved.log)"
kill $daemon; wait $daemon || fail "exit $? of a daemon that was stopped between two recipients: $(cat halved.log)"; ok
[ "$(sent)" -lt 20 ] || fail "it was not stopped in the middle"; ok
check "status after a stop between two recipients: $(paraph status || true)" paraph status >status.out
grep -q '^OK' status.out || fail "status: $(cat status.out)"; ok
grep -q ": stopped packet=[a-z0-9.]* done=$(sent)\$" halved.log || fail "the log: $(cat halved.log)"; ok
! grep -q ' waits ' halved.log || fail "an orderly stop is told as trouble: $(cat halved.log)"; ok
grep -q 'last out [0-9]' status.out || fail "copies are out: $(cat status.out)"; ok
paraph-distribute 2>halved.log & daemon=$!
all_sent() { [ "$(paraph spool list)" = 'nothing waits' ]; }
wait_for 60 all_sent || fail "the rest does not go out: $(cat halved.log)"
kill $daemon $sink; wait $daemon || fail "exit $?"
[ "$(sort sink.txt | uniq -c | awk '$1 == 1' | wc -l)" = 20 ] || fail "not each copy once: $(sort sink.txt | uniq -c)"; ok
cp good.conf site/paraph.conf

# Each limit ends a worker, and three times is a quarantine that says why; the others go through.
post probe poison
PARAPH_TEST_POISON=poison@ paraph-incoming --once 2>probe.log
grep -q 'a worker died' probe.log || { echo "SKIP: these programs have no test hooks (PARAPH_TEST_HOOKS)"; exit 77; }
check_limit() { # check_limit HOW WORDS LIMIT
  echo "$3" >>site/paraph.conf
  post "bad-$1" poison
  post "good-$1" open
  PARAPH_TEST_POISON=poison@ PARAPH_TEST_POISON_HOW=$1 paraph-incoming --once 2>"$1.log"
  [ "$(grep -c '^paraph-incoming: error: a worker died' "$1.log")" = 3 ] || fail "$1: $(cat "$1.log")"
  grep -h . site/spool/msg/bad/*.reason | grep -q "3 attempts: .*$2" || fail "$1: reasons: $(cat site/spool/msg/bad/*.reason)"; ok
  paraph-distribute --once 2>/dev/null
  mail_for bob | xargs grep -l "^Subject: .*good-$1\$" >/dev/null || fail "$1: the good mail did not go through"; ok
  sed -i '/^worker_/d' site/paraph.conf
}
check_limit spin 'over its limit of 1 s of processor time' 'worker_cpu 1'
check_limit hang 'over its time limit of 2 s' 'worker_time 2'
check_limit eat 'over its memory limit' 'worker_memory 128'

# A mail that is too large for its workers is put into quarantine by one of them all the same.
echo 'worker_memory 128' >>site/paraph.conf
{ plain huge alice open; head -c 150000000 /dev/zero | tr '\0' 'x' | fold -w 70; } | paraph-queue open@lists.example.org
paraph-incoming --once 2>huge.log
[ "$(grep -c '^paraph-incoming: error: a worker died' huge.log)" = 3 ] || fail "huge: $(cat huge.log)"; ok
grep -h . site/spool/msg/bad/open@*.reason | grep -q '3 attempts: .*over its memory limit' || fail "huge: $(ls -R site/spool/msg)"; ok
sed -i '/^worker_/d' site/paraph.conf
rm site/spool/msg/bad/open@*

# Workers that die before they have a mail in hand: `--once` ends, says so, and the mail waits.
post in-vain open
refuse "workers that cannot live" 75 env PARAPH_TEST_POISON='worker that starts' timeout 60 paraph-incoming --once
grep -q 'in hand: nothing' refused.err || fail "they got so far as to have a mail: $(cat refused.err)"
[ "$(grep -c 'error: 3 workers in a row came to nothing' refused.err)" = 2 ] || fail "of two places: $(cat refused.err)"; ok
paraph-incoming --once 2>in-vain.log
[ -z "$(ls site/spool/msg | grep "^open@")" ] || fail "it did not go on: $(cat in-vain.log)"; ok

# Alarms that come within an hour of each other are gathered.
[ "$(count_for listmaster)" = 1 ] || fail "listmaster has $(count_for listmaster) mails for five quarantines"; ok
sqlite3() { python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(sys.argv[2]); c.commit()' site/paraph.sqlite "$1"; }
sqlite3 "update paraph_alarm set told = told - 3601 where told > 0"
paraph-incoming --once 2>/dev/null
paraph-distribute --once 2>/dev/null
[ "$(count_for listmaster)" = 2 ] || fail "the gathered alarms were not told"; ok
mail_for listmaster | xargs grep -l '^Subject: 4 things need attention' >/dev/null || fail "not gathered"; ok

# However long a death goes uncounted, nobody else dies of the same mail meanwhile.
echo 'incoming_max_count 4' >>site/paraph.conf
PARAPH_TEST_POISON=poison@ paraph-incoming 2>uncounted.log & daemon=$!
four() { [ "$(workers_of $daemon | wc -w)" = 4 ]; }
dead() { ps -o stat= --ppid $daemon | grep -c '^Z' || true; }
some_dead() { [ "$(dead)" -gt 0 ]; }
wait_for 10 four || fail "four workers: $(workers_of $daemon)"
quarantined=$(ls site/spool/msg/bad | grep -c '^poison@.*reason$' || true)
kill -STOP $daemon
post uncounted poison
wait_for 10 some_dead || fail "nobody took the poison"
sleep 1
[ "$(dead)" = 1 ] || fail "$(dead) workers died of one mail before a death was counted"; ok
kill -CONT $daemon
one_more() { [ "$(ls site/spool/msg/bad | grep -c '^poison@.*reason$')" -gt "$quarantined" ]; }
wait_for 60 one_more || fail "no quarantine: $(cat uncounted.log)"
[ "$(grep -c '^paraph-incoming: error: a worker died' uncounted.log)" = 3 ] || fail "deaths: $(cat uncounted.log)"; ok

# What is held against a mail goes with it, when a person drops it between two attempts.
died() { [ "$(grep -c '^paraph-incoming: error: a worker died' uncounted.log)" = "$1" ]; }
suspected() { { paraph status 2>&1 || true; } | grep -q 'died on poison@'; }
acquitted() { ! suspected; }
post dropped poison
wait_for 30 died 5 || fail "two more deaths: $(cat uncounted.log)"
suspected || fail "status says nothing: $(paraph status)"; ok
rm site/spool/msg/poison@*
wait_for 10 acquitted || fail "still suspected: $(paraph status)"; ok
kill $daemon; wait $daemon || fail "exit $? of a stopped daemon: $(tail -3 uncounted.log)"; ok
sed -i '/^incoming_max_count/d' site/paraph.conf

# Put back by a person, a condemned mail is judged anew, by the same supervisor.
paraph-incoming 2>daemon.log & daemon=$!
wait_for 10 pgrep -P $daemon || fail "no worker"
bad=$(ls site/spool/msg/bad | grep -v reason | head -1)
rm "site/spool/msg/bad/$bad.reason"
mv "site/spool/msg/bad/$bad" site/spool/msg/
wait_for 10 test ! -e "site/spool/msg/$bad" || fail "put back, it was not looked at: $(cat daemon.log)"; ok

# SIGHUP: new workers, the same supervisor; a broken configuration changes nothing.
before=$(workers_of $daemon)
[ "$(wc -w <<<"$before")" = 2 ] || fail "two workers by default: $before"; ok
echo 'incoming_max_count 3' >>site/paraph.conf
kill -HUP $daemon
three() { [ "$(workers_of $daemon | wc -w)" = 3 ]; }
wait_for 10 three || fail "three workers after SIGHUP: $(workers_of $daemon)"; ok
old_ones_left() { for pid in $before; do [ -d "/proc/$pid" ] && return 1; done; true; }
wait_for 10 old_ones_left || fail "a worker still has the old configuration"; ok
cp site/paraph.conf good.conf
echo 'packet_size many' >>site/paraph.conf
kill -HUP $daemon
wait_for 10 grep -q 'going on with the old configuration' daemon.log || fail "no complaint: $(cat daemon.log)"; ok
cp good.conf site/paraph.conf
post after-hup open
wait_for 10 test "$(ls site/spool/bulk/msg 2>/dev/null | wc -l)" -gt 0 || true
gone() { [ -z "$(ls site/spool/msg | grep '^open@')" ]; }
wait_for 10 gone || fail "the old configuration does not work any more"; ok

# So does one that can be read and cannot work: a directory that is not there, a transport that is none.
echo 'db_name /nowhere/paraph.sqlite' >>site/paraph.conf
kill -HUP $daemon
wait_for 10 grep -q 'going on with the old configuration.*paraph.conf:[0-9]*: db_name: .*/nowhere: ' daemon.log || fail "no complaint: $(cat daemon.log)"; ok
cp good.conf site/paraph.conf
three || fail "workers went: $(cat daemon.log)"; ok
paraph-distribute 2>transport.log & other=$!
wait_for 10 pgrep -P $other || fail "no worker: $(cat transport.log)"
before=$(workers_of $other)
sed -i 's,^transport.*,transport maildir:mm,' site/paraph.conf
line=$(grep -n '^transport' site/paraph.conf | cut -d: -f1)
kill -HUP $other
wait_for 10 grep -q "going on with the old configuration.*paraph.conf:$line: transport maildir:mm: must look like" transport.log || fail "no complaint: $(cat transport.log)"; ok
grep -q 'hint: transport is one of maildir:/dir' transport.log || fail "no hint: $(cat transport.log)"; ok
refuse "status" 2 paraph status
grep -q "^CRITICAL.*paraph.conf:$line: transport maildir:mm" refused.out || fail "status: $(cat refused.out)"; ok
refuse "check" 2 paraph check
grep -q "^CRITICAL.*paraph.conf:$line: transport maildir:mm" refused.out || fail "check: $(cat refused.out)"; ok
refuse "a start with it" 78 paraph-distribute --once
grep -q "paraph.conf:$line: transport maildir:mm" refused.err || fail "a start with it: $(cat refused.err)"; ok
post after-transport open
there() { mail_for bob | xargs grep -l '^Subject: .*after-transport$'; }
wait_for 20 there || fail "the old transport does not work any more: $(cat transport.log)"; ok
[ "$(workers_of $other)" = "$before" ] || fail "other workers: $(cat transport.log)"; ok
cp good.conf site/paraph.conf

# A daemon whose workers cannot begin: status has their last words, until one can.
troubled() { paraph status >status.out 2>&1 || true; grep -q '^CRITICAL.*paraph-distribute runs, but no worker comes up: .*spool/auth' status.out; }
untroubled() { paraph status >status.out 2>&1 || true; ! grep -q 'no worker comes up' status.out; }
untroubled || fail "trouble before there is some: $(cat status.out)"; ok
mv site/spool/auth kept-auth
for pid in $before; do kill -9 "$pid"; done
wait_for 20 troubled || fail "status says nothing: $(cat status.out)"; ok
paraph status -j >status.json || true
python3 -c 'import json; d = json.load(open("status.json"))["daemons"][1]; assert d["running"] and "spool/auth" in d["trouble"], d' || fail "as JSON: $(cat status.json)"; ok
mv kept-auth site/spool/auth
wait_for 60 untroubled || fail "still: $(cat status.out)"; ok
kill $other; wait $other || fail "exit $? of a stopped daemon: $(tail -3 transport.log)"; ok

# Workers that are killed are replaced, and what they had is done by another.
for pid in $(workers_of $daemon); do kill -9 "$pid"; done
post after-kill open
wait_for 10 gone || fail "no worker came back: $(cat daemon.log)"; ok

# A second daemon does no harm, and says so.
paraph-incoming 2>second.log & second=$!
wait_for 10 grep -q "another one works on this site already, pid $daemon" second.log || fail "second: $(cat second.log)"; ok
for i in $(seq 20); do post "twice$i" open; done
wait_for 20 gone || fail "two daemons"; ok
kill $second; wait $second || fail "the second one stops in order: $?"; ok
wait_for 10 three || fail "the first one lost workers"; ok

# When the first one stops, the second takes over its state file, with what it has counted itself: status is right.
PARAPH_TEST_POISON=poison@ paraph-incoming 2>heir.log & heir=$!
wait_for 10 grep -q "another one works on this site already, pid $daemon" heir.log || fail "heir: $(cat heir.log)"
told_of() { paraph status -j >status.json || true; python3 -c 'import json, sys
d = json.load(open("status.json"))["daemons"][0]
sys.exit(not (d["running"] and d["pid"] == int(sys.argv[1]) and d["workers"] == 3))' "$1"; }
check "status knows the first one" wait_for 10 told_of $daemon
kill $daemon; wait $daemon || fail "exit $? of a stopped daemon: $(tail -3 daemon.log)"; ok
post heir poison  # a death that is counted in memory, or in the file: an attempt in either case
check "status knows the second one" wait_for 20 told_of $heir
no_more_poison() { [ -z "$(ls site/spool/msg | grep '^poison@')" ]; }
wait_for 60 no_more_poison || fail "the poison stays: $(cat heir.log)"
[ "$(grep -c '^paraph-incoming: error: a worker died' heir.log)" = 3 ] || fail "not three attempts: $(cat heir.log)"; ok
post after-heir open
wait_for 10 gone || fail "the second one does not go on: $(cat heir.log)"; ok
daemon=$heir

# Orderly stop.
kill $daemon
wait $daemon || fail "exit $? of a stopped daemon: $(tail -3 daemon.log)"; ok
paraph-distribute --once 2>/dev/null
for i in $(seq 20); do
  [ "$(mail_for bob | xargs grep -l "^Subject: .*twice$i\$" | wc -l)" = 1 ] || fail "twice$i: not once"
done; ok

# Killed together (the whole group): counted apart from attempts, never at the first times.
for i in 1 2 3 4; do
  setsid paraph-incoming 2>>group.log & group=$!
  post "group$i" open
  sleep 0.3
  kill -9 -- -$group 2>/dev/null || true; wait $group 2>/dev/null || true
done
paraph-incoming --once 2>>group.log
gone || fail "left after the group was killed: $(ls site/spool/msg)"; ok
[ "$(ls site/spool/msg/bad | grep -c '^open@')" = 0 ] || fail "an innocent mail in bad/"; ok

# But what is in hand each time everything dies ends in quarantine too, after ten (security rule 45).
post fatal poison
# A lock alone would not do: it is there a moment before the mail is in hand, and when a worker only looks.
in_hand_or_ended() { # in_hand_or_ended LOG
  [ -z "$(find site/spool/msg -maxdepth 1 -name 'poison@*')" ] || grep -q '^test hook: hangs' "$1"
}
for i in $(seq 30); do
  PARAPH_TEST_POISON=poison@ PARAPH_TEST_POISON_HOW=hang setsid paraph-incoming --once 2>fatal.log & group=$!
  wait_for 20 in_hand_or_ended fatal.log || fail "nobody took it"
  kill -9 -- -$group 2>/dev/null || true; wait $group 2>/dev/null || true
  [ -n "$(ls site/spool/msg | grep '^poison@')" ] || break
done
[ $i -gt 10 ] || fail "ended after $i"; ok
paraph-incoming --once 2>>group.log
grep -h . site/spool/msg/bad/*.reason | grep -q '10 times everything was killed with it in hand' || fail "reasons: $(cat site/spool/msg/bad/*.reason)"; ok

# A killed supervisor's place is free, though a worker of his still lives; the next one counts in it.
post stuck poison
PARAPH_TEST_POISON=poison@ PARAPH_TEST_POISON_HOW=hang paraph-incoming 2>stuck.log & old=$!
wait_for 20 in_hand_or_ended stuck.log || fail "nobody took it: $(cat stuck.log)"
orphans=$(workers_of $old)
kill -9 $old; wait $old 2>/dev/null || true
paraph-incoming 2>next.log & daemon=$!
post after-stuck open
wait_for 20 gone || fail "the next supervisor does not work: $(cat next.log)"; ok
! grep -q 'another one works\|in memory only' next.log || fail "not in its place: $(cat next.log)"; ok
one_left() { [ "$(for pid in $orphans; do [ ! -d "/proc/$pid" ] || echo "$pid"; done | wc -l)" = 1 ]; }
left=yes
wait_for 20 one_left || left=no
for pid in $orphans; do kill -9 "$pid" 2>/dev/null || true; done
[ $left = yes ] || fail "of the workers of the killed supervisor not the one with the mail alone lived on"; ok
freed() { [ -z "$(ls site/spool/msg | grep '^poison@')" ]; }
wait_for 20 freed || fail "left by the orphan: $(cat next.log)"; ok

# Status after both daemons were killed says so of both.
paraph-distribute 2>/dev/null & other=$!
up() { ! paraph status 2>&1 | grep -q 'does not run'; }
wait_for 10 up || fail "two daemons: $(paraph status 2>&1)"; ok
kill -9 $daemon $other; wait $daemon $other 2>/dev/null || true
refuse "status of killed daemons" 2 paraph status
for program in incoming distribute; do
  grep -q "CRITICAL.*paraph-$program" refused.out || fail "status does not name paraph-$program: $(cat refused.out)"; ok
done

# Ready, watchdog, reloading and stopping reach the service manager; after a reload it is ready again, a failed one too.
python3 - "$work/notify" >notified.txt <<'PY' &
import socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(sys.argv[1])
server.settimeout(20)
try:
    while True:
        text = server.recv(4096).decode()
        print(text, flush=True)
        if "STOPPING" in text:
            break
except TimeoutError:
    pass
PY
listener=$!
wait_for 10 test -S notify
NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=400000 paraph-incoming 2>/dev/null & daemon=$!
wait_for 10 grep -q WATCHDOG=1 notified.txt || fail "no watchdog: $(cat notified.txt)"; ok
wait_for 10 grep -q READY=1 notified.txt || fail "not ready: $(cat notified.txt)"; ok
told() { [ "$(grep -c "$1" notified.txt)" = "$2" ]; }
told READY=1 1 || fail "ready more than once: $(cat notified.txt)"; ok
kill -HUP $daemon
wait_for 10 told READY=1 2 || fail "not ready after a reload: $(cat notified.txt)"; ok
told RELOADING=1 1 || fail "no reload: $(cat notified.txt)"; ok
grep -A1 RELOADING=1 notified.txt | grep -qE '^MONOTONIC_USEC=[0-9]+$' || fail "no time of it: $(cat notified.txt)"; ok
cp site/paraph.conf good.conf
echo 'packet_size many' >>site/paraph.conf
kill -HUP $daemon
wait_for 10 told READY=1 3 || fail "a reload that failed never ends: $(cat notified.txt)"; ok
cp good.conf site/paraph.conf
kill $daemon; wait $daemon; wait $listener
grep -q STOPPING=1 notified.txt || fail "not stopping: $(cat notified.txt)"; ok

# No place for the state file: attempts are counted in memory, mail goes on.
rm -rf site/spool/tmp
post no-tmp open
paraph-incoming --once 2>no-tmp.log
grep -q 'counted in memory only' no-tmp.log || fail "no warning: $(cat no-tmp.log)"; ok
gone || fail "stopped for want of a state file"; ok
finished
