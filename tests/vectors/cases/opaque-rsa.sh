# shellcheck shell=bash
# Opaque.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
text | opaque_signed alice | post
