# shellcheck shell=bash
# The list at hand has grown stale: a remark.
# expect status valid
# expect auth_method smime
# expect reasons revocation_unknown
# expect layers multipart/signed
# crl stale
# witness no-verify openssl
text | clear_signed alice | post
