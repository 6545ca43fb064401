# shellcheck shell=bash
# A wrapped message with the same From, whose header some readers end at the line that is no field.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers signed-data
# witness verify
{ printf 'Content-Type: message/rfc822\r\n\r\nFrom: alice@example.org\r\nno field\r\nFrom: bob@example.org\r\n\r\nHello.\r\n'; } | opaque_signed alice | post
