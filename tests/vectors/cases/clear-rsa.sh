# shellcheck shell=bash
# Clear-signed with an RSA key.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post
