#!/usr/bin/env bash
# A full disk at each stage: before paraph-queue, before incoming, before distribution and in the middle of it. Mail waits,
# nothing is quarantined, and when there is room again everybody has everything once. The Maildirs lie on another disk.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

[ "$(id -u)" = 0 ] && mkdir disk && mount -t tmpfs -o size=24m none disk 2>/dev/null || { echo "SKIP: a full disk needs root and tmpfs"; exit 77; }
# A daemon that is only just gone keeps the disk busy for a moment.
trap 'jobs -p | xargs -r kill 2>/dev/null || true; wait || true; umount "$work/disk" || umount -l "$work/disk" || true; rm -rf "$work"' EXIT
ln -s disk/site site
make_ca
paraph site create disk/site --domain lists.example.org --listmaster listmaster@example.org --cafile pki/ca.pem >/dev/null 2>&1
export PARAPH_CONFIG=$work/disk/site/paraph.conf
sed -i '/^transport[ \t]/d' site/paraph.conf
printf 'transport maildir:%s/maildir\nspool_min_free 0\npacket_size 20\nbulk_max_count 2\n' "$work" >>site/paraph.conf
mail_for() { find "maildir/$1@example.org/new" -type f 2>/dev/null | sort; }
members=200
make_list open alice@example.org open
seq -f 'm%g@example.org' $members | paraph member add open >/dev/null

is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
fill() { head -c 100M /dev/zero >disk/ballast 2>/dev/null || true; }
make_room() { rm -f disk/ballast; }
post() { plain "$1" alice open | paraph-queue open@lists.example.org; }
waiting() { paraph spool list -j | python3 -c 'import json,sys; print(len({e["id"] for e in json.load(sys.stdin)}))'; }
copies() { grep -rl "^Subject: .*$1\$" maildir 2>/dev/null | wc -l; }
# Each member has it, and nobody twice.
once() {
  is "copies of $1" "$(copies "$1")" $members
  is "members with $1" "$(grep -rl "^Subject: .*$1\$" maildir | cut -d/ -f2 | sort -u | wc -l)" $members
}
innocent() {
  [ -z "$(find site/spool/msg/bad site/spool/bulk/bad -type f 2>/dev/null)" ] || fail "$1: in quarantine: $(paraph spool list)"
  ! grep -q 'a worker died' ./*.log || fail "$1: $(grep -h 'a worker died' ./*.log)"
  ok
}

# Below spool_min_free the MTA keeps the mail; what is in the spool goes on.
post early || fail "early was not accepted"
head -c 20M /dev/zero >disk/ballast
sed -i 's/^spool_min_free.*/spool_min_free 50%/' site/paraph.conf
plain refused alice open >refused.eml
refuse "below spool_min_free" 75 paraph-queue open@lists.example.org <refused.eml
is "only the first is there" "$(waiting)" 1
run_daemons
once early
sed -i 's/^spool_min_free.*/spool_min_free 0/' site/paraph.conf
make_room
innocent "spool_min_free"
echo "below spool_min_free: answered 75, what was there went out"

# Before incoming.
for i in 1 2 3; do post "incoming$i" || fail "incoming$i was not accepted"; done
fill
paraph-incoming --once 2>>incoming.log || true
is "before incoming: all wait" "$(waiting)" 3
refuse "a full disk" 75 paraph-queue open@lists.example.org <refused.eml
innocent "before incoming"
make_room
run_daemons
for i in 1 2 3; do once "incoming$i"; done
is "nothing waits" "$(waiting)" 0
echo "full before incoming: 3 mails waited, $((3 * members)) copies, each once"

# Before distribution.
for i in 1 2; do post "bulk$i" || fail "bulk$i was not accepted"; done
paraph-incoming --once 2>>incoming.log
fill
paraph-distribute --once 2>>distribute.log || true
is "before distribution: all wait" "$(waiting)" 2
echo "full before distribution: $(copies 'bulk[12]') copies left while it was full"
innocent "before distribution"
make_room
sleep 1
paraph-distribute --once 2>>distribute.log
for i in 1 2; do once "bulk$i"; done
is "nothing waits" "$(waiting)" 0
echo "full before distribution: 2 mails waited, $((2 * members)) copies, each once"

# In the middle: full as soon as the first copy of the first mail is there, under running daemons.
python3 - <<'PY' &
import glob, time
until = time.monotonic() + 20
while time.monotonic() < until:
    if any(b"Subject: Post middle" in open(path, "rb").read() for path in glob.glob("maildir/m*1@example.org/new/*")):
        break
try:
    with open("disk/ballast", "wb", buffering=0) as ballast:
        for block in (1 << 20, 4096, 1):
            try:
                while True:
                    ballast.write(bytes(block))
            except OSError:
                pass
finally:
    open("filled", "w").close()
PY
for i in 1 2 3; do post "middle$i" || fail "middle$i was not accepted"; done
paraph-incoming --once 2>>incoming.log
paraph-distribute 2>>distribute.log & distribute=$!
for ((i = 0; i < 250; i++)); do [ -e filled ] && break; sleep 0.1; done
[ -e filled ] || fail "the disk was not filled"
sleep 1
left=$(copies 'middle[123]')
innocent "in the middle"
[ "$left" -ge 1 ] && [ "$left" -lt $((3 * members)) ] || fail "not in the middle: $left copies"
make_room
for ((i = 0; i < 250; i++)); do [ "$(waiting)" = 0 ] && break; sleep 0.1; done
kill $distribute; wait $distribute || fail "paraph-distribute ended with $?"
for i in 1 2 3; do once "middle$i"; done
is "nothing waits" "$(waiting)" 0
innocent "after all"
paraph fsck >fsck.out 2>&1 || fail "fsck: $(cat fsck.out)"; ok
echo "full after $left of $((3 * members)) copies: all there, each once"
finished
