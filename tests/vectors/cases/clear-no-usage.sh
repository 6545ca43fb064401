# shellcheck shell=bash
# A certificate without keyUsage and extendedKeyUsage.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-bare | post
