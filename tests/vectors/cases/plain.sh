# shellcheck shell=bash
# An ordinary message.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers
text | post
