#!/bin/bash
# make.sh DIR [CASE…]: the PKI in DIR/pki and each case's message in DIR/CASE.eml. A case is a file of cases/: a
# shell script over the words of kit.sh that prints the message, with what it must come out as in its comments:
#   # expect FIELD VALUE…   status, auth_method, reasons, layers, encrypted, opened, inside_encryption, cipher
#   # witness WHAT [WHO]    what openssl and gpgsm say, or that one of them: verify, no-verify; the openssl command: decrypt, no-decrypt
#   # crl NAME | crl-check MODE | policies OID,…   revocation lists (of pki.sh), how they are asked, required policies
#   # daemon METHOD [CODE…] | daemon waits [CODE]   what the incoming daemon makes of it, where it knows more than a look from outside
#   # earlier here | earlier elsewhere   the daemon saw "$EARLIER", written by the case, before: for this list or another
#   # key NAME | at TIME    the key to open with (default list; none), the time of judgement (default now)
#   # opaque FACT… | encrypted FACT…     one of the above that is so only in that form, which run.py makes of each signed message by
#                           itself (CASE@opaque, CASE@encrypted; variants.py); `none`: it has no such form
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1; shift
[ -d "$out/pki" ] || sh "$here/pki.sh" "$out/pki"
export KIT=$here PKI=$out/pki
[ $# -gt 0 ] || set -- $(cd "$here/cases" && ls | sed 's/\.sh$//')
for name in "$@"; do
    export CASE=$name EARLIER=$out/$name.earlier TMP; TMP=$(mktemp -d "$out/tmp.XXXXXX")
    # In a shell of its own: `set -e` means nothing inside the condition of an `if`.
    if ! bash -euo pipefail -c '. "$KIT/kit.sh"; . "$0"' "$here/cases/$name.sh" > "$out/$name.eml" 2> "$TMP/err"; then
        echo "vectors: case $name failed: $(cat "$TMP/err")" >&2
        exit 1
    fi
    rm -rf "$TMP"
done
