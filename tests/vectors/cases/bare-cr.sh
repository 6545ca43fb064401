# shellcheck shell=bash
# A bare CR in the signed part.
# expect status malformed
# expect auth_method smtp
# expect reasons unsafe_octets
# expect layers multipart/signed
printf 'Content-Type: text/plain\r\n\r\none\rtwo\r\n' > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
{ header alice@example.org; signed_multipart "$TMP/part" "$TMP/sig"; }
