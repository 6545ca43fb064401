# shellcheck shell=bash
# As many layers as are allowed.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data signed-data signed-data signed-data signed-data signed-data signed-data signed-data
# witness verify
text | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | post
