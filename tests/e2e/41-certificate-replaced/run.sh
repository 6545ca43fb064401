#!/usr/bin/env bash
# Subscribers' certificates are replaced in the middle of a distribution: what left before is for the old ones, what
# leaves after is for the new ones, and each member gets one copy that opens with one of the two.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

members=${1:-600}
make_ca
make_person alice rsa
make_site
printf 'packet_size 50\nbulk_max_count 1\n' >>site/paraph.conf
# Each copy in a Maildir waits for the disk a few times, which is no matter of this test: 20 s and more of it.
if [ -w /dev/shm ]; then
  memory=$(mktemp -d /dev/shm/paraph-e2e-XXXXXX)
  trap 'jobs -p | xargs -r kill 2>/dev/null || true; rm -rf "$work" "$memory"' EXIT
  rm -rf site/maildir && ln -s "$memory" site/maildir
fi
make_list secure alice@example.org
make_person old rsa
make_person new rsa
seq -f 'm%g@example.org' "$members" | paraph member add secure >/dev/null
paraph cert import --for m1@example.org pki/old.pem >/dev/null
openssl x509 -in pki/new.pem -out new.cert
cp site/X509-user-certs/m1@example.org old.cert
# everybody CERT: all members have that one now, each by one rename
everybody() { python3 -c '
import os, shutil, sys
for i in range(1, int(sys.argv[2]) + 1):
    shutil.copy(sys.argv[1], "fresh.cert")
    os.rename("fresh.cert", f"site/X509-user-certs/m{i}@example.org")' "$1" "$members"; }
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
# census SUBJECT: KEY MEMBER of each copy, by the serial number in its RecipientInfo
serial() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }
census() {
  python3 - "$(serial pki/old.pem)" "$(serial pki/new.pem)" "$1" <<'PY'
import base64, glob, sys
def der(number):  # INTEGER
    octets = bytes.fromhex(number)
    octets = (b"\0" if octets[0] & 0x80 else b"") + octets
    return b"\x02" + bytes([len(octets)]) + octets
# RFC 5652 §10.2.4: the issuer's name, then the serial number; then the algorithm's SEQUENCE.
keys = [("old", der(sys.argv[1]) + b"\x30"), ("new", der(sys.argv[2]) + b"\x30")]
for path in glob.glob("site/maildir/m*/new/*"):
    head, body = open(path, "rb").read().replace(b"\r\n", b"\n").split(b"\n\n", 1)
    if not any(line.lower().startswith(b"subject:") and line.endswith(sys.argv[3].encode()) for line in head.split(b"\n")):
        continue
    data = base64.b64decode(body)[:2000]
    found = [name for name, key in keys if key in data]
    print("+".join(found) or "neither", path.split("/")[2], path)
PY
}
opens_all() { # opens_all NAME POST: a few of those copies, with that key
  grep "^$1 " census | shuf -n 8 | while read -r key _ path; do opens "$path" "$key" "$2" || exit 1; done
}
post() { make_post "$1" alice secure; paraph-queue secure@lists.example.org <"post/$1.eml" || fail "$1 was not accepted"; }

# Between two runs: the first one gets as far as the third packet, where everything is killed.
everybody old.cert
post runs
paraph-incoming --once 2>>incoming.log
third=$(ls site/spool/bulk/pct | sort | sed -n 3p)
PARAPH_TEST_POISON=$third PARAPH_TEST_POISON_HOW=hang setsid paraph-distribute --once 2>>distribute.log & group=$!
before=0
for ((i = 0; i < 100; i++)); do
  sleep 0.1
  before=$(census runs | grep -c . || true)
  [ "$before" = 100 ] && break
done
sleep 0.3
kill -0 $group 2>/dev/null || { echo "SKIP: these programs have no test hooks (PARAPH_TEST_HOOKS)"; exit 77; }
kill -9 -- -$group; wait $group 2>/dev/null || true
census runs >census
is "two packets have left" "$(cut -d' ' -f1 census | sort | uniq -c | tr -s ' ')" " 100 old"
everybody new.cert
paraph-distribute --once 2>>distribute.log
census runs >census
is "before and after" "$(cut -d' ' -f1 census | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " $((members - 100)) new; 100 old;"
is "members with a copy" "$(cut -d' ' -f2 census | sort -u | wc -l)" "$members"
check "the old key opens those from before" opens_all old post/runs.txt
check "the new key opens those from after" opens_all new post/runs.txt
echo "between two runs: 100 copies for the old certificate, $((members - 100)) for the new one, each member one"

# While a daemon works.
rm -rf site/maildir/*
everybody old.cert
post daemon
paraph-incoming --once 2>>incoming.log
# Once some have left, all are replaced, at once: the new files are ready beside. Those that had left before are counted first.
python3 -c '
import glob, os, shutil, sys, time
members = [f"m{i}@example.org" for i in range(1, int(sys.argv[1]) + 1)]
os.mkdir("fresh")
for each in members:
    shutil.copy("new.cert", f"fresh/{each}")
open("ready", "w").close()
until = time.monotonic() + 60
while len(paths := glob.glob("site/maildir/m*/new/*")) < 50 and time.monotonic() < until:
    time.sleep(0.001)
for each in members:
    os.rename(f"fresh/{each}", f"site/X509-user-certs/{each}")
open("left", "w").write("\n".join(paths))' "$members" & replacing=$!
for ((i = 0; i < 100; i++)); do [ -e ready ] && break; sleep 0.1; done
paraph-distribute 2>>distribute.log & distribute=$!
wait $replacing || fail "the certificates were not replaced"
left=$(cat left)
for ((i = 0; i < 600; i++)); do [ "$(paraph spool list)" = "nothing waits" ] && break; sleep 0.1; done
kill $distribute; wait $distribute || fail "the daemon ended with $?"
census daemon >census
is "copies" "$(wc -l <census)" "$members"
is "members with a copy" "$(cut -d' ' -f2 census | sort -u | wc -l)" "$members"
! grep -v '^old \|^new ' census || fail "a copy is for neither"; ok
old=$(grep -c '^old ' census || true) new=$(grep -c '^new ' census || true)
[ "$new" -gt 0 ] || fail "the daemon never took the new certificates ($old old)"; ok
is "those that had left before are for the old one" "$(grep -F "$left" census | cut -d' ' -f1 | sort -u)" old
check "the old key opens its copies" opens_all old post/daemon.txt
check "the new key opens its copies" opens_all new post/daemon.txt
echo "under a daemon: $(wc -l <<<"$left") had left, $old copies for the old certificate, $new for the new one, each member one"

# From now on: the new one alone.
rm -rf site/maildir/*
post last
run_daemons
census last >census
is "afterwards" "$(cut -d' ' -f1 census | sort | uniq -c | tr -s ' ')" " $members new"
finished
