# shellcheck shell=bash
# Signed, then compressed (RFC 3274).
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers compressed-data multipart/signed
text | clear_signed alice | compressed | post
