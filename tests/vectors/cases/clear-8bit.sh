# shellcheck shell=bash
# An 8-bit signed part.
# expect status valid
# expect auth_method smime
# expect reasons
# expect layers multipart/signed
# witness verify
{ printf 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\303\274\303\237e\r\n'; } | clear_signed alice | post
