# shellcheck shell=bash
# The types of old, with x-.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
# opaque none
text > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" application/x-pkcs7-signature | post
