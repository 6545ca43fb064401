# shellcheck shell=bash
# RSA 1024.
# expect status weak
# expect auth_method smtp
# expect reasons weak_key
# expect layers multipart/signed
# witness verify
text | clear_signed alice-1024 | post
