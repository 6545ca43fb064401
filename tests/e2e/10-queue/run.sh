#!/bin/bash
# paraph-queue as an MTA calls it: octets kept, exit codes, nothing but T.* left by a crash, nothing forged believed.
set -eu
queue="$PARAPH_BIN/paraph-queue"
[ -x "$queue" ] || { echo "SKIP: no $queue"; exit 77; }

site=$(mktemp -d)
small=
cleanup() {
  [ -z "$small" ] || umount "$small" || true
  rm -rf "$site"
}
trap cleanup EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
unset PARAPH_CONFIG SENDER

new_site() {  # an empty spool below $site
  rm -rf "$site/spool" "$site/paraph.conf"
  mkdir -p "$site/spool/msg" "$site/spool/bounce"
  chmod 700 "$site" "$site/spool" "$site/spool/msg" "$site/spool/bounce"
  echo 'domain example.org' > "$site/paraph.conf"
}
mails() { find "$site/spool/msg" -mindepth 1 -maxdepth 1 "$@"; }
only_mail() { [ "$(mails | wc -l)" = 1 ] || fail "expected one mail: $(mails)"; mails; }
# What stands behind the first Return-Path line, which ends our fields.
message_of() { python3 -c 'import sys; d=open(sys.argv[1],"rb").read(); i=d.index(b"\nReturn-Path: ")+1; sys.stdout.buffer.write(d[d.index(b"\n",i)+1:])' "$1"; }
field() { sed -n "1,/^Return-Path: /s/^$2: //p" "$1" | head -1; }
expect() {  # expect STATUS COMMAND…: exit status, nothing on stdout, one line on stderr unless 0
  local want=$1 got=0
  shift
  "$@" > "$site/out" 2> "$site/err" || got=$?
  [ "$got" = "$want" ] || fail "exit $got, not $want: $* ($(cat "$site/err"))"
  [ ! -s "$site/out" ] || fail "stdout: $(cat "$site/out")"
  if [ "$want" = 0 ]; then [ ! -s "$site/err" ] || fail "stderr: $(cat "$site/err")"
  else [ "$(wc -l < "$site/err")" = 1 ] || fail "not one line: $(cat "$site/err")"; fi
}
put() { expect 0 "$queue" --config "$site/paraph.conf" "$@"; }

echo "== octets are kept"
python3 -c 'import sys; sys.stdout.buffer.write(b"Subject: x\r\n\n\r\0\xff\xfe bare\rcr\n.\n..\nFrom here\n"+bytes(range(256))*400+b"no end")' > "$site/octets"
new_site
put secure@example.org < "$site/octets"
mail=$(only_mail)
message_of "$mail" | cmp - "$site/octets" || fail "octets changed"
[ "$(stat -c %a "$mail")" = 600 ] || fail "mode $(stat -c %a "$mail")"
case ${mail##*/} in secure@example.org.[0-9]*.[0-9]*,*) ;; *) fail "name $mail";; esac
[ "$(field "$mail" X-Sympa-To)" = secure@example.org ] || fail X-Sympa-To
field "$mail" X-Paraph-Id | grep -Eqx '[a-z2-7]{20}' || fail X-Paraph-Id
field "$mail" X-Paraph-Received | grep -Eqx '20..-..-..T..:..:..Z' || fail X-Paraph-Received
[ "$(field "$mail" Return-Path)" = '<>' ] || fail "Return-Path $(field "$mail" Return-Path)"

echo "== 50 MB stream through little memory"
new_site
head -c 52428800 /dev/zero > "$site/large"
( ulimit -v 65536; put secure@example.org < "$site/large" )
message_of "$(only_mail)" | cmp - "$site/large" || fail "large mail changed"
rm "$site/large"

echo "== the envelope sender: From line, Return-Path, \$SENDER"
sender() { new_site; put secure@example.org; field "$(only_mail)" Return-Path; }
[ "$(printf 'From a@example.org  Fri Jan  1\nReturn-Path: <b@example.org>\nSubject: x\n\n' | SENDER=c@example.org sender)" = '<a@example.org>' ] || fail "From line"
[ "$(printf 'Return-Path: <b@example.org>\nSubject: x\n\n' | SENDER=c@example.org sender)" = '<b@example.org>' ] || fail "Return-Path"
[ "$(printf 'Subject: x\n\n' | SENDER=c@example.org sender)" = '<c@example.org>' ] || fail "SENDER"
[ "$(printf 'Return-Path: <a b@example.org>\n\n' | sender)" = '<>' ] || fail "white space in Return-Path"

echo "== forged internal fields stay in the message (rule 4)"
new_site
printf 'X-Sympa-To: other@example.org\nX-Paraph-Id: aaaaaaaaaaaaaaaaaaaa\nX-Paraph-Auth: smime\nReturn-Path: <eve@example.org>\n\nbody' > "$site/forged"
{ echo 'Return-Path: <alice@example.org>'; cat "$site/forged"; } > "$site/piped"
put secure@example.org < "$site/piped"
mail=$(only_mail)
message_of "$mail" | cmp - "$site/forged" || fail "forged mail changed"
[ "$(field "$mail" X-Sympa-To)" = secure@example.org ] || fail "forged X-Sympa-To"
[ "$(field "$mail" X-Paraph-Id)" != aaaaaaaaaaaaaaaaaaaa ] || fail "forged X-Paraph-Id"
[ "$(field "$mail" Return-Path)" = '<alice@example.org>' ] || fail "forged Return-Path"
[ -z "$(field "$mail" X-Paraph-Auth)" ] || fail "forged X-Paraph-Auth"

echo "== names of any address stay inside; the last argument is never an option"
new_site
long=$(printf 'l%.0s' $(seq 240))@example.org
for address in ../../escape@example.org /etc/x@example.org T.x@example.org .x@example.org '$(id)|`id`;"@example.org' \
    --config=/dev/null@x -rf@example.org a_b@example.org bad/x@example.org $'\xff\xfe@example.org' "$long"; do
  put "$address" < "$site/octets"
done
[ "$(mails -type f ! -name 'T.*' ! -name '.*' | wc -l)" = 11 ] || fail "$(mails)"
[ "$(find "$site" -type f ! -path "$site/spool/msg/*" -newer "$site/paraph.conf" ! -name out ! -name err | wc -l)" = 0 ] || fail "a file outside"
! mails | sed 's,.*/,,' | grep -q '[^A-Za-z0-9@._,=+-]' || fail "$(mails)"
grep -lxF -- 'X-Sympa-To: --config=/dev/null@x' "$site"/spool/msg/* > /dev/null || fail "the address that looks like an option"

echo "== usage: 64"
new_site
for address in '' secure @example.org secure@ 'a b@example.org' $'a\n@example.org' $'a\t@example.org' $'a\x7f@example.org' \
    "$(printf 'l%.0s' $(seq 250))@example.org"; do
  expect 64 "$queue" --config "$site/paraph.conf" "$address" < "$site/octets"
done
expect 64 "$queue" < "$site/octets"
expect 64 "$queue" --config "$site/paraph.conf" < "$site/octets"
expect 64 "$queue" --unknown secure@example.org < "$site/octets"
[ -z "$(mails)" ] || fail "usage errors left $(mails)"

echo "== several addresses in one call, as of a pipe(8) without its limit of one: 75, and none is dropped"
for others in a@example.org 'a@example.org b@example.org' '5 a@example.org' -x@example.org --config@example.org; do
  expect 75 "$queue" --config "$site/paraph.conf" $others secure@example.org < "$site/octets"
  grep -qF 'more than one address (try: paraph_destination_recipient_limit = 1' "$site/err" || fail "$(cat "$site/err")"
done
expect 75 "$PARAPH_BIN/paraph-bouncequeue" --config "$site/paraph.conf" a@example.org secure@example.org < "$site/octets"
grep -qF 'paraphbounce_destination_recipient_limit = 1' "$site/err" || fail "$(cat "$site/err")"
expect 75 "$queue" --config "$site/paraph.conf" a@example.org @example.org < "$site/octets"
for others in '1 2' x 10 Z; do
  expect 75 "$queue" --config "$site/paraph.conf" $others secure@example.org < "$site/octets"
  grep -q 'is no priority' "$site/err" || fail "$(cat "$site/err")"
done
[ -z "$(mails)" ] || fail "refused calls left $(mails)"

echo "== other ways to call it"
put 5 secure@example.org < "$site/octets"
put z secure@example.org < "$site/octets"
expect 0 "$queue" --config="$site/paraph.conf" secure@example.org < "$site/octets"
PARAPH_CONFIG="$site/paraph.conf" expect 0 "$queue" secure@example.org < "$site/octets"
put secure@example.org < /dev/null
[ "$(mails | wc -l)" = 5 ] || fail "$(mails)"
"$queue" --help | grep -q '^usage: paraph-queue' || fail help
expect 0 "$PARAPH_BIN/paraph-bouncequeue" --config "$site/paraph.conf" secure@example.org < "$site/octets"
[ "$(find "$site/spool/bounce" -type f | wc -l)" = 1 ] || fail "bounce spool"

echo "== what an administrator can mend: 75"
new_site
expect 75 "$queue" --config "$site/none.conf" secure@example.org < "$site/octets"
grep -q 'none.conf.*No such file' "$site/err" || fail "$(cat "$site/err")"
expect 75 "$queue" --config "$site/paraph.conf" secure@example.org < "$site"
expect 75 "$queue" --config "$site/paraph.conf" secure@example.org <&-
[ -z "$(mails)" ] || fail "unreadable stdin left $(mails)"
rm -r "$site/spool/msg"
expect 75 "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets"
grep -q 'spool/msg: No such file' "$site/err" || fail "$(cat "$site/err")"
touch "$site/spool/msg"
expect 75 "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets"

if [ "$(id -u)" = 0 ]; then as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"; else as_nobody=; fi
new_site
chmod 755 "$site"; chmod 711 "$site/spool"; chmod 500 "$site/spool/msg"
if $as_nobody test -x "$queue"; then
  expect 75 $as_nobody "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets"
  grep -q 'Permission denied' "$site/err" || fail "$(cat "$site/err")"
  chmod 600 "$site/paraph.conf"
  [ -z "$as_nobody" ] || expect 75 $as_nobody "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets"
else
  echo "SKIP: another user cannot reach the program"
fi

if [ "$(id -u)" = 0 ]; then
  echo "== root becomes the owner of the site"
  new_site
  chown -R 65534:65534 "$site"
  put secure@example.org < "$site/octets"
  [ "$(stat -c %u:%g "$(only_mail)")" = 65534:65534 ] || fail "owner $(stat -c %u:%g "$(only_mail)")"
  new_site
  chown 0:0 "$site" "$site/paraph.conf"; chmod 755 "$site" "$site/spool"; chown 65534:65534 "$site/spool/msg"
  put secure@example.org < "$site/octets"
  [ "$(stat -c %u "$(only_mail)")" = 65534 ] || fail "spool's owner: $(stat -c %u "$(only_mail)")"
fi

echo "== full disk"
new_site
mkdir "$site/small"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64k none "$site/small" 2> /dev/null; then
  small=$site/small
  mkdir -m 700 "$small/msg"
  echo "queue $small/msg" >> "$site/paraph.conf"
  expect 75 "$queue" --config "$site/paraph.conf" secure@example.org <<< small
  grep -q "$small/msg: .*K free, less than spool_min_free 100M" "$site/err" || fail "$(cat "$site/err")"
  echo "spool_min_free 90%" >> "$site/paraph.conf"
  expect 0 "$queue" --config "$site/paraph.conf" secure@example.org <<< small
  head -c 8192 /dev/zero > "$small/other"
  expect 75 "$queue" --config "$site/paraph.conf" secure@example.org <<< small
  grep -q 'free, less than spool_min_free 90%' "$site/err" || fail "$(cat "$site/err")"
  [ "$(find "$small/msg" -type f | wc -l)" = 1 ] || fail "left: $(find "$small/msg" -type f)"
  rm "$small/other" "$small/msg/"*
  echo "spool_min_free 0" >> "$site/paraph.conf"
  expect 75 "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets"
  grep -q 'No space left on device' "$site/err" || fail "$(cat "$site/err")"
  [ -z "$(find "$small/msg" -type f)" ] || fail "left: $(find "$small/msg" -type f)"
  expect 0 "$queue" --config "$site/paraph.conf" secure@example.org <<< small
  umount "$small"
  small=
else
  echo "SKIP: a full disk needs root and tmpfs"
fi
new_site
( ulimit -f 8; expect 75 "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets" )
[ -z "$(mails)" ] || fail "file size limit left $(mails)"

echo "== death in the middle of a slow writer leaves only T.*"
for signal in KILL TERM; do
  new_site
  mkfifo "$site/slow"
  "$queue" --config "$site/paraph.conf" secure@example.org < "$site/slow" &
  pid=$!
  exec 9> "$site/slow"
  head -c 200000 /dev/zero >&9
  for _ in $(seq 100); do [ -z "$(mails -name 'T.*' -size +0)" ] || break; sleep 0.05; done
  [ -n "$(mails -name 'T.*')" ] || fail "nothing is being written"
  [ "$(tr '\0' ' ' < "/proc/$pid/status" | sed -n 's/^Umask:[[:space:]]*//p')" = 0077 ] || fail "umask"
  kill -"$signal" "$pid"
  wait "$pid" 2> /dev/null && fail "survived $signal"
  exec 9>&-
  rm "$site/slow"
  [ -z "$(mails ! -name 'T.*')" ] || fail "$signal left $(mails)"
  put secure@example.org < "$site/octets"
  [ "$(mails ! -name 'T.*' | wc -l)" = 1 ] || fail "the retry"
done

echo "== a hundred at once"
new_site
for _ in $(seq 100); do "$queue" --config "$site/paraph.conf" secure@example.org < "$site/octets" & done
wait
[ "$(mails ! -name 'T.*' | wc -l)" = 100 ] || fail "$(mails | wc -l) of 100"
[ "$(cat "$site"/spool/msg/* | grep -ac '^X-Paraph-Id: ')" = 100 ] || fail ids
[ "$(cat "$site"/spool/msg/* | grep -a '^X-Paraph-Id: ' | sort -u | wc -l)" = 100 ] || fail "ids repeat"
echo "ok"
