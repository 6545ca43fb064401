# shellcheck shell=bash
# A signed part below the root.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers
text | clear_signed alice | mixed | post
