# Functions for end-to-end tests: a throw-away PKI, a site, posts made by openssl. Sourced by run.sh files.
# Needs $PARAPH_BIN; works in a temporary directory that is removed at the end.

set -euo pipefail
: "${PARAPH_BIN:?set it to the folder of the programs}"
export PATH="$PARAPH_BIN:$PATH"
work=$(mktemp -d)
trap 'jobs -p | xargs -r kill 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
checks=0
unset PARAPH_CONFIG SENDER

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
ok() { checks=$((checks + 1)); }
# check "what" command…: the command must succeed
check() { local what=$1; shift; "$@" || fail "$what"; ok; }
# refuse "what" CODE command…: the command must end with that exit code
refuse() {
  local what=$1 want=$2 got=0
  shift 2
  "$@" >refused.out 2>refused.err || got=$?
  [ "$got" -eq "$want" ] || { cat refused.err >&2; fail "$what: exit $got, wanted $want"; }
  ok
}
# -q reads to the end here: whoever writes into a grep that leaves early dies of it, and under pipefail that fails what has
# matched, and passes what must not match.
grep_itself=$(type -P grep)
grep() {
  local argument quiet="" arguments=() count
  for argument; do
    case $argument in
      -q) quiet=yes; continue ;;
      -q*) quiet=yes; argument=-${argument#-q} ;;
    esac
    arguments+=("$argument")
  done
  if [ -z "$quiet" ]; then "$grep_itself" "${arguments[@]}"; else count=$("$grep_itself" -c "${arguments[@]}"); fi
}
finished() { echo "$checks checks passed"; }

make_ca() {
  mkdir -p pki
  cat >pki/ca.conf <<CONF
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = test
[test]
database = pki/ca.index
serial = pki/ca.serial
new_certs_dir = pki
default_md = sha256
policy = any
email_in_dn = no
copy_extensions = copyall
unique_subject = no
[any]
commonName = supplied
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[person]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = emailProtection
CONF
  : >pki/ca.index
  echo 01 >pki/ca.serial
  openssl req -x509 -newkey rsa:2048 -nodes -keyout pki/ca.key -out pki/ca.pem -days 3650 -config pki/ca.conf \
    -extensions root -subj "/CN=TEST ONLY CA" 2>/dev/null
}

# make_person NAME rsa|ec [keyUsage|none] [start] [end]
make_person() {
  local name=$1 type=$2 usage=${3:-} start=${4:-20250101000000Z} end=${5:-20460101000000Z} key
  case $type in
    ec) key="-newkey ec -pkeyopt ec_paramgen_curve:P-256"; usage=${usage:-digitalSignature,keyAgreement} ;;
    *) key="-newkey ${type/rsa/rsa:}"; [ "$type" = rsa ] && key="-newkey rsa:2048"; usage=${usage:-digitalSignature,keyEncipherment} ;;
  esac
  local ku=(-addext "keyUsage=critical,$usage")
  [ "$usage" = none ] && ku=()
  # shellcheck disable=SC2086
  openssl req -new $key -nodes -keyout "pki/$name.key" -out "pki/$name.req" -config pki/ca.conf \
    -subj "/CN=TEST $name" -addext "subjectAltName=email:$name@example.org" "${ku[@]}" 2>/dev/null
  openssl ca -batch -config pki/ca.conf -cert pki/ca.pem -keyfile pki/ca.key -extensions person -notext \
    -in "pki/$name.req" -out "pki/$name.pem" -startdate "$start" -enddate "$end" 2>/dev/null
}

# make_site: site/ with the CA, domain lists.example.org
make_site() {
  paraph site create site --domain lists.example.org --listmaster listmaster@example.org --cafile pki/ca.pem "$@" >/dev/null 2>&1
  export PARAPH_CONFIG=$work/site/paraph.conf
}
# make_list NAME OWNER [TYPE]: with a key signed by the CA
make_list() {
  paraph list create "$1" --owner "$2" --type "${3:-sealed}" >/dev/null 2>&1
  paraph key generate "$1" --algorithm "${4:-rsa}" >/dev/null 2>&1
  openssl x509 -req -in "site/list_data/$1/request.pem" -CA pki/ca.pem -CAkey pki/ca.key -days 700 \
    -copy_extensions copyall -out "pki/$1.pem" 2>/dev/null
  paraph key install "$1" --cert "pki/$1.pem" >/dev/null 2>&1
}

# make_post NAME FROM LIST [TEXT]: post/NAME.eml, signed by FROM and encrypted to LIST; post/NAME.txt the signed entity
posts=0
make_post() {
  local name=$1 from=$2 list=$3
  posts=$((posts + 1))
  mkdir -p post
  printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' "${4:-Secret words of $name.}" >"post/$name.txt"
  openssl cms -sign -in "post/$name.txt" -signer "pki/$from.pem" -inkey "pki/$from.key" -md sha256 -out "post/$name.signed"
  openssl cms -encrypt -aes256 -in "post/$name.signed" -from "$from@example.org" -to "$list@lists.example.org" \
    -subject "Post $name" -out "post/$name.encrypted" "site/list_data/$list/cert.pem"
  { printf 'Return-Path: <%s@example.org>\nMessage-ID: <%s.%s@example.org>\nDate: Mon, 23 Nov 2026 12:00:00 +0000\n' \
      "$from" "$name" "$posts"; cat "post/$name.encrypted"; } >"post/$name.eml"
}
# make_signed NAME FROM LIST: multipart/signed, not encrypted
make_signed() {
  posts=$((posts + 1))
  mkdir -p post
  printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' "${4:-Open words of $1.}" >"post/$1.txt"
  openssl cms -sign -in "post/$1.txt" -signer "pki/$2.pem" -inkey "pki/$2.key" -md sha256 \
    -from "$2@example.org" -to "$3@lists.example.org" -subject "Post $1" -out "post/$1.signed"
  { printf 'Return-Path: <%s@example.org>\nMessage-ID: <%s.%s@example.org>\n' "$2" "$1" "$posts"; cat "post/$1.signed"; } >"post/$1.eml"
}
# plain NAME FROM LIST: an ordinary mail on stdout
plain() {
  posts=$((posts + 1))
  printf 'Return-Path: <%s@example.org>\nMessage-ID: <%s.%s@example.org>\nFrom: %s@example.org\nTo: %s@lists.example.org\nSubject: Post %s\n\nPlain words of %s.\n' \
    "$2" "$1" "$posts" "$2" "$3" "$1" "$1"
}

run_daemons() {
  paraph-incoming --once 2>>incoming.log
  paraph-distribute --once 2>>distribute.log
}
# mail_for NAME: files in that person's Maildir
mail_for() { find "site/maildir/$1@example.org/new" -type f 2>/dev/null | sort; }
count_for() { mail_for "$1" | grep -c . || true; }
empty_mailboxes() { rm -rf site/maildir; }
# opens FILE NAME TEXT: NAME's key opens the copy and the signature inside is good over exactly TEXT's octets
opens() {
  openssl cms -decrypt -in "$1" -recip "pki/$2.pem" -inkey "pki/$2.key" -out opened.eml &&
    openssl cms -verify -in opened.eml -CAfile pki/ca.pem -out opened.txt 2>/dev/null && cmp opened.txt "$3"
}
# Members without a certificate are told again, as on the next day.
next_day() { python3 -c '
import sqlite3
with sqlite3.connect("site/paraph.sqlite") as db: db.execute("delete from paraph_notice")'; }
ledger() { python3 -c '
import sqlite3, sys
for row in sqlite3.connect("site/paraph.sqlite").execute(sys.argv[1]): print("|".join(map(str, row)))' "$1"; }
