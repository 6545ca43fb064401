# shellcheck shell=bash
# SHA-512.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice -md sha512 | post
