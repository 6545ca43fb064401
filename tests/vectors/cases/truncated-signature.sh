# shellcheck shell=bash
# A signature cut in the middle.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness no-verify
# opaque none
text > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/whole"
head -c 900 "$TMP/whole" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
