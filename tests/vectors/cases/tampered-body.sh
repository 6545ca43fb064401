# shellcheck shell=bash
# One word changed.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice | replace Monday Tuesda | post
