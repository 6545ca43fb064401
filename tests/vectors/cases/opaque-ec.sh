# shellcheck shell=bash
# Opaque, EC.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data
# witness verify
text | opaque_signed alice-ec | post
