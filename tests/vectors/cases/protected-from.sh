# shellcheck shell=bash
# A protected header (RFC 9788) with the same From.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
{ printf 'From: alice@example.org\r\nSubject: Monday\r\n'; text | sed 's/utf-8/utf-8; hp="clear"/'; } | clear_signed alice | post
