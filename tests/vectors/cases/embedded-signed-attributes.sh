# shellcheck shell=bash
# What Alice once signed, her attributes, lies in the SignedData as its content, and another text beside it.
# expect status invalid
# expect auth_method smtp
# expect reasons bad_signature embedded_content_in_detached
# expect layers multipart/signed
# witness no-verify
# opaque none
text 'the meeting is off.' > "$TMP/part"
text | raw_signature alice | regroup attributes-as-content > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
