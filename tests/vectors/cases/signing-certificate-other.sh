# shellcheck shell=bash
# signingCertificateV2 names alice's certificate; its twin of the same serial number and key came in its place.
# expect status invalid
# expect auth_method smtp
# expect reasons other_signing_certificate
# expect layers multipart/signed
# witness verify
text > "$TMP/part"
raw_signature alice -cades -nocerts -certfile "$PKI/alice-twin.pem" < "$TMP/part" > "$TMP/sig"
signed_multipart "$TMP/part" "$TMP/sig" | post
