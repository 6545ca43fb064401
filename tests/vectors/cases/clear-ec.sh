# shellcheck shell=bash
# Clear-signed with a P-256 key.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice-ec | post
