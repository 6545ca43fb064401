# shellcheck shell=bash
# A list's footer under the signed text.
# expect status invalid
# expect auth_method smtp
# expect reasons digest_mismatch
# expect layers multipart/signed
# witness no-verify
text | clear_signed alice | sed 's/^Alice\r$/Alice\r\n___\r\nlist footer\r/' | post
