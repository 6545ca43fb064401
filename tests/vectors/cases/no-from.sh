# shellcheck shell=bash
# No From field.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | { header; cat; } | lf
