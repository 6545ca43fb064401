# shellcheck shell=bash
# As many layers as are allowed.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers signed-data signed-data signed-data signed-data signed-data signed-data signed-data signed-data
# witness verify
# encrypted expect status malformed
# encrypted expect auth_method smtp
# encrypted expect reasons limit_exceeded
# encrypted expect layers enveloped-data signed-data signed-data signed-data signed-data signed-data signed-data signed-data
text | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | post
