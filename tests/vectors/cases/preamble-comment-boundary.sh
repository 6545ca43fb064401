# shellcheck shell=bash
# A comment behind the boundary: some readers take it for a part of the delimiter, and see other parts (attack A27).
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# opaque none
text | clear_signed alice | sed 's/boundary="\([0-9a-f]*\)"/boundary=\1(x)/' | post
