# shellcheck shell=bash
# MD5, opaque.
# expect status weak
# expect auth_method smtp
# expect reasons weak_digest
# expect layers signed-data
# witness verify
text | opaque_signed alice -md md5 | post
