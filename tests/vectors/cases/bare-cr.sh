# shellcheck shell=bash
# A bare CR in the signed part: no MTA need carry it. In base64 it travels; inside an encryption, two readings of a multipart are left.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers multipart/signed
# witness verify
# opaque expect status valid
# opaque expect auth_method smime
# opaque expect reasons
# encrypted expect reasons malformed
printf 'Content-Type: text/plain\r\n\r\none\rtwo\r\n' > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
{ header alice@example.org; signed_multipart "$TMP/part" "$TMP/sig"; }
