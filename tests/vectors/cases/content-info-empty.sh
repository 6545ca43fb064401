# shellcheck shell=bash
# The signature is a ContentInfo that says SignedData, and no content follows (RFC 5652 §3): readers have crashed at it.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness no-verify
# opaque none
text > "$TMP/part"
openssl asn1parse -genstr SEQWRAP,OID:pkcs7-signedData -noout -out "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
