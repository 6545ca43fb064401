# shellcheck shell=bash
# A DSA signature over SHA-1, opaque (RFC 4134 4.1).
# expect status weak
# expect auth_method smtp
# expect reasons weak_digest weak_key
# expect layers signed-data
# witness verify openssl
text | opaque_signed alice-dsa -md sha1 | post
