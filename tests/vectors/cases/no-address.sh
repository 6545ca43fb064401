# shellcheck shell=bash
# The certificate names no address; the one in CN does not count.
# expect status valid
# expect auth_method smtp
# expect reasons no_address_in_certificate
# expect layers multipart/signed
# witness verify
text | clear_signed nameless | post
