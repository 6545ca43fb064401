# shellcheck shell=bash
# The signer is on the revocation list.
# expect status revoked
# expect auth_method smtp
# expect reasons revoked
# expect layers multipart/signed
# crl current
# witness no-verify openssl
text | clear_signed alice-revoked | post
