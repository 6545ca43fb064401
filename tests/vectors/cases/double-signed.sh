# shellcheck shell=bash
# Two signatures, one around the other: the outer one counts.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data multipart/signed
# witness verify
text | clear_signed bob | opaque_signed alice | post
