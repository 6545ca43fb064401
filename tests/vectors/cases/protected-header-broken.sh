# shellcheck shell=bash
# A line that is no field ends the protected header for some readers; others go on to another From.
# expect status malformed
# expect auth_method smtp
# expect reasons malformed
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: text/plain; hp="clear"\r\nFrom: alice@example.org\r\nno field\r\nFrom: bob@example.org\r\n\r\nHello.\r\n'; } | clear_signed alice | post
