#!/usr/bin/env bash
# No mail takes more than 256 MB, neither of `paraph message inspect` nor of a worker: mails as large as max_size lets them be,
# signed, opaque, encrypted, both, in many parts, in many fields, nested.
. "${PARAPH_SOURCE:?}/tests/e2e/support/site.sh"
limit=256

make_ca
make_person alice rsa
make_person bob ec
make_site
make_list secure alice@example.org
paraph member add secure alice@example.org bob@example.org >/dev/null
paraph cert import pki/alice.pem pki/bob.pem >/dev/null
size=$(sed -n 's/.*{"max_size", [A-Z]*, "[^"]*", "\([0-9]*\)".*/\1/p' "$PARAPH_SOURCE/lib/config/parameters.cpp")
[ "${size:-0}" -gt 1000000 ] || fail "what is the default of max_size?"
mkdir -p post
# filled OCTETS: a text part with that much base64
filled() { printf 'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n'; head -c "$(($1 * 57 / 78))" /dev/urandom | base64 -w 76 | sed 's/$/\r/'; }
head_of() { printf 'Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\n' "$1"; }
sign() { openssl cms -sign -binary -signer pki/alice.pem -inkey pki/alice.key -md sha256 "$@"; }
seal() { openssl cms -encrypt -binary -aes256 -from alice@example.org -to secure@lists.example.org -subject "$1" site/list_data/secure/cert.pem; }
fields=(-from alice@example.org -to secure@lists.example.org -subject large)
filled $((size * 97 / 100)) >part
{ head_of clear; sign -in part "${fields[@]}"; } >post/clear.eml
filled $((size * 71 / 100)) >part
{ head_of opaque; sign -in part -nodetach "${fields[@]}"; } >post/opaque.eml
filled $((size * 70 / 100)) >part
{ head_of sealed; sign -in part | seal sealed; } >post/sealed.eml
filled $((size * 51 / 100)) >part
{ head_of twice; sign -in part -nodetach | seal twice; } >post/twice.eml
python3 - "$size" <<'PY'
import sys
size = int(sys.argv[1])
head = b"Return-Path: <alice@example.org>\nMessage-ID: <%s@example.org>\nFrom: alice@example.org\nTo: secure@lists.example.org\nSubject: x\nMIME-Version: 1.0\n"
def mail(name, body):
    with open(f"post/{name}.eml", "wb") as out:
        out.write(((head % name.encode()) + body)[:size - 1000])
mail("parts", b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\nA: b\n\nx\n" * (size // 12))
mail("fields", b"a:b\n" * (size // 4))
mail("lines", b"\n" + b"\n" * size)
mail("one-line", b"\n" + b"x" * size)
mail("nested", b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(size // 60)))
mail("boundaries", b"Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\n\n" + b"--b\n" * (size // 4))
mail("cms", b"Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64\n\n" + b"MIAG\n" * (size // 5))
mail("zeros", b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: binary\n\n" + b"\x30\x80" * (size // 2))
PY

# peak COMMAND…: the largest resident set of it and of its children, in MB
cat >peak.py <<'PY'
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=open("peak.err", "w"), timeout=300)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, done.returncode)
PY
bounded() { # bounded "what" COMMAND…
  local what=$1 used code
  shift
  read -r used code < <(python3 peak.py "$@")
  [ "$code" = 0 ] || fail "$what: exit $code: $(tail -3 peak.err)"
  echo "$what: $used MB"
  [ "$used" -gt 2 ] && [ "$used" -lt $limit ] || fail "$what takes $used MB"
  ok
}
for mail in post/*.eml; do
  name=$(basename "$mail" .eml)
  bounded "inspect $name" paraph message inspect "$mail" --list secure --json
  paraph-queue secure@lists.example.org <"$mail" || fail "$name was not accepted"
  bounded "incoming $name" paraph-incoming --once
  case $name in clear | opaque | sealed | twice)
    bounded "distribute $name" paraph-distribute --once
    [ "$(count_for bob)" = 1 ] || fail "$name did not arrive: $(ledger 'select outcome, reason from paraph_mail order by received desc limit 1')"; ok
    empty_mailboxes ;;
  esac
done
finished
