# shellcheck shell=bash
# An encrypted part below the root stays as it is.
# expect status none
# expect auth_method smtp
# expect reasons not_signed
# expect layers
# expect encrypted false
text | encrypted aes-256-cbc list | mixed | post
