# shellcheck shell=bash
# No signed attributes.
# expect status weak
# expect auth_method smtp
# expect reasons no_signed_attributes
# expect layers multipart/signed
# witness verify
text | clear_signed alice -noattr | post
