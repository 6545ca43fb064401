# shellcheck shell=bash
# Not for us.
# expect status none
# expect auth_method smtp
# expect reasons not_for_us
# expect layers enveloped-data
# expect encrypted true
# expect opened false
# expect cipher AES-256-CBC
# witness no-decrypt
text | clear_signed alice | encrypted aes-256-cbc other | post
