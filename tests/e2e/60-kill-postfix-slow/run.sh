#!/usr/bin/env bash
# kill -9 of workers and supervisors in a loop, under load, through a private Postfix that is itself restarted once:
# every accepted message comes to an ending, every subscriber gets it, and more than once at most as often as something
# was killed; nothing innocent is quarantined.   run.sh [SECONDS]
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
: "${PARAPH_SOURCE:=$(cd "$here/../../.." && pwd)}"
bin=${PARAPH_BIN:-$PARAPH_SOURCE/build/dev/bin}
. "$here/../support/postfix.sh"
. "$here/../support/pki.sh"

seconds=${1:-${PARAPH_KILL_SECONDS:-180}}
members=60 user=list domain=lists.example.org

skip() { echo "SKIP: $*"; exit 77; }
postfix_available || skip "a private Postfix is not possible here"
getent passwd "$user" >/dev/null || skip "there is no system user $user to be the service user"
for program in setpriv openssl; do command -v $program >/dev/null || skip "$program is not installed"; done

root=$(mktemp -d /tmp/paraph-e2e-kill-XXXXXX)
declare -A daemon=()
cleanup() {
  local pid
  for pid in "${daemon[@]}"; do kill -TERM "$pid" 2>/dev/null; done
  wait
  postfix_stop
  rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
fail() {
  echo "FAIL: $*"
  tail -n 15 "$root"/*.log
  paraph spool list | tail -n 20
  exit 1
}

postfix_prepare "$root" "$user" "$domain"
mkdir "$root/bin" "$root/pki" "$root/home" "$root/posts"
cp "$bin"/paraph{,-queue,-incoming,-distribute} "$root/bin/" || { echo "no programs in $bin"; exit 1; }
mkdir -p "$root/share/paraph" && cp -R "$PARAPH_SOURCE/scenarios" "$PARAPH_SOURCE/templates" "$root/share/paraph/"
chmod -R a+rX "$root/share"
chown "$user:" "$root/home"
chmod 700 "$root/home"
site=$root/home/site config=$root/home/site/paraph.conf
service=(setpriv --reuid="$user" --regid="$user" --clear-groups env -C "$root/home" PARAPH_CONFIG="$config")
paraph() { "${service[@]}" "$root/bin/paraph" "$@"; }

pki_ca "$root/pki" && pki_person "$root/pki" alice rsa || fail "openssl made no certificates"
chmod 644 "$root"/pki/*.pem
paraph site create "$site" --domain $domain --listmaster listmaster@example.org --cafile "$root/pki/ca.pem" >/dev/null 2>&1 || fail "site create"
sed -i '/^transport[ \t]/d' "$config"
printf 'transport smtp://127.0.0.1:%s\npacket_size 20\nincoming_max_count 3\nbulk_max_count 4\n' "$POSTFIX_PORT" >>"$config"
{
  paraph list create sealed --owner alice@example.org --type sealed &&
    paraph key generate sealed &&
    pki_sign_request "$root/pki" "$site/list_data/sealed/request.pem" "$root/pki/sealed.pem" && chmod 644 "$root/pki/sealed.pem" &&
    paraph key install sealed --cert "$root/pki/sealed.pem" &&
    paraph list create plain --owner alice@example.org --type open
  for list in sealed plain; do seq -f 'm%g@example.org' $members | paraph member add $list; done
  paraph cert import --for m1@example.org "$root/pki/alice.pem"
} >"$root/setup.log" 2>&1 || fail "lists"
for i in $(seq 2 $members); do cp -p "$site/X509-user-certs/m1@example.org" "$site/X509-user-certs/m$i@example.org"; done

for list in sealed plain; do echo "$list: \"|$root/bin/paraph-queue --config $config $list@$domain\""; done >"$root/postfix/etc/aliases"
{ for i in $(seq $members); do echo "m$i@example.org m$i/"; done; printf '%s@example.org %s/\n' alice alice listmaster listmaster; } >"$root/postfix/etc/boxes"
postfix_start || fail "Postfix does not start"

# For each number a post; alternately sealed (one signed and encrypted text under changing headers) and plain.
printf 'Content-Type: text/plain\r\n\r\nthe words\r\n' >"$root/pki/body"
pki_post "$root/pki" alice "sealed@$domain" "$root/pki/sealed.pem" "$root/pki/body" "$root/pki/sealed.eml" || fail "openssl made no post"

start() { # start PROGRAM: in a process group of its own
  (exec setsid "${service[@]}" "$root/bin/$1") 2>>"$root/$1.log" >&2 &
  daemon[$1]=$!
}
for program in paraph-incoming paraph-distribute; do : >"$root/$program.log"; start $program; done

# Posts come by SMTP until $root/enough is there. `sent` has LIST NUMBER for each that Postfix took.
python3 - "$POSTFIX_PORT" "$root" $domain <<'PY' &
import os, re, smtplib, subprocess, sys, time
port, root, domain = int(sys.argv[1]), sys.argv[2], sys.argv[3]
number = 0
with open(f"{root}/sent", "w") as log:
    while not os.path.exists(f"{root}/enough"):
        number += 1
        name = f"k{number}k"
        if number % 3 == 0:
            signed = subprocess.run(["openssl", "cms", "-sign", "-in", f"{root}/pki/body", "-signer", f"{root}/pki/alice.pem",
                                     "-inkey", f"{root}/pki/alice.key"], capture_output=True, check=True).stdout
            text = subprocess.run(["openssl", "cms", "-encrypt", "-aes256", "-from", "alice@example.org", "-to", f"sealed@{domain}",
                                   "-subject", name, f"{root}/pki/sealed.pem"], input=signed, capture_output=True, check=True).stdout
            message, to = b"Message-ID: <%s@example.org>\n" % name.encode() + text, "sealed"
        else:
            message, to = (f"Message-ID: <{name}@example.org>\nFrom: alice@example.org\nTo: plain@{domain}\nSubject: {name}\n\n"
                           "plain words\n").encode(), "plain"
        message = message.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as smtp:
                smtp.sendmail("alice@example.org", [f"{to}@{domain}"], message)
            log.write(f"{to} {name}\n")
            log.flush()
        except (OSError, smtplib.SMTPException):
            pass  # Postfix is being restarted
        time.sleep(0.5)
PY
injector=$!

worker_kills=0 supervisor_kills=0 restarted=
began=$SECONDS
while [ $((SECONDS - began)) -lt "$seconds" ]; do
  sleep "0.$((RANDOM % 7 + 2))"
  program=paraph-incoming
  [ $((RANDOM % 3)) = 0 ] || program=paraph-distribute
  if [ $((RANDOM % 12)) = 0 ]; then
    # The group now and then: supervisor and workers at once; else the supervisor alone, whose workers end by themselves.
    target=${daemon[$program]}
    [ $((RANDOM % 2)) = 0 ] && target=-$target
    kill -9 -- "$target" || fail "$program was not there"
    wait "${daemon[$program]}" 2>/dev/null
    supervisor_kills=$((supervisor_kills + 1))
    start $program
  else
    victim=$(pgrep -P "${daemon[$program]}" | shuf -n 1)
    [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null && worker_kills=$((worker_kills + 1))
  fi
  if [ -z "$restarted" ] && [ $((SECONDS - began)) -ge $((seconds / 2)) ]; then
    postfix_stop && sleep 2 && postfix_start || fail "Postfix does not come back"
    restarted=yes
  fi
done
touch "$root/enough"
wait $injector || fail "the injector ended with $?"
[ -n "$restarted" ] || fail "Postfix was not restarted"

# Everything drains, without a helping hand.
unfinished() { find "$site/spool/msg" "$site/spool/bulk" -type f ! -path '*/bulk/done/*' ! -path '*/bad/*'; find "$root"/postfix/queue/{incoming,active,deferred,maildrop} -type f; }
drain=$SECONDS
while [ -n "$(unfinished)" ]; do
  [ $((SECONDS - drain)) -lt 300 ] || fail "not drained: $(unfinished | head)"
  sleep 0.5
done
drained=$((SECONDS - drain))
status=0
paraph status >"$root/status.out" || status=$?
for program in "${!daemon[@]}"; do
  kill -TERM "${daemon[$program]}"
  wait "${daemon[$program]}" || fail "$program ended with $?"
done
daemon=()
[ $status -le 1 ] || fail "status ends with $status: $(cat "$root/status.out")"
paraph fsck >"$root/fsck.out" 2>&1 || fail "fsck: $(cat "$root/fsck.out")"
[ -z "$(find "$site/spool/msg/bad" "$site/spool/bulk/bad" -type f 2>/dev/null)" ] || fail "in quarantine: $(cat "$site"/spool/*/bad/*.reason)"

# Each post at each member: at least once, and at most one more for each connection that was cut.
python3 - "$root" $members $worker_kills $supervisor_kills $drained "$seconds" <<'PY' || fail "the count"
import collections, glob, re, sqlite3, sys
root, members, workers, supervisors, drained, seconds = sys.argv[1], *map(int, sys.argv[2:])
sent = [line.split()[1] for line in open(f"{root}/sent")]
got = collections.Counter()
for path in glob.glob(f"{root}/postfix/mail/m*/new/*"):
    head = open(path, "rb").read().split(b"\n\n")[0].split(b"\r\n\r\n")[0]
    subject = re.search(rb"(?m)^Subject: .*?(k\d+k)\s*$", head)
    if subject:
        got[path.split("/")[-3], subject[1].decode()] += 1
missing = [(m, s) for s in sent for m in (f"m{i}" for i in range(1, members + 1)) if not got[m, s]]
extra = sum(got.values()) - len(got)
outcomes = dict(sqlite3.connect(f"{root}/home/site/paraph.sqlite").execute("select outcome, count(*) from paraph_mail group by 1"))
print(f"{seconds} s: {len(sent)} posts, {members * len(sent)} copies owed, {sum(got.values())} there, {extra} repeated, "
      f"{len(missing)} missing; {workers} workers and {supervisors} supervisors killed, Postfix restarted once; "
      f"drained after {drained} s; ledger {outcomes}")
# A supervisor takes its workers with it: each of 4 has a connection with one message in flight.
bound = workers + 4 * supervisors
sys.exit(bool(missing) or extra > bound or len(sent) < seconds / 10)
PY
postfix_stop || fail "Postfix did not stop"
echo ok
