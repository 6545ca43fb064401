# shellcheck shell=bash
# The signature part as application/octet-stream named .P7S (RFC 8551 3.10).
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# opaque none
# witness verify gpgsm
text > "$TMP/part"
raw_signature alice < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" application/octet-stream application/pkcs7-signature | sed 's/smime.p7s/SMIME.P7S/' | post
