# shellcheck shell=bash
# A multipart/signed whose SignedData holds the text as well.
# expect status invalid
# expect auth_method smtp
# expect reasons embedded_content_in_detached
# expect layers multipart/signed
# opaque none
# witness verify openssl
text > "$TMP/part"
raw_signature alice -nodetach < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
