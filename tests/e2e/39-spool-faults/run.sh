#!/usr/bin/env bash
# What lies in the spools is not as we left it: damaged packets and journals, a clock that was put back, files with
# hostile names, a second pair of daemons, certificates replaced while copies leave. The neighbours go on.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"

members=40
make_ca
make_person alice rsa
make_site
printf 'packet_size 10\nbulk_max_count 2\n' >>site/paraph.conf
make_list open alice@example.org open
seq -f 'm%g@example.org' $members | paraph member add open >/dev/null
is() { [ "$2" = "$3" ] || fail "$1: '$2', wanted '$3'"; ok; }
wait_for() { # wait_for SECONDS command…
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}
nothing_waits() { [ "$(paraph spool list)" = "nothing waits" ]; }
post() { plain "$1" alice open | paraph-queue open@lists.example.org || fail "$1 was not accepted"; }
in_bulk() { post "$1"; paraph-incoming --once 2>>incoming.log; packets=$(ls site/spool/bulk/pct | grep -v done | sort); }
packet() { sed -n "${1}p" <<<"$packets"; }
with() { grep -rl "^Subject: .*$1\$" site/maildir 2>/dev/null | cut -d/ -f3 | sort; }
no_deaths() { ! grep -q 'a worker died' ./*.log || fail "$1: $(grep -h 'worker died' ./*.log)"; ok; }

# --- packets, cut and with bits flipped: theirs alone are set aside -------------------------------------------------
in_bulk packets
is "packets" "$(wc -l <<<"$packets")" 4
truncate -s -3 "site/spool/bulk/pct/$(packet 2)"
python3 - "site/spool/bulk/pct/$(packet 3)" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[0] ^= 0x01  # another letter: still an address
open(sys.argv[1], "wb").write(data)
PY
paraph-distribute --once 2>>distribute.log || true
is "copies of two packets" "$(with packets | wc -l)" 20
is "nobody twice" "$(with packets | uniq -d)" ""
is "quarantined" "$(find site/spool/bulk/bad -name '*.reason' | sed 's,.*/,,' | sort | tr '\n' ' ')" "$(packet 2).reason $(packet 3).reason "
grep -q 'empty, cut or damaged' "site/spool/bulk/bad/$(packet 2).reason" || fail "reason: $(cat site/spool/bulk/bad/*.reason)"; ok
paraph spool drop ALL --spool bad --yes >/dev/null
echo "damaged packets: 2 of 4 in quarantine, 20 copies of the others, each once"

# --- a journal, cut and with bits flipped: those members again, the others not --------------------------------------
rm -rf site/maildir
in_bulk journal
# As a kill in the middle leaves it: three members of packet 1 are done, the line of the fourth is damaged, of the fifth cut.
journal=site/spool/bulk/pct/$(packet 1).done
for i in 1 2 3 4 5; do printf '%s\tplain\t\t\t250 done before\n' "$(sed -n "${i}p" "site/spool/bulk/pct/$(packet 1)")"; done >"$journal"
done_before=$(head -3 "site/spool/bulk/pct/$(packet 1)" | sort)
python3 - "$journal" <<'PY'
import sys
lines = open(sys.argv[1], "rb").read().splitlines(keepends=True)
lines[3] = lines[3].replace(b"\tplain", b"\x04plain")
lines[4] = lines[4][:12]
open(sys.argv[1], "wb").write(b"".join(lines))
PY
paraph-distribute --once 2>>distribute.log
is "copies for all who were not done" "$(with journal | wc -l)" $((members - 3))
is "nobody twice" "$(with journal | uniq -d)" ""
is "none for those who were" "$(comm -12 <(with journal) <(echo "$done_before"))" ""
nothing_waits || fail "$(paraph spool list)"; ok
no_deaths journal
echo "damaged journal: 3 intact lines believed, 2 damaged ones sent, the other packets untouched"

# --- the clock is put back by an hour: every file is from the future ------------------------------------------------
later() { find site/spool -type f -exec touch -d "$1" {} +; }
in_bulk clock1
post clock2
later '+1 hour 5 minutes'
paraph-incoming --once 2>>incoming.log
paraph-distribute --once 2>>distribute.log
for name in clock1 clock2; do is "members with $name" "$(with $name | sort -u | wc -l), $(with $name | wc -l) copies" "$members, $members copies"; done
later '-2 days'
post clock3
later '-2 days'
run_daemons
is "clock put forward" "$(with clock3 | wc -l)" $members
nothing_waits || fail "$(paraph spool list)"; ok
echo "clock: files an hour ahead and two days behind, each copy once"

# --- hostile names --------------------------------------------------------------------------------------------------
mkdir outside
plain outside alice open >outside/mail
printf 'X-Sympa-To: open@lists.example.org\nX-Paraph-Id: aaaaaaaaaaaaaaaaaaaa\nX-Paraph-Received: 2026-01-01T00:00:00Z\n' | cat - outside/mail >outside/spooled
before=$(cd outside && stat -c '%n %i %s %Y %Z %a' * && sha256sum *)
passwd=$(stat -c '%i %s %Y %Z %a' /etc/passwd)
python3 - "$work" <<'PY'
import os, sys
work = sys.argv[1]
spooled = open(f"{work}/outside/spooled", "rb").read()
os.chdir(f"{work}/site/spool/msg")
names = ["new\nline@lists.example.org.1790000000.1,abcdefgh", "uml\u00e4ut@lists.example.org.1790000000.2,abcdefgh",
         "-rf@lists.example.org.1790000000.3,abcdefgh", "--help", "x" * 255, "T.x", "T.", ".hidden", " ", "$(touch outside)",
         "\x1b[2Jred", "a.1790000000", "*"]
for name in names:
    open(name, "wb").write(spooled)
open(b"\xff\xfe", "wb").write(spooled)
end = "@lists.example.org.1790000000.4,abcdefgh"
os.mkdir("dir" + end)
os.mkfifo("fifo" + end)
os.symlink("/etc/passwd", "passwd" + end)
os.symlink(f"{work}/outside/spooled", "link" + end)
os.symlink("nowhere", "dangling" + end)
PY
paraph-incoming 2>>incoming.log & incoming=$!
paraph-distribute 2>>distribute.log & distribute=$!
for i in 1 2 3; do post "good$i"; done
for i in 1 2 3; do
  arrived() { [ "$(with "good$i" | wc -l)" = $members ]; }
  wait_for 20 arrived || fail "good$i: $(with "good$i" | wc -l) copies; $(tail -3 incoming.log)"; ok
done
for pid in $incoming $distribute; do kill "$pid"; wait "$pid" || fail "a daemon ended with $?"; done
no_deaths "hostile names"
is "outside is as it was" "$(cd outside && stat -c '%n %i %s %Y %Z %a' * && sha256sum *)" "$before"
is "/etc/passwd too" "$(stat -c '%i %s %Y %Z %a' /etc/passwd)" "$passwd"
is "nothing new beside the site" "$(ls -d ./*outside*)" ./outside
for what in dir fifo passwd link dangling; do check "$what is left alone" test -e "site/spool/msg/$what@lists.example.org.1790000000.4,abcdefgh" -o -L "site/spool/msg/$what@lists.example.org.1790000000.4,abcdefgh"; done
paraph spool list >list.out || fail "spool list"
! grep -q $'\x1b' list.out || fail "an escape reaches the terminal"; ok
paraph spool list -j | python3 -c 'import json,sys; json.load(sys.stdin)' || fail "spool list --json"; ok
code=0; paraph fsck >fsck.out 2>&1 || code=$?
[ $code -le 2 ] || fail "fsck ends with $code"; ok
! grep -q $'\x1b' fsck.out || fail "an escape reaches the terminal by fsck"; ok
echo "hostile names: $(ls site/spool/msg | wc -l) left in msg, $(ls site/spool/msg/bad | wc -l) files in bad; good mail arrived"
find site/spool/msg -mindepth 1 -maxdepth 1 ! -name bad ! -name .wait ! -name hold -exec rm -rf {} +

# --- two daemons of each kind ---------------------------------------------------------------------------------------
rm -rf site/maildir
paraph list create few --owner alice@example.org --type open >/dev/null 2>&1
paraph member add few a@example.org b@example.org c@example.org >/dev/null
for i in $(seq 200); do plain "two$i" alice few | paraph-queue few@lists.example.org; done
daemons=()
for program in paraph-incoming paraph-distribute; do for _ in 1 2; do $program 2>>two.log & daemons+=($!); done; done
wait_for 60 nothing_waits || fail "two of each: $(paraph spool list | tail -3)"; ok
for pid in "${daemons[@]}"; do kill "$pid"; wait "$pid" || fail "a daemon ended with $?"; done
for who in a b c; do
  is "$who's copies" "$(count_for $who)" 200
  is "$who's mails" "$(mail_for $who | xargs grep -hm1 '^Subject: ' | sort -u | wc -l)" 200
done
no_deaths "two of each"
echo "two daemons of each kind: 200 mails, 600 copies, each once"
finished
