# shellcheck shell=bash
# Garbage instead of a signature.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness no-verify
# opaque none
text > "$TMP/part"
openssl rand 600 > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
