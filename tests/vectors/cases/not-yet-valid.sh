# shellcheck shell=bash
# The certificate is before its date.
# expect status expired
# expect auth_method smtp
# expect reasons not_yet_valid
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice-early | post
