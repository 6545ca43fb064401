# shellcheck shell=bash
# A signed multipart: the signature covers all of it.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
text | mixed | clear_signed alice | post
