# shellcheck shell=bash
# From is there and empty; the other fields name the signer and do not take its place.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
{ printf 'Sender: alice@example.org\r\nReply-To: alice@example.org\r\n'; text | clear_signed alice; } | post ''
