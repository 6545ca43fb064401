# shellcheck shell=bash
# anyExtendedKeyUsage will do (RFC 8550 4.4.4).
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-any | post
