#!/usr/bin/env bash
# A real MTA on both sides: a signed and encrypted post comes in by SMTP through a private Postfix, once by an alias that the
# service user owns and once by pipe(8); both daemons run as daemons; the copies go back out through the same Postfix into
# Maildirs, where each member opens his own with openssl.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bin=${PARAPH_BIN:-$here/../../../build/dev/bin}
. "$here/../support/postfix.sh"
. "$here/../support/pki.sh"

user=list domain=lists.example.org canary=Zwiebelkuchen-4711
members="alice bob"

skip() { echo "SKIP: $*"; exit 77; }
postfix_available || skip "a private Postfix is not possible here"
getent passwd "$user" >/dev/null || skip "there is no system user $user to be the service user"
for program in setpriv openssl; do command -v $program >/dev/null || skip "$program is not installed"; done

root=$(mktemp -d /tmp/paraph-e2e-postfix-XXXXXX)
: "${PARAPH_SOURCE:=$(cd "$(dirname "$0")/../../.." && pwd)}"
daemons=()

stop_daemons() {
  local pid i status=0
  for pid in "${daemons[@]}"; do kill -TERM "$pid" 2>/dev/null; done
  for pid in "${daemons[@]}"; do
    for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null && { echo "daemon $pid did not stop on SIGTERM"; status=1; }
    wait "$pid" || { echo "daemon $pid ended with $?"; status=1; }
  done
  daemons=()
  return $status
}
cleanup() {
  stop_daemons >/dev/null
  postfix_stop
  rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

fail() {
  echo "FAIL: $*"
  echo "--- daemons"; tail -n 40 "$root"/*.log 2>/dev/null
  echo "--- spool"; find "$root/home/site/spool" -type f 2>/dev/null
  echo "--- Postfix"; postfix_log | tail -n 40
  exit 1
}

# The service user must reach the programs and their stock files, wherever they were built: as an installation lays them.
postfix_prepare "$root" "$user" "$domain"
mkdir "$root/bin" "$root/pki" "$root/home"
cp "$bin"/paraph "$bin"/paraph-queue "$bin"/paraph-incoming "$bin"/paraph-distribute "$root/bin/" || fail "no programs in $bin"
mkdir -p "$root/share/paraph" && cp -R "$PARAPH_SOURCE/scenarios" "$PARAPH_SOURCE/templates" "$root/share/paraph/" || fail "no stock files"
chmod -R a+rX "$root/share"
chown "$user:" "$root/home"
chmod 700 "$root/home"
config=$root/home/site/paraph.conf
service=(setpriv --reuid="$user" --regid="$user" --clear-groups env -C "$root/home" PARAPH_CONFIG="$config")
paraph() { "${service[@]}" "$root/bin/paraph" "$@"; }

echo "1. people, a site of $user's, two lists with keys"
pki_ca "$root/pki" && pki_person "$root/pki" alice rsa && pki_person "$root/pki" bob ec || fail "openssl made no certificates"
chmod 644 "$root"/pki/*.pem
paraph site create "$root/home/site" --domain $domain --listmaster alice@example.org \
  --cafile "$root/pki/ca.pem" || fail "site create"
sed -i '/^transport[ \t]/d' "$config"
echo "transport smtp://127.0.0.1:$POSTFIX_PORT" >>"$config"
for list in secure piped; do
  {
    paraph list create $list --owner alice@example.org &&
      paraph key generate $list &&
      pki_sign_request "$root/pki" "$root/home/site/list_data/$list/request.pem" "$root/pki/$list.pem" &&
      chmod 644 "$root/pki/$list.pem" &&
      paraph key install $list --cert "$root/pki/$list.pem" &&
      paraph member add $list alice@example.org bob@example.org
  } >"$root/setup.log" 2>&1 || fail "list $list: $(cat "$root/setup.log")"
done
paraph cert import "$root/pki/alice.pem" "$root/pki/bob.pem" >"$root/setup.log" 2>&1 ||
  fail "cert import: $(cat "$root/setup.log")"

echo "2. Postfix: secure@ by an alias of $user's, piped@ by pipe(8)"
echo "secure: \"|$root/bin/paraph-queue --config $config secure@$domain\"" >"$root/postfix/etc/aliases"
echo "piped@$domain paraph:" >"$root/postfix/etc/transport"
for who in $members; do echo "$who@example.org $who/"; done >"$root/postfix/etc/boxes"
postfix_pipe "$root/bin/paraph-queue --config $config \${recipient}"
postfix_start || fail "Postfix does not start"

echo "3. both daemons"
for program in paraph-incoming paraph-distribute; do
  # exec: $! must be the daemon, not a shell around it.
  (exec "${service[@]}" "$root/bin/$program") >"$root/$program.log" 2>&1 &
  daemons+=($!)
done

echo "4. a post by each road"
printf 'Content-Type: text/plain; charset=utf-8\r\n\r\nThe word is %s.\r\n.\r\nFrom here on: =20\r\n' "$canary" >"$root/pki/body"
for list in secure piped; do
  echo "For $list." | sed 's/$/\r/' >>"$root/pki/body"   # the same text signed in the same second is one signature to the guard
  pki_post "$root/pki" alice "$list@$domain" "$root/pki/$list.pem" "$root/pki/body" "$root/pki/$list.eml" || fail "openssl made no post"
  postfix_submit alice@example.org "$list@$domain" "$root/pki/$list.eml" || fail "SMTP to $list@$domain"
done

# The octets between the first and the last boundary line: what was signed, and the signature.
signed_octets() {
  python3 - "$1" <<'EOF'
import email, sys
raw = open(sys.argv[1], "rb").read().replace(b"\r\n", b"\n")
boundary = b"--" + email.message_from_bytes(raw).get_boundary().encode()
sys.stdout.buffer.write(raw[raw.index(b"\n" + boundary + b"\n"):raw.index(b"\n" + boundary + b"--")])
EOF
}

echo "5. what arrived"
for who in $members; do
  postfix_wait_for_mail "$who" 2 60 || fail "$who@example.org got no copies"
  for list in secure piped; do
    copy=$(grep -lE "^List-Id:.*$list" "$root/postfix/mail/$who/new/"*) || fail "$who has nothing from $list"
    [ "$(wc -l <<<"$copy")" = 1 ] || fail "$who has $list's post more than once"
    head -1 "$copy" | grep -qi "^Return-Path: <$list-owner@$domain>" || fail "$who, $list: $(head -1 "$copy")"
    openssl cms -decrypt -in "$copy" -recip "$root/pki/$who.pem" -inkey "$root/pki/$who.key" -out "$root/pki/opened" 2>"$root/setup.log" ||
      fail "$who cannot open the copy from $list: $(cat "$root/setup.log")"
    openssl cms -verify -in "$root/pki/opened" -CAfile "$root/pki/ca.pem" -out /dev/null 2>"$root/setup.log" ||
      fail "$who, $list: the signature does not verify: $(cat "$root/setup.log")"
    cmp <(signed_octets "$root/pki/opened") <(signed_octets "$root/pki/$list.eml.signed") || fail "$who, $list: other octets than alice signed"
    for other in $members; do
      [ "$other" = "$who" ] || ! openssl cms -decrypt -in "$copy" -recip "$root/pki/$other.pem" -inkey "$root/pki/$other.key" \
        -out /dev/null 2>/dev/null || fail "$other can open $who's copy"
    done
    echo "   $who@example.org, from $list@$domain: opened, signed by alice, same octets"
  done
done

echo "6. nothing is left behind"
# bulk/done keeps the names of what was sent, so that a repeat is not sent again.
unfinished() { find "$root/home/site/spool/msg" "$root/home/site/spool/bulk" -type f ! -path '*/bulk/done/*'; }
for ((i = 0; i < 100; i++)); do
  [ -z "$(unfinished)" ] && break
  sleep 0.1
done
[ -z "$(unfinished)" ] || fail "the spools are not empty: $(unfinished)"
! grep -rlF "$canary" "$root/home" "$root/postfix" "$root"/*.log || fail "the plaintext was written down"
stop_daemons || fail "a daemon did not end in order"
! pgrep -f "^$root/bin/" || fail "a worker is still there"
postfix_stop || fail "Postfix did not stop"
echo "ok"
