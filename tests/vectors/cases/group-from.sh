# shellcheck shell=bash
# A group in From.
# expect status valid
# expect auth_method smtp
# expect reasons several_from
# expect layers multipart/signed
# witness verify
text | clear_signed alice | post 'All: alice@example.org;'
