# shellcheck shell=bash
# A signed message as an attachment.
# expect status none
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers
{ printf 'Content-Type: message/rfc822\r\n\r\n'; header alice@example.org; text | clear_signed alice; } | mixed | post
