# shellcheck shell=bash
# The certificate is past its date.
# expect status expired
# expect auth_method smtp
# expect reasons expired
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice-expired | post
