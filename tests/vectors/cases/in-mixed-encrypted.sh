# shellcheck shell=bash
# Encrypted, with a signed part below the root inside.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers enveloped-data
# witness decrypt
text | clear_signed alice | mixed | encrypted aes-256-cbc list | post
