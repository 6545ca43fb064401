# shellcheck shell=bash
# A signed piece of a message: who puts the one piece together sees another author.
# expect status valid
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: message/partial; id="x@example.org"; number=1; total=1\r\n\r\n'; header bob@example.org; text; } |
    clear_signed alice | post
