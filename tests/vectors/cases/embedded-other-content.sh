# shellcheck shell=bash
# The same with another text.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch embedded_content_in_detached
# expect layers multipart/signed
# witness no-verify
# opaque none
text > "$TMP/part"
text 'something else.' | raw_signature alice -nodetach > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
