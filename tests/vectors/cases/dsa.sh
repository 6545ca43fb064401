# shellcheck shell=bash
# A DSA signature (RFC 4134 4.2).
# expect status weak
# expect auth_method smtp
# expect reasons weak_key
# expect layers multipart/signed
# witness verify openssl
text | clear_signed alice-dsa | post
