# shellcheck shell=bash
# Words for the cases: filters that take a MIME entity on stdin and give one on stdout, CRLF line ends.
# $PKI is what pki.sh made, $TMP a directory of the case's own, $CASE its name.

# text [WORD]: the entity that a person writes; no two cases sign the same, or the second would be a replay
text() {
    printf 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHello list (%s),\r\n%s\r\n-- \r\nAlice\r\n' \
        "${CASE:-the word}" "${1:-the meeting is on Monday.}"
}

lf() { sed 's/\r$//'; }

# raw_signature WHO [OPTION…]: DER SignedData over stdin, detached unless -nodetach is among the options
raw_signature() {
    who=$1; shift
    input=$TMP/$(boundary).in  # the filters of a pipe run side by side
    cat > "$input"
    case " $* " in *" -md "*) ;; *) set -- -md sha256 "$@" ;; esac
    openssl cms -sign -binary -in "$input" -signer "$PKI/$who.pem" -inkey "$PKI/$who.key" -outform DER "$@"
}

base64_body() { openssl base64 | sed 's/$/\r/'; }

boundary() { openssl rand -hex 12; }

# signed_multipart ENTITY-FILE DER-FILE [SIGNATURE-TYPE [PROTOCOL]]
signed_multipart() {
    mark=$(boundary)
    type=${3:-application/pkcs7-signature}
    printf 'Content-Type: multipart/signed; protocol="%s";\r\n micalg=sha-256; boundary="%s"\r\n\r\n' "${4:-$type}" "$mark"
    printf 'This is a signed message.\r\n--%s\r\n' "$mark"
    cat "$1"
    printf '\r\n--%s\r\nContent-Type: %s; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n\r\n' "$mark" "$type"
    base64_body < "$2"
    printf '\r\n--%s--\r\n' "$mark"
}

clear_signed() {  # clear_signed WHO [OPTION…]
    id=$(boundary)
    cat > "$TMP/$id.part"
    raw_signature "$@" < "$TMP/$id.part" > "$TMP/$id.der"
    signed_multipart "$TMP/$id.part" "$TMP/$id.der"
}

# cms_entity SMIME-TYPE [MEDIA-TYPE [NAME]]: DER on stdin
cms_entity() {
    printf 'Content-Type: %s; smime-type=%s; name="%s"\r\n' "${2:-application/pkcs7-mime}" "$1" "${3:-smime.p7m}"
    printf 'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="%s"\r\n\r\n' "${3:-smime.p7m}"
    base64_body
}

opaque_signed() {  # opaque_signed WHO [OPTION…]
    raw_signature "$@" -nodetach | cms_entity signed-data
}

raw_encryption() {  # raw_encryption CIPHER WHO…: DER
    cipher=$1; shift
    certificates=
    for who in "$@"; do certificates="$certificates $PKI/$who.pem"; done
    # shellcheck disable=SC2086
    openssl cms -encrypt -binary "-$cipher" -outform DER $certificates
}

encrypted() {  # encrypted CIPHER WHO…
    raw_encryption "$@" | cms_entity "$(case $1 in *gcm) echo authEnveloped-data ;; *) echo enveloped-data ;; esac)"
}

# mixed [TEXT]: the entity as a part among others
mixed() {
    mark=$(boundary)
    printf 'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n--%s\r\nContent-Type: text/plain\r\n\r\n%s\r\n--%s\r\n' \
        "$mark" "$mark" "${1:-A word before.}" "$mark"
    cat
    printf '\r\n--%s--\r\n' "$mark"
}

# header FROM-FIELDS…: each argument one From field; then the other fields
header() {
    for field in "$@"; do printf 'From: %s\r\n' "$field"; done
    printf 'To: secure@lists.example.org\r\nSubject: Monday\r\nDate: Mon, 01 Jun 2026 12:00:00 +0000\r\n'
    printf 'Message-ID: <%s@example.org>\r\nMIME-Version: 1.0\r\n' "$(boundary)"
}

post() {  # post [FROM…]: the finished message, as an MTA's pipe gives it
    [ $# -gt 0 ] || set -- 'Alice Example <alice@example.org>'
    { header "$@"; cat; } | lf
}

# replace FROM TO: one stretch of octets of the same length, in every line
replace() { LC_ALL=C sed "s/$1/$2/"; }

compressed() { python3 -B "$KIT/compress.py" | cms_entity compressed-data application/pkcs7-mime smime.p7z; }

regroup() { python3 -B "$KIT/regroup.py" "$@"; }  # regroup CHANGE…: a DER SignedData put together otherwise
