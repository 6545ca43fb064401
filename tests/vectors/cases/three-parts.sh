# shellcheck shell=bash
# A third part in multipart/signed.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# opaque none
text > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | sed 's/^\(--[0-9a-f]*\)--\r$/\1\r\nContent-Type: text\/plain\r\n\r\nmore\r\n\1--\r/' | post
