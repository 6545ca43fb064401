# shellcheck shell=bash
# No From field; the other fields name the signer and do not take its place.
# expect status valid
# expect auth_method smtp
# expect reasons no_from
# expect layers multipart/signed
# witness verify
{ header; printf 'Sender: alice@example.org\r\nReply-To: alice@example.org\r\n'; text | clear_signed alice; } | lf
