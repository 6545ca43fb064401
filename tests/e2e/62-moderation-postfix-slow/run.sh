#!/usr/bin/env bash
# Moderation, confirmation and rejection through a private Postfix on both sides, with both daemons running: plain, signed, encrypted, and
# signed and encrypted posts, decided by mail and on the command line.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${PARAPH_BIN:-$here/../../../build/dev/bin}
. "$here/../support/postfix.sh"
. "$here/../support/pki.sh"
user=list domain=lists.example.org

skip() { echo "SKIP: $*"; exit 77; }
postfix_available || skip "a private Postfix is not possible here"
getent passwd "$user" >/dev/null || skip "there is no system user $user to be the service user"
for program in setpriv openssl; do command -v $program >/dev/null || skip "$program is not installed"; done

root=$(mktemp -d /tmp/paraph-e2e-postfix-XXXXXX)
: "${PARAPH_SOURCE:=$(cd "$(dirname "$0")/../../.." && pwd)}"
daemons=()
cleanup() {
  for pid in "${daemons[@]}"; do kill -TERM "$pid" 2>/dev/null; done
  for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null; done
  postfix_stop
  rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
fail() { echo "FAIL: $*"; [ -n "${KEEP:-}" ] && cp -r "$root" "$KEEP"; tail -n 25 "$root"/*.log 2>/dev/null; postfix_log | tail -n 15; exit 1; }

postfix_prepare "$root" "$user" "$domain"
mkdir "$root/bin" "$root/pki" "$root/home"
cp "$bin"/paraph "$bin"/paraph-queue "$bin"/paraph-incoming "$bin"/paraph-distribute "$root/bin/" || fail "no programs in $bin"
mkdir -p "$root/share/paraph" && cp -R "$PARAPH_SOURCE/scenarios" "$PARAPH_SOURCE/templates" "$root/share/paraph/"
chmod -R a+rX "$root/share"; chown "$user:" "$root/home"; chmod 700 "$root/home"
config=$root/home/site/paraph.conf
service=(setpriv --reuid="$user" --regid="$user" --clear-groups env -C "$root/home" PARAPH_CONFIG="$config")
paraph() { "${service[@]}" "$root/bin/paraph" "$@"; }

pki_ca "$root/pki" && pki_person "$root/pki" alice rsa && pki_person "$root/pki" bob ec || fail "openssl made no certificates"
chmod 644 "$root"/pki/*.pem
{
  paraph site create "$root/home/site" --domain $domain --listmaster alice@example.org --cafile "$root/pki/ca.pem" --transport "smtp://127.0.0.1:$POSTFIX_PORT"
  for list in mod conf; do
    paraph list create $list --owner alice@example.org --type open && paraph key generate $list &&
      pki_sign_request "$root/pki" "$root/home/site/list_data/$list/request.pem" "$root/pki/$list.pem" &&
      chmod 644 "$root/pki/$list.pem" && paraph key install $list --cert "$root/pki/$list.pem" &&
      paraph member add $list alice@example.org && paraph editor add $list bob@example.org || fail "list $list"
    dir=$root/home/site/list_data/$list
    mkdir -p "$dir/scenari"
    sed -i '/^send /d; s/^encrypted_post_policy.*/encrypted_post_policy any/' "$dir/config"
    printf '\nsend test\n\nrelease_by_mail key\n' >>"$dir/config"
    chown -R "$user:" "$dir"
  done
  printf 'true() smtp,md5,smime -> editorkey\n' >"$root/home/site/list_data/mod/scenari/send.test"
  printf 'true() smtp -> request_auth\ntrue() md5,smime -> do_it\n' >"$root/home/site/list_data/conf/scenari/send.test"
  paraph cert import "$root/pki/alice.pem" "$root/pki/bob.pem"
} >"$root/setup.log" 2>&1 || fail "the site"
sed -i '/^transport[ \t]/d' "$config"; echo "transport smtp://127.0.0.1:$POSTFIX_PORT" >>"$config"

: >"$root/postfix/etc/aliases"
for address in mod conf sympa; do echo "$address@$domain paraph:"; done >"$root/postfix/etc/transport"
for who in alice bob; do echo "$who@example.org $who/"; done >"$root/postfix/etc/boxes"
postfix_pipe "$root/bin/paraph-queue --config $config \${recipient}"
postfix_start || fail "Postfix does not start"
for program in paraph-incoming paraph-distribute; do
  (exec "${service[@]}" "$root/bin/$program") >"$root/$program.log" 2>&1 & daemons+=($!)
done

number=0
head_of() { number=$((number + 1)); printf 'Message-ID: <%s.%s@example.org>\nDate: %s\n' $$ $number "$(date -R)"; }
# post KIND LIST: from alice; the subject is KIND
post() {
  local kind=$1 list=$2 to=$2@$domain file=$root/pki/$1.$2
  printf 'Content-Type: text/plain; charset=utf-8\r\n\r\nWords of a %s post to %s, %s.\r\n' "$kind" "$list" $number >"$file.txt"
  local sign=(openssl cms -sign -in "$file.txt" -signer "$root/pki/alice.pem" -inkey "$root/pki/alice.key" -md sha256)
  local seal=(openssl cms -encrypt -aes256 -from alice@example.org -to "$to" -subject "$kind")
  case $kind in
    signed) "${sign[@]}" -from alice@example.org -to "$to" -subject "$kind" -out "$file.body" ;;
    encrypted) "${seal[@]}" -in "$file.txt" -out "$file.body" "$root/pki/$list.pem" ;;
    both) "${sign[@]}" -out "$file.signed" && "${seal[@]}" -in "$file.signed" -out "$file.body" "$root/pki/$list.pem" ;;
    *) { printf 'From: alice@example.org\nTo: %s\nSubject: %s\n' "$to" "$kind"; cat "$file.txt"; } >"$file.body" ;;
  esac || fail "openssl: $kind"
  { head_of; cat "$file.body"; } >"$file.eml"
  postfix_submit alice@example.org "$to" "$file.eml" || fail "SMTP: $kind"
}
box() { find "$root/postfix/mail/$1/new" -type f 2>/dev/null; }
clear_boxes() { rm -f "$root"/postfix/mail/*/new/*; }
# text FILE WHO: what a reader sees of a notice: sealed or not, signed or not
text() {
  openssl cms -decrypt -in "$1" -recip "$root/pki/$2.pem" -inkey "$root/pki/$2.key" -out "$root/pki/notice" 2>/dev/null || cp "$1" "$root/pki/notice"
  python3 -c '
import email, sys
for part in email.message_from_binary_file(open(sys.argv[1], "rb")).walk():
    if part.get_content_type() == "text/plain": print(part.get_payload(decode=True).decode()); break' "$root/pki/notice"
}
line() { text "$(box "$1" | head -1)" "$1" | grep "^$2 " | head -1; }  # line WHO WORD
# command WHO LINE: by SMTP to sympa@
command_mail() {
  { head_of; printf 'From: %s@example.org\nTo: sympa@%s\nSubject: decision\n\n%s\n' "$1" $domain "$2"; } >"$root/pki/command.eml"
  postfix_submit "$1@example.org" "sympa@$domain" "$root/pki/command.eml" || fail "SMTP: $2"
}
# arrives KIND LIST: alice has the post with that Subject, and its words
arrives() {
  local i copy="" words="Words of a $1 post to $2"
  for ((i = 0; i < 300; i++)); do copy=$(grep -l "^Subject: $1\$" $(box alice) /dev/null | head -1); [ -n "$copy" ] && break; sleep 0.1; done
  [ -n "$copy" ] || fail "$1 did not come to alice"
  case $1 in
    encrypted | both) openssl cms -decrypt -in "$copy" -recip "$root/pki/alice.pem" -inkey "$root/pki/alice.key" -out "$root/pki/opened" 2>/dev/null || fail "$1: alice cannot open it" ;;
    *) cp "$copy" "$root/pki/opened" ;;
  esac
  grep -q "$words" "$root/pki/opened" || fail "$1: other words"
  case $1 in signed | both) openssl cms -verify -in "$root/pki/opened" -CAfile "$root/pki/ca.pem" -out /dev/null 2>/dev/null || fail "$1: the signature" ;; esac
}
held() { paraph moderation list mod -j 2>/dev/null | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d[-1]["id"] if d else "")'; }
wait_held() { for ((i = 0; i < 300; i++)); do id=$(held); [ -n "$id" ] && return; sleep 0.1; done; fail "nothing is held"; }
gone() { for ((i = 0; i < 300; i++)); do [ -z "$(held)" ] && return; sleep 0.1; done; fail "still held: $(held)"; }
refused() { for ((i = 0; i < 300; i++)); do for f in $(box alice); do text "$f" alice | tr '\n' ' ' | grep -q "$1" && return; done; sleep 0.1; done; fail "alice does not hear: $1"; }

for kind in plain signed encrypted both; do
  clear_boxes; post $kind mod; postfix_wait_for_mail bob 1 60 || fail "bob has no notice of $kind"
  command_mail bob "$(line bob DISTRIBUTE)"; arrives $kind mod; echo "released by mail: $kind"
  clear_boxes; post $kind mod; wait_held
  paraph moderation distribute mod "$id" >/dev/null || fail "distribute"; arrives $kind mod; gone; echo "released by command line: $kind"
  clear_boxes; post $kind mod; postfix_wait_for_mail bob 1 60 || fail "bob has no notice of $kind"
  reject=$(line bob REJECT); command_mail bob "${reject% *} not here"; refused 'not here'; gone; echo "refused by mail: $kind"
  clear_boxes; post $kind mod; wait_held
  paraph moderation reject mod "$id" nor there >/dev/null || fail "reject"; refused 'nor there'; gone; echo "refused by command line: $kind"
done
for kind in plain encrypted; do
  clear_boxes; post $kind conf; postfix_wait_for_mail alice 1 60 || fail "alice is not asked"
  command_mail alice "$(line alice CONFIRM)"; arrives $kind conf; echo "confirmed by mail: $kind"
done
for kind in signed both; do clear_boxes; post $kind conf; arrives $kind conf; echo "needs no confirmation: $kind"; done
! grep -rqa "Words of a encrypted post\|Words of a both post" "$root/home/site" || fail "plaintext in the site"
echo ok
