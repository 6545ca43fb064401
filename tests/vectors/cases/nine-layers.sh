# shellcheck shell=bash
# One layer too many.
# expect status malformed
# expect auth_method smtp
# expect reasons limit_exceeded
# expect layers signed-data signed-data signed-data signed-data signed-data signed-data signed-data signed-data
# witness verify
# encrypted expect layers enveloped-data signed-data signed-data signed-data signed-data signed-data signed-data signed-data
text | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | opaque_signed alice | post
