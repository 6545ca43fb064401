# shellcheck shell=bash
# The address stands in the subject only.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-dn | post
