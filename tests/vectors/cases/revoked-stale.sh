# shellcheck shell=bash
# A list that has grown stale still revokes.
# expect status revoked
# expect auth_method smtp
# expect reasons revoked
# expect layers multipart/signed
# crl stale
# witness no-verify openssl
text | clear_signed alice-revoked | post
