# shellcheck shell=bash
# MD5, clear-signed.
# expect status weak
# expect auth_method smtp
# expect reasons weak_digest
# expect layers multipart/signed
# witness verify
text | clear_signed alice -md md5 | post
