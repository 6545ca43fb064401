# shellcheck shell=bash
# A signed hint at a message that lies elsewhere, with the header it is to have.
# expect status valid
# expect auth_method smtp
# expect reasons not_whole_message
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: message/external-body; access-type=URL; URL="https://example.org/m"\r\n\r\n'
    printf 'Content-Type: message/rfc822\r\n'; header bob@example.org; printf '\r\n'; } | clear_signed alice | post
