#!/usr/bin/env bash
# A full disk with blocks below 4 KB, as mkfs.ext4 makes them below 512 MB: the memory that SQLite shares has blocks of its
# own before anybody writes into it, else tools and workers die of SIGBUS. Nothing dies, nothing is quarantined, mail waits.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

skip() { echo "SKIP: $*"; exit 77; }
export PATH="$PATH:/usr/sbin:/sbin"
[ "$(id -u)" = 0 ] || skip "a disk with small blocks needs root"
mkdir disk
truncate -s 96M image
mkfs.ext4 -q -F -b 1024 image 2>/dev/null || skip "no mkfs.ext4"
mount -o loop image disk 2>/dev/null || skip "a disk with small blocks needs a loop device"
# A daemon that is only just gone keeps the disk busy for a moment.
trap 'jobs -p | xargs -r kill 2>/dev/null || true; wait || true; umount "$work/disk" || umount -l "$work/disk" || true; rm -rf "$work"' EXIT
ln -s disk/site site
make_ca
paraph site create disk/site --domain lists.example.org --listmaster listmaster@example.org --cafile pki/ca.pem >/dev/null 2>&1
export PARAPH_CONFIG=$work/disk/site/paraph.conf
sed -i '/^transport[ \t]/d' site/paraph.conf
printf 'transport maildir:%s/maildir\nspool_min_free 0\n' "$work" >>site/paraph.conf
make_list open alice@example.org open
paraph member add open bob@example.org >/dev/null

is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
post() { plain "$1" alice open | paraph-queue open@lists.example.org || fail "$1 was not accepted"; }
copies() { grep -rl "^Subject: .*$1\$" maildir 2>/dev/null | wc -l; }
alive() { # alive WHAT command…: it may fail, but of no signal
  local what=$1 code=0
  shift
  timeout 60 "$@" >alive.out 2>alive.err || code=$?
  [ $code -lt 124 ] || fail "$what: ended with $code: $(cat alive.out alive.err)"
  ! grep -q 'a worker died' alive.err || fail "$what: $(cat alive.err)"
  ok
}

# Two mails before incoming, two before distribution, and nobody has the database open: so its -shm is not there.
post packet1; post packet2
paraph-incoming --once 2>/dev/null
post fresh1; post fresh2
id=$(paraph spool list --spool msg -j | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')
[ ! -e site/paraph.sqlite-shm ] || fail "somebody has the database open"
rm -f site/spool/tmp/*.state  # the daemons begin their boards anew, too
head -c 200M /dev/zero >disk/ballast 2>/dev/null || true
sync

# Full to the last block, and then with room for some blocks of what SQLite maps, but not for all.
for kilobytes in 0 8 8 8; do
  truncate -s -${kilobytes}K disk/ballast
  sync
  for verb in status trace fsck "spool list" "spool show $id" "message explain $id"; do
    # shellcheck disable=SC2086
    alive "paraph $verb" paraph $verb
  done
  for daemon in paraph-incoming paraph-distribute; do
    alive $daemon $daemon --once
    [ $kilobytes != 0 ] || grep -q 'error: no room: database.*/paraph.sqlite' alive.err || fail "$daemon: not full, or nobody says so: $(cat alive.err)"
    [ $kilobytes != 0 ] || grep -q 'hint: df -h .*paraph.sqlite' alive.err || fail "$daemon: no hint: $(cat alive.err)"
  done
  is "in quarantine" "$(find site/spool/msg/bad site/spool/bulk/bad -type f 2>/dev/null | wc -l)" 0
done
alive "paraph spool drop" paraph spool drop "$id"
grep -q 'not in the ledger: no room: ' alive.err || fail "drop does not say what it did not note: $(cat alive.err)"; ok
is "what was dropped is gone" "$(paraph spool list -j | grep -c "$id" || true)" 0

rm disk/ballast
run_daemons
for post in packet1 packet2 fresh2; do is "copies of $post" "$(copies $post)" 1; done
is "copies of what was dropped" "$(copies fresh1)" 0
alive "fsck" paraph fsck

# A log of more than 16 MB, which a reader keeps from being taken in: the shared memory has grown, and has no holes.
python3 - <<'PY' &
import sqlite3, time
reader = sqlite3.connect("site/paraph.sqlite")
reader.execute("BEGIN").connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
open("reading", "w").close()
time.sleep(120)
PY
reader=$!
for ((i = 0; i < 100; i++)); do [ -e reading ] && break; sleep 0.1; done
seq -f 'somebody.with.a.rather.long.name.%g@subdomain.of.a.long.domain.example.org' 60000 | paraph member add open >/dev/null
read -r size blocks < <(stat -L -c '%s %b' site/paraph.sqlite-shm)
[ "$size" -gt 32768 ] || fail "the log has not grown enough: its index has $size octets"; ok
[ $((blocks * 512)) -ge "$size" ] || fail "holes in the shared memory: $((blocks * 512)) of $size octets"; ok
kill $reader; wait $reader 2>/dev/null || true
finished
