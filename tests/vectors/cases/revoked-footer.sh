# shellcheck shell=bash
# Revoked, but the text was changed as well: cryptography first.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers multipart/signed
# crl current
# witness no-verify
text | clear_signed alice-revoked | replace 'Monday' 'Sunday' | post
