# shellcheck shell=bash
# The last octets of the signature changed.
# expect status invalid
# expect auth_method smtp
# expect reasons bad_signature
# expect layers multipart/signed
# witness no-verify
text > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
{ head -c -4 "$TMP/sig"; printf '\252\252\252\252'; } > "$TMP/bad"
signed_multipart "$TMP/part" "$TMP/bad" | post
