# shellcheck shell=bash
# A protected header with another From.
# expect status valid
# expect auth_method smtp
# expect reasons signer_is_not_sender
# expect layers multipart/signed
# witness verify
{ printf 'From: bob@example.org\r\n'; text | sed 's/utf-8/utf-8; protected-headers="v1"/'; } | clear_signed alice | post
